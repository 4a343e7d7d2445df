//! A release from its installation to its end.

use super::{
    chart::{CHART, NEEDED},
    cluster::Cluster,
};

const DEPLOYMENT: &str = "deployment/release-export-worker";
const CONFIGURATION: &str = "configmap/release-export-worker";
const CHECKSUM: &str = r"{.spec.template.metadata.annotations.checksum/config}";
const LOG_LEVEL: &str = "{.data.LOG_LEVEL}";

impl Cluster {
    /// Runs helm for the release `release` of a namespace, with the values it needs and more.
    async fn release(&self, verb: &str, namespace: &str, values: &[&str]) {
        let arguments = [verb, "release", CHART, "-n", namespace];
        self.helm(&[&arguments[..], &NEEDED, values].concat())
            .await
            .without_warning();
    }

    /// Says of every Pod that is pending that it is ready, as its kubelet would.
    async fn pods_become_ready(&self, namespace: &str) {
        let ready =
            r#"{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"#;
        let pending = "--field-selector=status.phase=Pending";
        let get = ["get", "pods", "-n", namespace, "-o", "name", pending];
        for pod in self.kubectl(&get).await.well().lines() {
            let patch = ["patch", pod, "-n", namespace, "--subresource=status", "-p"];
            self.kubectl(&[&patch[..], &[ready]].concat()).await.well();
        }
    }

    /// Takes a rollout of two replicas to its end, Pod by Pod: the chart asks for
    /// one more than there are to be, and for none less.
    async fn roll(&self, namespace: &str) {
        for updated in 1..=2 {
            let made = format!("jsonpath={{.status.updatedReplicas}}={updated}");
            self.until(namespace, DEPLOYMENT, &made).await;
            let available = "{.status.availableReplicas}";
            let available = self.read(namespace, DEPLOYMENT, available).await;
            assert!(available.parse::<u32>().unwrap() >= 2, "{available}");
            self.pods_become_ready(namespace).await;
        }
        self.until_rolled_out(namespace).await;
    }

    async fn until_rolled_out(&self, namespace: &str) {
        let status = ["rollout", "status", DEPLOYMENT, "-n", namespace];
        self.kubectl(&[&status[..], &["--timeout=60s"]].concat())
            .await
            .well();
    }

    /// The names of the Deployment's `ReplicaSets`.
    async fn replica_sets(&self, namespace: &str) -> Vec<String> {
        let get = ["get", "replicasets", "-n", namespace, "-o", "name"];
        let names = self.kubectl(&get).await.well();
        names.lines().map(str::to_owned).collect()
    }

    /// Waits until the Deployment's controller has seen what was last applied.
    async fn until_seen(&self, namespace: &str) {
        let generation = self
            .read(namespace, DEPLOYMENT, "{.metadata.generation}")
            .await;
        let seen = format!("jsonpath={{.status.observedGeneration}}={generation}");
        self.until(namespace, DEPLOYMENT, &seen).await;
    }
}

#[tokio::test]
async fn a_release_is_installed_upgraded_rolled_back_and_leaves_nothing_behind() {
    let cluster = Cluster::start().await;
    cluster.namespace("lived").await;
    let before = cluster.objects("lived").await;

    cluster.release("install", "lived", &[]).await;
    cluster
        .until("lived", DEPLOYMENT, "jsonpath={.status.replicas}=2")
        .await;
    cluster.pods_become_ready("lived").await;
    cluster.until_rolled_out("lived").await;
    let first = cluster.read("lived", DEPLOYMENT, CHECKSUM).await;
    assert_eq!(first.len(), 64, "{first}");
    assert_eq!(cluster.replica_sets("lived").await.len(), 1);

    // The same values again start no Pod anew.
    cluster.release("upgrade", "lived", &[]).await;
    cluster.until_seen("lived").await;
    assert_eq!(cluster.replica_sets("lived").await.len(), 1);

    // A changed one does, through the checksum of the configuration.
    let changed = ["--set", "log.level=debug"];
    cluster.release("upgrade", "lived", &changed).await;
    cluster.until_seen("lived").await;
    assert_eq!(
        cluster.read("lived", CONFIGURATION, LOG_LEVEL).await,
        "debug"
    );
    assert_ne!(cluster.read("lived", DEPLOYMENT, CHECKSUM).await, first);
    cluster.roll("lived").await;
    assert_eq!(cluster.replica_sets("lived").await.len(), 2);

    // Back to the first revision: the configuration is as it was, and so are the Pods.
    let rollback = ["rollback", "release", "1", "-n", "lived"];
    cluster.helm(&rollback).await.without_warning();
    cluster.until_seen("lived").await;
    assert_eq!(cluster.read("lived", CONFIGURATION, LOG_LEVEL).await, "");
    assert_eq!(cluster.read("lived", DEPLOYMENT, CHECKSUM).await, first);
    cluster.roll("lived").await;
    assert_eq!(cluster.replica_sets("lived").await.len(), 2);

    let uninstall = ["uninstall", "release", "-n", "lived", "--wait"];
    cluster.helm(&uninstall).await.without_warning();
    cluster.until_only("lived", &before).await;
}

#[tokio::test]
async fn a_release_of_everything_leaves_nothing_behind() {
    let cluster = Cluster::start().await;
    cluster.namespace("lived").await;
    let before = cluster.objects("lived").await;
    for values in super::chart::matrix() {
        let values = values.to_str().unwrap();
        let install = ["install", "release", CHART, "-n", "lived", "-f", values];
        // Nobody runs the Jobs of hooks.
        cluster
            .helm(&[&install[..], &["--no-hooks"]].concat())
            .await
            .without_warning();
        let made = cluster.objects("lived").await;
        assert!(made.len() > before.len() + 2, "{values}: {made:?}");
        let uninstall = ["uninstall", "release", "-n", "lived", "--no-hooks"];
        cluster.helm(&uninstall).await.without_warning();
        cluster.until_only("lived", &before).await;
    }
}

#[tokio::test]
async fn a_wrong_value_is_named_before_anything_reaches_the_cluster() {
    let cluster = Cluster::start().await;
    cluster.namespace("spared").await;
    let before = cluster.objects("spared").await;
    for (wrong, named) in [
        ("worker.replicaz=3", "replicaz"),
        ("worker.replicas=many", "replicas"),
        ("mode=sideways", "mode"),
        ("loops.leaseSeconds=1", "leaseSeconds"),
        ("starburst.url=starburst.example.com", "url"),
        (
            "worker.autoscaling.keda.enabled=true",
            "controlPlane.apiKey",
        ),
        ("controlPlaneServer.enabled=true", "controlPlane.apiKey"),
    ] {
        let install = ["install", "release", CHART, "-n", "spared"];
        let refused = cluster
            .helm(&[&install[..], &NEEDED, &["--set", wrong]].concat())
            .await
            .refusal();
        assert!(refused.contains(named), "{wrong}: {refused}");
    }
    assert_eq!(cluster.objects("spared").await, before);
}
