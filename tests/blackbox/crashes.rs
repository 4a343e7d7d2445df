//! kill -9 at the moments that matter. The next worker finishes the job; its
//! rows are there once.

use export_api::{SnapshotId, SnapshotStatus};
use export_sandbox::{
    faults::{Hold, Service, When},
    parquet,
};

use super::{
    api::regions,
    process::Process,
    world::{World, is_export},
};

/// A short lease, so that the survivor need not wait for a minute.
const LEASE: (&str, &str) = ("LEASE_SECONDS", "3");

async fn begin(world: &World) -> (Process, SnapshotId) {
    let worker = world.worker_with("victim", &[LEASE]);
    let id = world
        .caller
        .submit(vec![regions("Region", "crashed")])
        .await;
    (worker, id)
}

/// Kills the worker once a request stands at the gate, and lets another go on.
async fn crash_at(world: &World, gate: Hold) {
    let (worker, id) = begin(world).await;
    gate.reached().await;
    worker.kill().await;
    gate.drop_connections();
    assert_survived(world, &id).await;
}

async fn assert_survived(world: &World, id: &SnapshotId) {
    let survivor = world.worker_with("survivor", &[LEASE]);
    let ready = world.until_status(id, SnapshotStatus::Ready).await;
    assert_eq!(
        (ready.jobs[0].row_count, ready.snapshot.size_bytes),
        (Some(5), ready.jobs[0].size_bytes)
    );
    let store = world.sandbox.object_store().unwrap();
    let counted = parquet::count_folder(&store, "crashed").await.unwrap();
    assert_eq!(counted.rows, 5, "{}", survivor.text());
}

#[tokio::test]
async fn killed_right_after_the_statement_was_registered() {
    let world = World::start().await;
    let gate = world
        .faults()
        .on(Service::Starburst)
        .body_contains(".unload(")
        .hold(When::BeforeAnswer);
    crash_at(&world, gate).await;
    let begun = world.queries_begun();
    assert_eq!(begun, 1, "the first registration never ran");
}

#[tokio::test]
async fn killed_right_after_the_query_was_persisted() {
    let world = World::start().await;
    let gate = world
        .faults()
        .on(Service::ControlPlane)
        .body_contains("\"submitted\"")
        .hold(When::BeforeAnswer);
    crash_at(&world, gate).await;
    assert_eq!(
        world.exports().len(),
        1,
        "the same query was kicked by another"
    );
}

#[tokio::test]
async fn killed_while_the_query_runs() {
    let world = World::start().await;
    let hold = world.hold_the_regions();
    let (worker, id) = begin(&world).await;
    world
        .sandbox
        .standin()
        .wait_until(|queries| {
            queries
                .iter()
                .any(|query| query.started && is_export(query))
        })
        .await;
    worker.kill().await;
    drop(hold);
    assert_survived(&world, &id).await;
}

#[tokio::test]
async fn killed_before_the_count_is_reported() {
    let world = World::start().await;
    let gate = world
        .faults()
        .on(Service::ControlPlane)
        .body_contains("\"completed\"")
        .hold(When::BeforeHandling);
    crash_at(&world, gate).await;
    assert_eq!(
        world.exports().len(),
        1,
        "what was exported is not exported again"
    );
}

#[tokio::test]
async fn killed_after_the_claim_before_anything_else() {
    let world = World::start().await;
    let gate = world.faults().on(Service::Store).hold(When::BeforeHandling);
    crash_at(&world, gate).await;
}
