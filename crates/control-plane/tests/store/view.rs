//! What metrics are told of the queue.

use chrono::{DateTime, TimeDelta, Utc};
use export_api::{JobUpdate, SnapshotProgress};
use export_control_plane::store::{LiveJobs, OldestJobs, QueueView, UnfinishedSnapshots};

use crate::{
    conformance,
    world::{World, give_back},
};

conformance! {
    an_empty_queue_has_nothing_to_tell
    the_oldest_job_of_each_status_is_told_by_when_it_came_there
    a_job_that_waits_out_a_delay_is_due_when_the_delay_ends
    a_snapshot_is_idle_since_the_last_move_of_any_of_its_jobs
    the_snapshot_that_waits_longest_counts
    only_the_oldest_unfinished_snapshots_are_told_one_by_one
    what_ended_a_job_is_told_once
}

async fn view(world: &World) -> QueueView {
    world.store.view(20).await.unwrap()
}

async fn idle_seconds(world: &World) -> i64 {
    let since = view(world).await.idle_since;
    since.map_or(-1, |since| (world.now() - since).num_seconds())
}

async fn an_empty_queue_has_nothing_to_tell(world: World) {
    let expected = QueueView {
        live: LiveJobs::default(),
        oldest: OldestJobs::default(),
        snapshots: UnfinishedSnapshots::default(),
        idle_since: None,
        first_snapshots: Vec::new(),
    };
    assert_eq!(view(&world).await, expected);
}

async fn the_oldest_job_of_each_status_is_told_by_when_it_came_there(world: World) {
    let start: DateTime<Utc> = world.now();
    let at = |seconds| Some(start + TimeDelta::seconds(seconds));
    world.snapshot("a", 4).await;
    world.pass_seconds(10);
    world.snapshot("b", 1).await;
    let first = world.claim_one("w").await;
    let second = world.claim_one("w").await;
    world.pass_seconds(5);
    world.claim_one("w").await;
    world.update(&first, world.submitted()).await.unwrap();
    world.pass_seconds(5);
    world.update(&second, world.submitted()).await.unwrap();

    let seen = view(&world).await;

    let expected = OldestJobs {
        pending: at(0),
        claimed: at(15),
        submitted: at(15),
    };
    assert_eq!(seen.oldest, expected);
    let (pending, claimed, submitted) = (2, 1, 2);
    let live = LiveJobs {
        pending,
        claimed,
        submitted,
    };
    assert_eq!(seen.live, live);
    let snapshots = UnfinishedSnapshots {
        pending: 1,
        creating: 1,
    };
    assert_eq!(seen.snapshots, snapshots);
}

async fn a_job_that_waits_out_a_delay_is_due_when_the_delay_ends(world: World) {
    world.snapshot("a", 1).await;
    let job = world.claim_one("w").await;
    world
        .update(&job, give_back("busy", 90, false))
        .await
        .unwrap();
    let due = view(&world).await.oldest.pending.unwrap();
    assert_eq!((due - world.now()).num_seconds(), 90);
}

async fn a_snapshot_is_idle_since_the_last_move_of_any_of_its_jobs(world: World) {
    world.snapshot("a", 3).await;
    world.pass_seconds(100);
    assert_eq!(idle_seconds(&world).await, 100);

    let first = world.claim_one("w").await;
    assert_eq!(idle_seconds(&world).await, 0, "a claim is a move");
    world.pass_seconds(10);
    let heartbeat = JobUpdate::Heartbeat { lease_seconds: 60 };
    world.update(&first, heartbeat).await.unwrap();
    assert_eq!(idle_seconds(&world).await, 0, "a heartbeat is a move");
    world.pass_seconds(10);
    world.update(&first, world.submitted()).await.unwrap();
    world.pass_seconds(10);
    world.update(&first, world.running(5)).await.unwrap();
    assert_eq!(idle_seconds(&world).await, 0, "a poll is a move");
    world.pass_seconds(10);
    let first = world.poll("w", 1).await.remove(0);
    world.pass_seconds(10);
    world.update(&first, world.completed(1, 1)).await.unwrap();
    assert_eq!(idle_seconds(&world).await, 0, "the end of a job is a move");
    world.pass_seconds(30);
    assert_eq!(idle_seconds(&world).await, 30);
}

async fn the_snapshot_that_waits_longest_counts(world: World) {
    let stuck = world.snapshot("a", 1).await;
    world.submitted_one("w").await;
    world.pass_seconds(100);
    world.snapshot("b", 1).await;
    assert_eq!(idle_seconds(&world).await, 100);

    // Its query is still to be cancelled, but the snapshot is over.
    world.store.cancel_snapshot(&stuck).await.unwrap();
    world.pass_seconds(7);
    assert_eq!(idle_seconds(&world).await, 7);
}

async fn only_the_oldest_unfinished_snapshots_are_told_one_by_one(world: World) {
    let done = world.snapshot("done", 1).await;
    let job = world.submitted_one("w").await;
    world.update(&job, world.completed(1, 1)).await.unwrap();
    let old = world.snapshot("old", 3).await;
    world.pass_seconds(60);
    let young = world.snapshot("young", 1).await;
    let failed = world.claim_one("w").await;
    world.update(&failed, world.failed("no")).await.unwrap();
    let completed = world.submitted_one("w").await;
    world
        .update(&completed, world.completed(1, 1))
        .await
        .unwrap();

    let seen = world.store.view(1).await.unwrap().first_snapshots;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].id, old);
    assert_eq!((world.now() - seen[0].created_at).num_seconds(), 60);
    let progress = SnapshotProgress {
        total: 3,
        pending: 1,
        failed: 1,
        completed: 1,
        ..SnapshotProgress::default()
    };
    assert_eq!(seen[0].progress, progress);

    let ids: Vec<_> = view(&world).await.first_snapshots;
    let ids: Vec<_> = ids.into_iter().map(|snapshot| snapshot.id).collect();
    assert_eq!(ids, [old, young]);
    assert!(!ids.contains(&done));
    assert!(
        world
            .store
            .view(0)
            .await
            .unwrap()
            .first_snapshots
            .is_empty()
    );
}

async fn what_ended_a_job_is_told_once(world: World) {
    let snapshot = world.snapshot("a", 3).await;
    let job = world.submitted_one("w").await;
    let completed = world.completed(1, 1);
    let token = job.claim_token.as_ref();
    let ended = world.store.update_job(&job.id, token, &completed).await;
    assert_eq!(ended.unwrap().status.unwrap().as_str(), "completed");
    let again = world.store.update_job(&job.id, token, &completed).await;
    assert_eq!(again.unwrap().status, None, "a repeat ends nothing");

    world.submitted_one("w").await;
    assert_eq!(world.store.cancel_snapshot(&snapshot).await.unwrap(), 1);
    assert_eq!(world.store.cancel_snapshot(&snapshot).await.unwrap(), 0);

    world.snapshot("b", 1).await;
    let mut failed = 0;
    for _ in 0..3 {
        world.claim_one("w").await;
        world.pass_seconds(61);
        failed += world.store.reap().await.unwrap().failed;
    }
    assert_eq!(failed, 1, "the last attempt fails the job");
}
