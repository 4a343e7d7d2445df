use export_api::{ExportJob, JobId, JobStatus, JobUpdate};
use export_control_plane::store::StoreError;

use crate::world::{World, assert_lease_lost, assert_no_such_step, give_back, stale};

async fn every_write_is_fenced_by_the_token(world: World) {
    world.snapshot("s", 1).await;
    let job = world.claim_one("w1").await;
    let tokenless = ExportJob {
        claim_token: None,
        ..job.clone()
    };
    let every_update = |world: &World| {
        [
            world.submitted(),
            world.running(2),
            world.completed(1, 1),
            world.failed("no"),
            world.cancelled(),
            give_back("no", 0, false),
            JobUpdate::Heartbeat { lease_seconds: 9 },
        ]
    };
    for update in every_update(&world) {
        assert_lease_lost(world.update(&stale(&job), update.clone()).await);
        assert_lease_lost(world.update(&tokenless, update).await);
    }
    assert_eq!(world.status(&job).await, JobStatus::Claimed);
    world.update(&job, world.submitted()).await.unwrap();
    for update in every_update(&world) {
        assert_lease_lost(world.update(&stale(&job), update.clone()).await);
        assert_lease_lost(world.update(&tokenless, update).await);
    }
    let seen = world.job(&job.id).await;
    assert_eq!(seen.status, JobStatus::Submitted);
    assert_eq!(seen.row_count, None);
}

async fn steps_the_machine_does_not_know_are_refused_and_change_nothing(world: World) {
    world.snapshot("s", 1).await;
    let job = world.claim_one("w1").await;
    for update in [world.running(2), world.completed(1, 1), world.cancelled()] {
        assert_no_such_step(world.update(&job, update).await);
        assert_eq!(world.status(&job).await, JobStatus::Claimed);
    }
    world.update(&job, world.submitted()).await.unwrap();
    let another_query = JobUpdate::Submitted {
        query_id: "20261122_030507_00043_abcde".to_owned(),
        next_uri: export_api::NextUri::new("http://starburst/other"),
        next_poll_at: world.in_seconds(2),
        poll_count: 0,
        submitted_at: world.in_seconds(0),
    };
    for update in [another_query, world.cancelled()] {
        assert_no_such_step(world.update(&job, update).await);
    }
    let seen = world.job(&job.id).await;
    assert_eq!(
        seen.starburst_query_id.as_deref(),
        Some("20261122_030507_00042_abcde")
    );
}

async fn a_repeat_of_a_write_with_its_token_succeeds_and_any_other_does_not(world: World) {
    world.snapshot("s", 2).await;
    for terminal in [world.completed(7, 70), world.failed("broken sql")] {
        let job = world.claim_one("w1").await;
        let submitted = world.submitted();
        world.update(&job, submitted.clone()).await.unwrap();
        world.update(&job, submitted.clone()).await.unwrap();
        let first = world.update(&job, terminal.clone()).await.unwrap();
        let before = world.job(&job.id).await;
        assert_eq!(world.update(&job, terminal.clone()).await.unwrap(), first);
        assert_eq!(world.job(&job.id).await, before);

        assert_no_such_step(world.update(&job, world.completed(8, 80)).await);
        assert_no_such_step(world.update(&job, submitted).await);
        assert_lease_lost(world.update(&stale(&job), terminal).await);
        assert_lease_lost(world.update(&stale(&job), give_back("no", 0, false)).await);
        assert_eq!(
            world.job(&job.id).await,
            before,
            "a terminal state is stable"
        );
    }
}

async fn a_repeat_does_not_count_once_another_worker_was_given_the_job(world: World) {
    world.snapshot("s", 1).await;
    let submitter = world.submitted_one("w1").await;
    let submission = JobUpdate::Submitted {
        query_id: "20261122_030507_00042_abcde".to_owned(),
        next_uri: export_api::NextUri::new("http://starburst/v1/statement/queued/q/y1/1"),
        next_poll_at: world.in_seconds(2),
        poll_count: 0,
        submitted_at: world.in_seconds(0),
    };
    world.update(&submitter, submission.clone()).await.unwrap();
    world.pass_seconds(60);
    let poller = world.poll("w2", 1).await.remove(0);
    assert_lease_lost(world.update(&submitter, submission).await);

    let running = world.running(5);
    world.update(&poller, running.clone()).await.unwrap();
    world.update(&poller, running.clone()).await.unwrap();
    assert_lease_lost(world.update(&poller, world.running(9)).await);
    world.pass_seconds(5);
    world.poll("w3", 1).await;
    assert_lease_lost(world.update(&poller, running).await);
}

async fn a_worker_without_tokens_can_go_on_with_a_job_nobody_leases(world: World) {
    world.snapshot("s", 1).await;
    let job = world.submitted_one("w1").await;
    let tokenless = ExportJob {
        claim_token: None,
        ..job.clone()
    };
    world.update(&job, world.running(2)).await.unwrap();
    world.update(&tokenless, world.running(2)).await.unwrap();
    let completed = world.completed(5, 50);
    world.update(&tokenless, completed.clone()).await.unwrap();
    world.update(&tokenless, completed).await.unwrap();
    assert_no_such_step(world.update(&tokenless, world.failed("late")).await);
    assert_eq!(world.job(&job.id).await.row_count, Some(5));
}

async fn counts_beyond_32_bits_are_kept_and_beyond_63_bits_refused(world: World) {
    let snapshot = world.snapshot("s", 2).await;
    let job = world.submitted_one("w1").await;
    let refused = world.update(&job, world.completed(u64::MAX, 1)).await;
    assert!(matches!(
        refused,
        Err(StoreError::TooLarge {
            field: "row_count",
            ..
        })
    ));
    assert_eq!(world.status(&job).await, JobStatus::Submitted);
    let rows = 5_000_000_000;
    let bytes = 9_000_000_000_000_000;
    world
        .update(&job, world.completed(rows, bytes))
        .await
        .unwrap();
    let other = world.submitted_one("w1").await;
    world
        .update(&other, world.completed(rows, bytes))
        .await
        .unwrap();
    let read = world.store.snapshot(&snapshot).await.unwrap();
    assert_eq!(read.jobs[0].row_count, Some(rows));
    assert_eq!(read.jobs[0].size_bytes, Some(bytes));
    assert_eq!(read.snapshot.size_bytes, Some(2 * bytes));
    assert_eq!(read.snapshot.node_counts.unwrap()["Entity1"], rows);
}

async fn a_job_that_does_not_exist_is_named(world: World) {
    let refused = world
        .store
        .update_job(&JobId::from("nowhere"), None, &world.failed("x"))
        .await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "there is no export job \"nowhere\""
    );
}

crate::conformance! {
    every_write_is_fenced_by_the_token
    steps_the_machine_does_not_know_are_refused_and_change_nothing
    a_repeat_of_a_write_with_its_token_succeeds_and_any_other_does_not
    a_repeat_does_not_count_once_another_worker_was_given_the_job
    a_worker_without_tokens_can_go_on_with_a_job_nobody_leases
    counts_beyond_32_bits_are_kept_and_beyond_63_bits_refused
    a_job_that_does_not_exist_is_named
}
