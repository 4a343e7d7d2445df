use export_api::{JobStatus, NewJob, SnapshotStatus};

use super::{api::regions, world::World};

#[tokio::test]
async fn a_terminated_worker_leaves_nothing_claimed_and_exits_with_zero() {
    let world = World::start().await;
    let hold = world.hold_the_regions();
    let mut worker = world.worker("worker-1");
    let jobs: Vec<NewJob> = (0..50)
        .map(|number| regions(&format!("Region{number}"), &format!("stopped/{number}")))
        .collect();
    let id = world.caller.submit(jobs).await;
    world
        .until(&id, "under way", |found| {
            found
                .jobs
                .iter()
                .any(|job| job.status == JobStatus::Submitted)
        })
        .await;
    worker.terminate();
    let status = worker.ended().await;
    assert_eq!(status.code(), Some(0), "{}", worker.text());
    let left = world.caller.snapshot(&id).await;
    let claimed = left
        .jobs
        .iter()
        .filter(|job| job.status == JobStatus::Claimed)
        .count();
    assert_eq!(claimed, 0, "{}", worker.text());

    drop(hold);
    let _other = world.worker("worker-2");
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;
    assert!(ready.jobs.iter().all(|job| job.row_count == Some(5)));
    let begun = world.queries_begun();
    assert_eq!(begun, 50, "no job was exported twice");
}

#[tokio::test]
async fn a_worker_whose_grace_is_over_hands_its_jobs_to_the_next() {
    let world = World::start().await;
    let held = world
        .faults()
        .on(export_sandbox::faults::Service::Starburst)
        .body_contains(".unload(")
        .always()
        .hold(export_sandbox::faults::When::BeforeHandling);
    let mut worker = world.worker_with("worker-1", &[("SHUTDOWN_GRACE_SECONDS", "1")]);
    let id = world
        .caller
        .submit(vec![regions("Region", "handed-over")])
        .await;
    held.reached().await;
    worker.terminate();
    assert_eq!(worker.ended().await.code(), Some(0), "{}", worker.text());
    let left = world.caller.snapshot(&id).await;
    assert_eq!(left.jobs[0].status, JobStatus::Pending, "{}", worker.text());

    held.drop_connections();
    let _other = world.worker("worker-2");
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;
    assert_eq!(
        ready.jobs[0].attempt,
        Some(1),
        "a shutdown costs no attempt"
    );
}
