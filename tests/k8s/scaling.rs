//! KEDA takes the chart's Deployment from zero to what the jobs need, and back,
//! by the count of a real Control Plane on PostgreSQL.

use std::collections::HashMap;

use export_api::{JobStatus, NewJob, SnapshotStatus};
use export_sandbox::faults::Service;

use super::{
    api::{KEY, regions},
    chart::CHART,
    cluster::Cluster,
    command::program,
    keda::Keda,
    process::Process,
    world::World,
};

const COUNT: &str = "GET /api/export-jobs/pending-count";
const DEPLOYMENT: &str = "deployment/release-export-worker";

/// Installs the chart so that KEDA asks `control_plane` every second.
async fn install(cluster: &Cluster, control_plane: &str) {
    let url = format!("controlPlane.url={control_plane}");
    let values = [
        "starburst.url=https://starburst.example.com:8443",
        "starburst.user=export",
        &url,
        "controlPlane.apiKey.secretName=export-keys",
        "worker.autoscaling.keda.enabled=true",
        "worker.autoscaling.keda.jobsPerReplica=4",
        "worker.autoscaling.keda.maxReplicas=5",
        "worker.autoscaling.keda.pollingIntervalSeconds=1",
        "worker.autoscaling.keda.cooldownPeriodSeconds=1",
        // In place of 300: so long the autoscaler goes by the most it has seen.
        "worker.autoscaling.keda.behavior.scaleDown.stabilizationWindowSeconds=0",
    ];
    let mut arguments = vec!["install", "release", CHART, "-n", "scaled"];
    arguments.extend(values.iter().flat_map(|value| ["--set", value]));
    cluster.helm(&arguments).await.without_warning();
}

/// Makes the namespace, with the Secret that the Control Plane's key is in.
async fn make_namespace(cluster: &Cluster) {
    cluster.namespace("scaled").await;
    let secret = format!("--from-literal=api-key={KEY}");
    let create = ["create", "secret", "generic", "export-keys", "-n", "scaled"];
    cluster
        .kubectl(&[&create[..], &[&secret]].concat())
        .await
        .well();
}

/// Writes down every number of replicas the Deployment is told to have.
fn watch_replicas(cluster: &Cluster) -> Process {
    let kubeconfig = cluster.kubeconfig();
    // kubectl keeps what it knows of a cluster in the home directory.
    let variables = [
        ("KUBECONFIG", kubeconfig),
        ("HOME", kubeconfig.parent().unwrap()),
    ];
    let variables: HashMap<String, String> = variables
        .map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned()))
        .into();
    Process::start(
        "kubectl get --watch",
        &program("kubernetes/bin/kubectl"),
        &[
            "get",
            DEPLOYMENT,
            "-n",
            "scaled",
            "--watch",
            "-o",
            r#"jsonpath={.spec.replicas}{"\n"}"#,
        ],
        &variables,
    )
}

/// Waits until the Deployment is told to have so many replicas, and has made their Pods.
async fn until_replicas(cluster: &Cluster, replicas: usize) {
    let told = format!("jsonpath={{.spec.replicas}}={replicas}");
    cluster.until("scaled", DEPLOYMENT, &told).await;
    // The status leaves a zero out.
    if replicas > 0 {
        let made = format!("jsonpath={{.status.replicas}}={replicas}");
        cluster.until("scaled", DEPLOYMENT, &made).await;
    }
}

fn jobs(count: usize, folder: &str) -> Vec<NewJob> {
    (0..count)
        .map(|number| regions(&format!("Region{number}"), &format!("{folder}/{number}")))
        .collect()
}

#[tokio::test]
async fn keda_scales_by_the_control_planes_count_from_zero_and_back() {
    let (world, cluster) = tokio::join!(World::start_on_postgres(), Cluster::start());
    let _keda = Keda::start(&cluster).await;
    make_namespace(&cluster).await;
    let before = cluster.objects("scaled").await;
    install(&cluster, &world.control_plane_url()).await;
    let watched = watch_replicas(&cluster);
    let scaled_object = "scaledobject/release-export-worker";
    cluster
        .until("scaled", scaled_object, "condition=Ready")
        .await;
    until_replicas(&cluster, 0).await;

    // One job: the operator itself starts the first replica.
    let first = world.caller.submit(jobs(1, "first")).await;
    until_replicas(&cluster, 1).await;
    // Twenty: the autoscaler asks the adapter, and makes one replica for every four.
    let second = world.caller.submit(jobs(19, "second")).await;
    until_replicas(&cluster, 5).await;

    // No Pod runs without a kubelet: one worker beside the cluster does the jobs.
    let hold = world.hold_the_regions();
    let _worker = world.worker("worker-1");
    for snapshot in [&first, &second] {
        world
            .until(snapshot, "submitted", |found| {
                let mut jobs = found.jobs.iter();
                jobs.all(|job| job.status == JobStatus::Submitted)
            })
            .await;
    }
    // Nothing is pending, but queries run that want to be polled: the replicas stay.
    assert_eq!(world.caller.pending_count().await, 0);
    let asked = world.faults().count(Service::ControlPlane, COUNT);
    world
        .faults()
        .called(Service::ControlPlane, COUNT, asked + 5)
        .await;
    until_replicas(&cluster, 5).await;
    drop(hold);
    for snapshot in [&first, &second] {
        world.until_status(snapshot, SnapshotStatus::Ready).await;
    }
    until_replicas(&cluster, 0).await;

    // A snapshot that is cancelled takes its replicas with it.
    let hold = world.hold_the_regions();
    let third = world.caller.submit(jobs(8, "third")).await;
    until_replicas(&cluster, 2).await;
    world.caller.cancel(&third).await;
    until_replicas(&cluster, 0).await;
    drop(hold);

    // KEDA lets go of what it guards, and its autoscaler goes with it.
    let uninstall = ["uninstall", "release", "-n", "scaled"];
    cluster.helm(&uninstall).await.without_warning();
    cluster.until_only("scaled", &before).await;

    let mut course: Vec<String> = watched.text().lines().map(str::to_owned).collect();
    course.dedup();
    println!("replicas: {}", course.join(" → "));
}
