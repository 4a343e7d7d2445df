use export_api::{JobStatus, JobUpdate, SnapshotStatus};

use crate::world::{World, assert_lease_lost, draft, give_back};

async fn a_lease_that_expires_puts_the_job_back_and_the_old_token_is_stale(world: World) {
    world.snapshot("s", 1).await;
    let first = world.claim_one("w1").await;
    world.pass_seconds(59);
    assert_eq!(world.store.reap().await.unwrap().leases, 0);
    world.pass_seconds(1);
    assert_eq!(world.store.reap().await.unwrap().leases, 1);

    assert_eq!(world.status(&first).await, JobStatus::Pending);
    assert_lease_lost(world.update(&first, world.submitted()).await);
    let second = world.claim_one("w2").await;
    assert_eq!(second.attempt, Some(2));
    assert!(second.error_message.unwrap().contains("worker w1"));
    assert_lease_lost(world.update(&first, world.submitted()).await);
}

async fn a_job_whose_last_lease_expires_fails_and_so_does_its_snapshot(world: World) {
    let snapshot = world.snapshot("s", 1).await;
    for attempt in 1..=3 {
        assert_eq!(world.claim_one("w1").await.attempt, Some(attempt));
        world.pass_seconds(60);
        assert_eq!(world.store.reap().await.unwrap().leases, 1);
    }
    assert!(world.claim("w1", 1).await.is_empty());
    let read = world.store.snapshot(&snapshot).await.unwrap();
    assert_eq!(read.jobs[0].status, JobStatus::Failed);
    assert_eq!(read.snapshot.status, SnapshotStatus::Failed);
    let message = read.snapshot.error_message.unwrap();
    assert!(
        message.contains("the lease of attempt 3 of 3 expired"),
        "{message}"
    );
}

async fn a_heartbeat_renews_the_lease(world: World) {
    world.snapshot("s", 1).await;
    let job = world.claim_one("w1").await;
    world.pass_seconds(50);
    let heartbeat = JobUpdate::Heartbeat { lease_seconds: 60 };
    world.update(&job, heartbeat.clone()).await.unwrap();
    world.pass_seconds(50);
    assert_eq!(world.store.reap().await.unwrap().leases, 0);
    world.update(&job, world.submitted()).await.unwrap();
    world.update(&job, heartbeat.clone()).await.unwrap();
    world.pass_seconds(59);
    assert!(
        world.poll("w2", 1).await.is_empty(),
        "the submitter still has it"
    );
    world.pass_seconds(1);
    assert_eq!(world.poll("w2", 1).await.len(), 1);
    assert_lease_lost(world.update(&job, heartbeat).await);
}

async fn a_job_given_back_waits_as_long_as_it_was_told_and_keeps_its_query(world: World) {
    world.snapshot("s", 1).await;
    let job = world.submitted_one("w1").await;
    world
        .update(&job, give_back("starburst is busy", 30, false))
        .await
        .unwrap();
    world.pass_seconds(29);
    assert!(world.claim("w2", 1).await.is_empty());
    world.pass_seconds(1);
    let again = world.claim_one("w2").await;
    assert_eq!(again.attempt, Some(2));
    assert_eq!(again.error_message.as_deref(), Some("starburst is busy"));
    assert_eq!(
        again.starburst_query_id.as_deref(),
        Some("20261122_030507_00042_abcde"),
        "the next attempt must bury this query"
    );
    assert!(again.next_uri.is_some());
}

async fn an_interrupted_attempt_is_not_counted_and_keeps_its_place(world: World) {
    world.snapshot("s", 2).await;
    for _ in 0..5 {
        let job = world.claim_one("w1").await;
        assert_eq!(
            (job.attempt, job.entity_name.as_str()),
            (Some(1), "Entity0")
        );
        world
            .update(&job, give_back("shutdown", 0, true))
            .await
            .unwrap();
    }
}

async fn giving_back_the_last_attempt_fails_the_job_with_that_message(world: World) {
    let snapshot = world.snapshot("s", 1).await;
    for _ in 1..=3 {
        let job = world.claim_one("w1").await;
        world
            .update(&job, give_back("storage does not answer", 0, false))
            .await
            .unwrap();
    }
    let read = world.store.snapshot(&snapshot).await.unwrap();
    assert_eq!(read.jobs[0].status, JobStatus::Failed);
    assert_eq!(
        read.jobs[0].error_message.as_deref(),
        Some("storage does not answer")
    );
    assert_eq!(read.snapshot.status, SnapshotStatus::Failed);
}

async fn a_snapshot_that_cannot_be_reaped_keeps_no_other_from_its_turn(world: World) {
    let mut hopeless = draft("hopeless", 1);
    hopeless.max_attempts = 1;
    world.store.create_snapshot(&hopeless).await.unwrap();
    world.snapshot("sound", 1).await;
    assert_eq!(world.claim("w1", 2).await.len(), 2);
    // Its last attempt ends, and the count of its remaining jobs can go no lower.
    world
        .tamper("UPDATE snapshots SET remaining_jobs = 0 WHERE name = 'hopeless'")
        .await;
    world.pass_seconds(60);
    assert_eq!(world.store.reap().await.unwrap().leases, 1);
    assert_eq!(
        world.claim_one("w2").await.gcs_path.unwrap(),
        "gs://bucket/sound/0"
    );
}

crate::conformance! {
    a_snapshot_that_cannot_be_reaped_keeps_no_other_from_its_turn
    a_lease_that_expires_puts_the_job_back_and_the_old_token_is_stale
    a_job_whose_last_lease_expires_fails_and_so_does_its_snapshot
    a_heartbeat_renews_the_lease
    a_job_given_back_waits_as_long_as_it_was_told_and_keeps_its_query
    an_interrupted_attempt_is_not_counted_and_keeps_its_place
    giving_back_the_last_attempt_fails_the_job_with_that_message
}
