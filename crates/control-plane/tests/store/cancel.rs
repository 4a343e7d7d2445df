use export_api::{JobStatus, SnapshotStatus};
use export_control_plane::store::StoreError;

use crate::world::{World, assert_lease_lost, assert_no_such_step, give_back};

async fn waiting_and_claimed_jobs_are_cancelled_at_once(world: World) {
    let snapshot = world.snapshot("s", 2).await;
    let claimed = world.claim_one("w1").await;
    world.store.cancel_snapshot(&snapshot).await.unwrap();
    world.store.cancel_snapshot(&snapshot).await.unwrap();

    let read = world.store.snapshot(&snapshot).await.unwrap();
    assert_eq!(read.snapshot.status, SnapshotStatus::Cancelled);
    assert_eq!(read.snapshot.progress.cancelled, 2);
    assert!(world.claim("w2", 10).await.is_empty());
    assert_lease_lost(world.update(&claimed, world.submitted()).await);
    world.pass_seconds(1000);
    assert_eq!(world.store.reap().await.unwrap().leases, 0);
}

async fn a_submitted_job_of_a_cancelled_snapshot_goes_to_a_poller_that_cancels_its_query(
    world: World,
) {
    let snapshot = world.snapshot("s", 1).await;
    let submitter = world.submitted_one("w1").await;
    world.update(&submitter, world.running(90)).await.unwrap();
    world.store.cancel_snapshot(&snapshot).await.unwrap();

    let job = world.poll("w2", 1).await.remove(0);
    assert_eq!(job.cancel_requested, Some(true));
    let after = world.update(&job, world.cancelled()).await.unwrap();
    assert_eq!(after.snapshot.unwrap().remaining_jobs, 0);
    world.update(&job, world.cancelled()).await.unwrap();
    assert_eq!(world.status(&job).await, JobStatus::Cancelled);
    assert_eq!(
        world.snapshot_status(&snapshot).await,
        SnapshotStatus::Cancelled
    );
}

async fn a_query_that_ends_before_it_is_cancelled_keeps_its_outcome_but_the_snapshot_stays_cancelled(
    world: World,
) {
    let snapshot = world.snapshot("s", 2).await;
    let first = world.submitted_one("w1").await;
    let second = world.submitted_one("w1").await;
    world.store.cancel_snapshot(&snapshot).await.unwrap();
    world.update(&first, world.completed(1, 1)).await.unwrap();
    world.update(&second, world.failed("killed")).await.unwrap();
    assert_eq!(world.status(&first).await, JobStatus::Completed);
    assert_eq!(world.status(&second).await, JobStatus::Failed);
    assert_eq!(
        world.snapshot_status(&snapshot).await,
        SnapshotStatus::Cancelled
    );
}

async fn a_job_to_be_cancelled_never_becomes_pending_again(world: World) {
    let snapshot = world.snapshot("s", 1).await;
    let submitter = world.submitted_one("w1").await;
    world.store.cancel_snapshot(&snapshot).await.unwrap();
    let back = give_back("starburst does not answer", 7, false);
    world.update(&submitter, back).await.unwrap();
    assert_eq!(world.status(&submitter).await, JobStatus::Submitted);
    assert!(world.claim("w2", 1).await.is_empty());
    assert!(world.poll("w2", 1).await.is_empty());
    world.pass_seconds(7);
    let again = world.poll("w2", 1).await.remove(0);
    world.update(&again, world.running(90)).await.unwrap();
    assert_eq!(
        world.poll("w3", 1).await.len(),
        1,
        "it stays due at once until it is over"
    );
}

async fn a_job_given_back_with_a_query_is_cancelled_by_a_poller_that_buries_the_query(
    world: World,
) {
    let snapshot = world.snapshot("s", 1).await;
    let submitter = world.submitted_one("w1").await;
    let back = give_back("starburst does not answer", 30, false);
    world.update(&submitter, back).await.unwrap();
    world.store.cancel_snapshot(&snapshot).await.unwrap();

    assert_eq!(world.status(&submitter).await, JobStatus::Submitted);
    world.pass_seconds(30);
    assert!(world.claim("w2", 1).await.is_empty());
    let job = world.poll("w2", 1).await.remove(0);
    assert_eq!(job.cancel_requested, Some(true));
    assert!(job.starburst_query_id.is_some() && job.next_uri.is_some());
    let after = world.update(&job, world.cancelled()).await.unwrap();
    assert_eq!(after.snapshot.unwrap().remaining_jobs, 0);
    assert_eq!(world.status(&job).await, JobStatus::Cancelled);
}

async fn a_claimer_that_has_yet_to_bury_a_query_may_not_submit_another_after_a_cancellation(
    world: World,
) {
    let snapshot = world.snapshot("s", 1).await;
    let submitter = world.submitted_one("w1").await;
    let back = give_back("starburst does not answer", 0, false);
    world.update(&submitter, back).await.unwrap();
    let claimer = world.claim_one("w2").await;
    world.store.cancel_snapshot(&snapshot).await.unwrap();

    assert_lease_lost(world.update(&claimer, world.submitted()).await);
    assert!(
        world.poll("w3", 1).await.is_empty(),
        "the claimer may be about to bury it: its lease comes first"
    );
    world.pass_seconds(60);
    assert_eq!(world.store.reap().await.unwrap().leases, 0);
    let job = world.poll("w3", 1).await.remove(0);
    assert_lease_lost(world.update(&claimer, world.failed("late")).await);
    world.update(&job, world.cancelled()).await.unwrap();
    assert_eq!(world.status(&job).await, JobStatus::Cancelled);
    // The count of remaining jobs agrees: its folder is free for a new snapshot.
    world.snapshot("s", 1).await;
}

async fn what_is_over_cannot_be_cancelled(world: World) {
    let snapshot = world.snapshot("s", 1).await;
    let job = world.submitted_one("w1").await;
    world.update(&job, world.completed(1, 1)).await.unwrap();
    assert_no_such_step(world.store.cancel_snapshot(&snapshot).await);
    assert_eq!(
        world.snapshot_status(&snapshot).await,
        SnapshotStatus::Ready
    );
    let nowhere = world.store.cancel_snapshot(&"nowhere".into()).await;
    assert!(matches!(nowhere, Err(StoreError::NoSuchSnapshot(_))));
}

async fn a_cancellation_among_claims_and_reports_leaves_nothing_live(world: World) {
    const JOBS: usize = 60;
    let snapshot = world.snapshot("s", JOBS).await;
    let submitted = world.claim("w0", 20).await;
    for job in &submitted {
        world.update(job, world.submitted()).await.unwrap();
    }
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(23));
    let mut tasks = Vec::new();
    for number in 0..3 {
        let (store, barrier, snapshot) = (world.store.clone(), barrier.clone(), snapshot.clone());
        tasks.push(tokio::spawn(async move {
            barrier.wait().await;
            if number == 0 {
                store.cancel_snapshot(&snapshot).await.unwrap();
            } else {
                store.claim(&crate::world::taker("w", 20)).await.unwrap();
            }
        }));
    }
    for job in submitted {
        let (store, barrier, update) =
            (world.store.clone(), barrier.clone(), world.completed(1, 1));
        tasks.push(tokio::spawn(async move {
            barrier.wait().await;
            store
                .update_job(&job.id, job.claim_token.as_ref(), &update)
                .await
                .unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let read = world.store.snapshot(&snapshot).await.unwrap();
    assert_eq!(read.snapshot.status, SnapshotStatus::Cancelled);
    assert_eq!(read.snapshot.progress.completed, 20);
    assert_eq!(read.snapshot.progress.cancelled, 40);
    // The count of remaining jobs agrees: its folder is free for a new snapshot.
    world.snapshot("s", JOBS).await;
}

crate::conformance! {
    waiting_and_claimed_jobs_are_cancelled_at_once
    a_submitted_job_of_a_cancelled_snapshot_goes_to_a_poller_that_cancels_its_query
    a_query_that_ends_before_it_is_cancelled_keeps_its_outcome_but_the_snapshot_stays_cancelled
    a_job_to_be_cancelled_never_becomes_pending_again
    a_job_given_back_with_a_query_is_cancelled_by_a_poller_that_buries_the_query
    a_claimer_that_has_yet_to_bury_a_query_may_not_submit_another_after_a_cancellation
    what_is_over_cannot_be_cancelled
    a_cancellation_among_claims_and_reports_leaves_nothing_live
}
