use std::sync::Arc;

use export_control_plane::{
    destination::Destination,
    store::{Draft, StoreError},
};
use tokio::sync::Barrier;

use crate::world::{World, draft};

fn to(path: &str) -> Draft {
    let mut draft = draft("x", 1);
    draft.jobs[0].0.gcs_path = path.to_owned();
    draft.jobs[0].1 = Destination::parse(path).unwrap();
    draft
}

async fn destinations_equal_to_a_live_one_or_nested_in_or_around_it_are_refused(world: World) {
    // Neighbours in order that must not hide the one that matters.
    for path in [
        "gs://b/a/m",
        "gs://b/a/m-1",
        "gs://b/a/m0",
        "gs://b/a-",
        "gs://b/Z",
    ] {
        world.store.create_snapshot(&to(path)).await.unwrap();
    }
    for path in [
        "gs://b/a/m",
        "gs://b/a/m/",
        "gs://b/a/m/x/y",
        "gs://b/a",
        "gs://b/a-/q",
    ] {
        let refused = world.store.create_snapshot(&to(path)).await;
        let Err(error @ StoreError::DestinationInUse { .. }) = refused else {
            panic!("{path}: {refused:?}");
        };
        assert!(
            error.to_string().starts_with("jobs[0].gcs_path: "),
            "{error}"
        );
    }
    for path in ["gs://b/a/m1", "gs://b/a/n", "gs://c/a/m", "gs://b/aa"] {
        world.store.create_snapshot(&to(path)).await.unwrap();
    }
}

async fn a_destination_is_free_again_once_its_job_is_over(world: World) {
    let created = world.store.create_snapshot(&to("gs://b/a")).await.unwrap();
    world
        .store
        .create_snapshot(&to("gs://b/a/b"))
        .await
        .unwrap_err();
    world
        .store
        .cancel_snapshot(&created.snapshot.id)
        .await
        .unwrap();
    world
        .store
        .create_snapshot(&to("gs://b/a/b"))
        .await
        .unwrap();
}

async fn a_refused_snapshot_leaves_nothing_behind(world: World) {
    world
        .store
        .create_snapshot(&to("gs://b/taken"))
        .await
        .unwrap();
    let mut half = draft("half", 2);
    half.jobs[1] = to("gs://b/taken/inside").jobs.remove(0);
    half.jobs[1].0.entity_name = "Other".to_owned();
    world.store.create_snapshot(&half).await.unwrap_err();
    assert_eq!(world.store.live_jobs().await.unwrap().pending, 1);
    assert_eq!(world.store.snapshots(None, 10).await.unwrap().len(), 1);
}

async fn an_idempotency_key_makes_one_snapshot_however_often_it_is_sent(world: World) {
    const SENDERS: usize = 8;
    let mut request = draft("s", 2);
    request.idempotency_key = Some("key-1".to_owned());
    let barrier = Arc::new(Barrier::new(SENDERS));
    let sent = (0..SENDERS).map(|_| {
        let (store, barrier, request) =
            (world.store.clone(), Arc::clone(&barrier), request.clone());
        tokio::spawn(async move {
            barrier.wait().await;
            store.create_snapshot(&request).await.unwrap()
        })
    });
    let mut ids = Vec::new();
    let mut new = 0;
    for created in sent.collect::<Vec<_>>() {
        let created = created.await.unwrap();
        new += usize::from(created.new);
        ids.push(created.snapshot.id);
    }
    ids.dedup();
    assert_eq!((ids.len(), new), (1, 1));

    request.digest = "another body".to_owned();
    let refused = world.store.create_snapshot(&request).await;
    assert!(matches!(
        refused,
        Err(StoreError::IdempotencyConflict { .. })
    ));
}

async fn of_two_overlapping_snapshots_made_at_once_only_one_is_made(world: World) {
    let barrier = Arc::new(Barrier::new(2));
    let makers = ["gs://b/a", "gs://b/a/b"].map(|path| {
        let (store, barrier) = (world.store.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            store.create_snapshot(&to(path)).await.is_ok()
        })
    });
    let mut made = 0;
    for maker in makers {
        made += usize::from(maker.await.unwrap());
    }
    assert_eq!(made, 1);
}

async fn the_list_shows_the_newest_first_and_goes_on_where_it_ended(world: World) {
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(world.snapshot(&format!("s{number}"), 2).await);
    }
    ids.reverse();
    let first = world.store.snapshots(None, 3).await.unwrap();
    let rest = world.store.snapshots(Some(&first[2].id), 3).await.unwrap();
    let listed: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|snapshot| snapshot.id.clone())
        .collect();
    assert_eq!(listed, ids);
    assert_eq!((first[0].progress.total, first[0].progress.pending), (2, 2));
}

async fn people_see_neither_token_nor_next_uri(world: World) {
    let snapshot = world.snapshot("s", 1).await;
    let job = world.submitted_one("w1").await;
    let shown = world.store.snapshot(&snapshot).await.unwrap();
    assert_eq!(shown.jobs[0].id, job.id);
    assert_eq!(shown.jobs[0].claim_token, None);
    assert_eq!(shown.jobs[0].next_uri, None);
    assert!(world.job(&job.id).await.next_uri.is_some());
}

crate::conformance! {
    destinations_equal_to_a_live_one_or_nested_in_or_around_it_are_refused
    a_destination_is_free_again_once_its_job_is_over
    a_refused_snapshot_leaves_nothing_behind
    an_idempotency_key_makes_one_snapshot_however_often_it_is_sent
    of_two_overlapping_snapshots_made_at_once_only_one_is_made
    the_list_shows_the_newest_first_and_goes_on_where_it_ended
    people_see_neither_token_nor_next_uri
}
