use export_api::{JobStatus, SnapshotStatus};

use super::{api::regions, world::World};

#[tokio::test]
async fn a_cancelled_snapshot_never_becomes_ready_and_its_query_is_cancelled() {
    let world = World::start().await;
    let _hold = world.hold_the_regions();
    let _worker = world.worker("worker-1");
    let id = world
        .caller
        .submit(vec![regions("Region", "cancelled")])
        .await;
    world
        .until(&id, "submitted", |found| {
            found.jobs[0].status == JobStatus::Submitted
        })
        .await;
    world.caller.cancel(&id).await;
    let over = world.until_over(&id).await;
    assert_eq!(over.snapshot.status, SnapshotStatus::Cancelled);
    assert_eq!(over.jobs[0].status, JobStatus::Cancelled);
    let query = &world.exports()[0];
    assert_eq!(query.error_name, Some("USER_CANCELED"));
}

#[tokio::test]
async fn a_snapshot_cancelled_before_its_claim_sends_nothing_to_starburst() {
    let world = World::start().await;
    let cancelled = world.caller.submit(vec![regions("Region", "early")]).await;
    world.caller.cancel(&cancelled).await;
    let _worker = world.worker("worker-1");
    let other = world.caller.submit(vec![regions("Region", "other")]).await;
    world.until_status(&other, SnapshotStatus::Ready).await;
    let found = world.caller.snapshot(&cancelled).await;
    assert_eq!(found.snapshot.status, SnapshotStatus::Cancelled);
    assert_eq!(world.exports().len(), 1);
}
