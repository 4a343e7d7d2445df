use std::collections::HashSet;

use export_api::{JobStatus, JobType, NewJob, SnapshotStatus};
use export_sandbox::{parquet, tpch};
use object_store::{ObjectStore, path::Path};

use super::{
    api::{node, regions},
    world::World,
};

fn graph(folder: &str) -> Vec<NewJob> {
    let mut placed = node(
        "PLACED",
        &["custkey", "orderkey"],
        "SELECT custkey, orderkey FROM orders",
        &format!("{folder}/placed"),
    );
    placed.job_type = JobType::Edge;
    vec![
        node(
            "Customer",
            &["custkey", "name"],
            "SELECT custkey, name FROM customer",
            &format!("{folder}/customer"),
        ),
        placed,
    ]
}

#[tokio::test]
async fn a_snapshot_is_exported_counted_and_ready() {
    let world = World::start().await;
    let _worker = world.worker("worker-1");
    let id = world.caller.submit(graph("graph")).await;
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;

    let customers = tpch::count(0.01, "SELECT custkey FROM customer").unwrap();
    let orders = tpch::count(0.01, "SELECT orderkey FROM orders").unwrap();
    assert_eq!(ready.snapshot.node_counts.unwrap()["Customer"], customers);
    assert_eq!(ready.snapshot.edge_counts.unwrap()["PLACED"], orders);

    let store = world.sandbox.object_store().unwrap();
    for (job, rows) in ready.jobs.iter().zip([customers, orders]) {
        let prefix = job
            .gcs_path
            .as_deref()
            .unwrap()
            .trim_start_matches("gs://exports/");
        let counted = parquet::count_folder(&store, prefix).await.unwrap();
        assert_eq!(
            (job.row_count, Some(counted.rows)),
            (Some(rows), Some(rows)),
            "{prefix}"
        );
        assert_eq!(job.size_bytes, Some(counted.bytes), "{prefix}");
        assert_eq!(job.files, Some(counted.files), "{prefix}");
    }
}

#[tokio::test]
async fn a_broken_select_fails_its_job_alone_and_says_why() {
    let world = World::start().await;
    let _worker = world.worker("worker-1");
    let mut jobs = graph("graph");
    jobs.push(node(
        "Broken",
        &["a"],
        "SELECT a FROM no_such_table",
        "graph/broken",
    ));
    let id = world.caller.submit(jobs).await;
    let over = world.until_over(&id).await;

    let statuses: Vec<&JobStatus> = over.jobs.iter().map(|job| &job.status).collect();
    assert_eq!(
        statuses,
        [
            &JobStatus::Completed,
            &JobStatus::Completed,
            &JobStatus::Failed
        ]
    );
    let why = over.jobs[2].error_message.as_deref().unwrap();
    assert!(why.contains("TABLE_NOT_FOUND"), "{why}");
    assert_eq!(over.snapshot.status, SnapshotStatus::Failed);
    assert!(over.snapshot.error_message.unwrap().contains("Broken"));
}

#[tokio::test]
async fn two_replicas_export_two_hundred_jobs_once_each() {
    export_two_hundred_jobs(World::start().await).await;
}

#[tokio::test]
async fn two_replicas_export_two_hundred_jobs_once_each_from_postgresql() {
    export_two_hundred_jobs(World::start_on_postgres().await).await;
}

async fn export_two_hundred_jobs(world: World) {
    let _workers = [world.worker("worker-1"), world.worker("worker-2")];
    let jobs: Vec<NewJob> = (0..200)
        .map(|number| regions(&format!("Region{number}"), &format!("many/{number}")))
        .collect();
    let id = world.caller.submit(jobs).await;
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;

    let unloads: Vec<_> = world
        .sandbox
        .standin()
        .queries()
        .into_iter()
        .filter(|query| query.started && query.location.is_some())
        .collect();
    let locations: HashSet<_> = unloads.iter().map(|query| query.location.clone()).collect();
    assert_eq!((unloads.len(), locations.len()), (200, 200));
    assert!(ready.jobs.iter().all(|job| job.row_count == Some(5)));
    let claimers: HashSet<_> = ready
        .jobs
        .iter()
        .map(|job| job.claimed_by.clone())
        .collect();
    assert_eq!(claimers.len(), 2, "both took part: {claimers:?}");
}

#[tokio::test]
async fn statements_carry_what_routes_and_names_them() {
    let world = World::start().await;
    let _worker = world.worker_with("worker-1", &[("STARBURST_CLIENT_TAGS", "exports,night")]);
    let id = world.caller.submit(vec![regions("Region", "tagged")]).await;
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;
    let query = &world.exports()[0];
    assert!(query.sql.contains(id.as_str()), "{}", query.sql);
    assert!(
        query.sql.contains(ready.jobs[0].id.as_str()),
        "{}",
        query.sql
    );
    let session = format!("{:?}", query.session);
    for part in ["exports", "night", "export-worker", "tpch"] {
        assert!(session.contains(part), "{part}: {session}");
    }
}

#[tokio::test]
async fn the_poller_and_the_submitter_run_apart() {
    let world = World::start().await;
    let hold = world.hold_the_regions();
    let _submitter = world.worker_with("submitter", &[("ROLE", "submitter")]);
    let id = world.caller.submit(vec![regions("Region", "apart")]).await;
    world
        .until(&id, "submitted", |found| {
            found.jobs[0].status == JobStatus::Submitted
        })
        .await;
    let _poller = world.worker_with("poller", &[("ROLE", "poller")]);
    drop(hold);
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;
    assert_eq!(ready.jobs[0].row_count, Some(5));
}

#[tokio::test]
async fn a_dry_run_changes_nothing_anywhere() {
    let world = World::start().await;
    let id = world.caller.submit(vec![regions("Region", "dry")]).await;
    let worker = world.worker_with(
        "dry",
        &[("DRY_RUN", "true"), ("POLL_INTERVAL_SECONDS", "1")],
    );
    worker
        .logged("what it would do", |line| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("dry run"))
        })
        .await;
    world
        .faults()
        .called(
            export_sandbox::faults::Service::ControlPlane,
            "GET /api/internal/export-jobs/pollable",
            2,
        )
        .await;
    let found = world.caller.snapshot(&id).await;
    assert_eq!(found.jobs[0].status, JobStatus::Pending);
    assert_eq!(world.caller.pending_count().await, 1);
    assert!(world.exports().is_empty());
    let listed = world
        .sandbox
        .object_store()
        .unwrap()
        .list_with_delimiter(Some(&Path::from("dry")))
        .await;
    assert!(listed.unwrap().objects.is_empty());
}
