use std::{collections::HashSet, sync::Arc};

use export_api::{JobStatus, JobUpdate};
use tokio::sync::Barrier;

use crate::world::{World, assert_lease_lost, entities, taker};

async fn a_submitted_job_is_pollable_once_its_lease_is_over_and_its_time_has_come(world: World) {
    world.snapshot("s", 1).await;
    let submitter = world.submitted_one("w1").await;
    world.pass_seconds(10);
    assert!(
        world.poll("w2", 1).await.is_empty(),
        "the submitter still has it"
    );

    world.update(&submitter, world.running(5)).await.unwrap();
    assert!(world.poll("w2", 1).await.is_empty(), "it is not due");
    world.pass_seconds(5);
    let job = world.poll("w2", 1).await.remove(0);
    assert_eq!(job.status, JobStatus::Submitted);
    assert_eq!(job.poll_count, Some(1));
    assert_eq!(job.claimed_by.as_deref(), Some("w2"));
    assert!(job.next_uri.is_some());
    assert_ne!(job.claim_token, submitter.claim_token);
    assert_lease_lost(world.update(&submitter, world.completed(1, 1)).await);
}

async fn a_poller_that_dies_loses_the_job_to_the_next_without_an_attempt_counted(world: World) {
    world.snapshot("s", 1).await;
    let submitter = world.submitted_one("w1").await;
    world.update(&submitter, world.running(0)).await.unwrap();
    let dead = world.poll("w2", 1).await.remove(0);
    assert!(world.poll("w3", 1).await.is_empty());
    world.pass_seconds(60);
    assert_eq!(world.store.reap().await.unwrap().leases, 0);
    let next = world.poll("w3", 1).await.remove(0);
    assert_eq!(next.attempt, Some(1));
    assert_lease_lost(world.update(&dead, world.running(2)).await);
    world.update(&next, world.completed(1, 1)).await.unwrap();
}

async fn a_look_leases_nothing(world: World) {
    world.snapshot("s", 2).await;
    for seconds in [3, 1] {
        let job = world.submitted_one("w1").await;
        world.update(&job, world.running(seconds)).await.unwrap();
    }
    let nothing_yet = world.store.look_pollable(10).await.unwrap();
    assert!(nothing_yet.jobs.is_empty());
    assert_eq!(nothing_yet.next_due_at, Some(world.in_seconds(1).0));
    world.pass_seconds(3);
    for _ in 0..2 {
        let look = world.store.look_pollable(10).await.unwrap();
        assert_eq!(
            entities(&look.jobs),
            ["Entity1", "Entity0"],
            "the oldest due first"
        );
        assert_eq!(look.jobs[0].claim_token, None);
    }
    assert_eq!(world.poll("w2", 10).await.len(), 2);
    assert!(world.store.look_pollable(10).await.unwrap().jobs.is_empty());
}

async fn concurrent_pollers_are_never_given_the_same_job(world: World) {
    const POLLERS: usize = 16;
    world.snapshot("many", 64).await;
    for job in world.claim("w", 64).await {
        world.update(&job, world.submitted()).await.unwrap();
        world.update(&job, world.running(0)).await.unwrap();
    }
    let barrier = Arc::new(Barrier::new(POLLERS));
    let polls = (0..POLLERS).map(|number| {
        let (store, barrier) = (world.store.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            let offer = store
                .lease_pollable(&taker(&format!("w{number}"), 10))
                .await;
            offer.unwrap().jobs
        })
    });
    let mut seen = HashSet::new();
    for poll in polls.collect::<Vec<_>>() {
        for job in poll.await.unwrap() {
            assert!(seen.insert(job.id.clone()), "{} was given twice", job.id);
        }
    }
    for job in world.poll("last", 100).await {
        assert!(seen.insert(job.id.clone()), "{} was given twice", job.id);
    }
    assert_eq!(seen.len(), 64);
}

async fn a_next_poll_too_far_ahead_is_believed_for_ten_minutes(world: World) {
    world.snapshot("s", 1).await;
    let job = world.claim_one("w1").await;
    let mut far = world.submitted();
    if let JobUpdate::Submitted { next_poll_at, .. } = &mut far {
        *next_poll_at = world.in_seconds(86_400);
    }
    world.update(&job, far).await.unwrap();
    world.pass_seconds(600);
    let job = world.poll("w2", 1).await.remove(0);
    world.update(&job, world.running(86_400)).await.unwrap();
    world.pass_seconds(599);
    assert!(world.poll("w2", 1).await.is_empty());
    world.pass_seconds(1);
    assert_eq!(world.poll("w2", 1).await.len(), 1);
}

crate::conformance! {
    a_next_poll_too_far_ahead_is_believed_for_ten_minutes
    a_submitted_job_is_pollable_once_its_lease_is_over_and_its_time_has_come
    a_poller_that_dies_loses_the_job_to_the_next_without_an_attempt_counted
    a_look_leases_nothing
    concurrent_pollers_are_never_given_the_same_job
}
