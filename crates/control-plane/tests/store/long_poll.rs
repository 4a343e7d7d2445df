use export_control_plane::{
    clock::Clock,
    store::{Queue, Store},
};

use crate::world::World;

async fn a_new_snapshot_wakes_who_waits_for_pending_jobs(world: World) {
    let news = world.store.waiter(Queue::Pending);
    tokio::pin!(news);
    news.as_mut().enable();
    world.snapshot("s", 1).await;
    news.await;
}

async fn a_job_that_is_due_soon_wakes_who_waits_for_pollable_ones(world: World) {
    world.snapshot("s", 1).await;
    let job = world.submitted_one("w1").await;
    let news = world.store.waiter(Queue::Pollable);
    tokio::pin!(news);
    news.as_mut().enable();
    world.update(&job, world.running(1)).await.unwrap();
    news.await;
}

/// With many replicas, to wake each of them for each submission is what would cost most.
async fn a_job_that_is_due_after_the_next_look_wakes_nobody(world: World) {
    world.snapshot("s", 2).await;
    let news = world.store.waiter(Queue::Pollable);
    tokio::pin!(news);
    news.as_mut().enable();
    let job = world.submitted_one("w1").await;
    world.update(&job, world.running(5)).await.unwrap();
    // Its own wake-up comes after whatever those writes could have sent.
    let pending = world.store.waiter(Queue::Pending);
    tokio::pin!(pending);
    pending.as_mut().enable();
    world.snapshot("t", 1).await;
    pending.await;
    assert!(futures::poll!(news).is_pending());
}

async fn a_refused_write_wakes_nobody(world: World) {
    world.snapshot("s", 1).await;
    let news = world.store.waiter(Queue::Pollable);
    tokio::pin!(news);
    news.as_mut().enable();
    let job = world.claim_one("w1").await;
    world.update(&job, world.running(1)).await.unwrap_err();
    // Its own wake-up comes after whatever the refused write could have sent.
    let pending = world.store.waiter(Queue::Pending);
    tokio::pin!(pending);
    pending.as_mut().enable();
    world.snapshot("t", 1).await;
    pending.await;
    assert!(futures::poll!(news).is_pending());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_replica_on_the_same_postgresql_is_woken_too() {
    let world = World::postgres().await;
    let clock: Clock = world.clock.clone();
    let replica = Store::open(&world.config, clock).await.unwrap();
    let news = replica.waiter(Queue::Pending);
    tokio::pin!(news);
    news.as_mut().enable();
    world.snapshot("s", 1).await;
    news.await;
    assert_eq!(replica.live_jobs().await.unwrap().pending, 1);
}

crate::conformance! {
    a_new_snapshot_wakes_who_waits_for_pending_jobs
    a_job_that_is_due_soon_wakes_who_waits_for_pollable_ones
    a_job_that_is_due_after_the_next_look_wakes_nobody
    a_refused_write_wakes_nobody
}
