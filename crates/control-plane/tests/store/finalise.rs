use std::sync::Arc;

use export_api::{SnapshotPatch, SnapshotStatus};
use tokio::sync::Barrier;

use crate::world::{World, assert_no_such_step};

async fn the_last_job_makes_the_snapshot_ready_in_the_same_step(world: World) {
    let snapshot = world.snapshot("s", 2).await;
    assert_eq!(
        world.snapshot_status(&snapshot).await,
        SnapshotStatus::Pending
    );
    let first = world.claim_one("w1").await;
    let after = world
        .update(&first, world.submitted())
        .await
        .unwrap()
        .snapshot
        .unwrap();
    assert_eq!(
        (after.status, after.remaining_jobs),
        (SnapshotStatus::Creating, 2)
    );
    let second = world.submitted_one("w1").await;
    let after = world
        .update(&first, world.completed(10, 100))
        .await
        .unwrap()
        .snapshot
        .unwrap();
    assert_eq!(
        (after.status, after.remaining_jobs),
        (SnapshotStatus::Creating, 1)
    );
    let after = world
        .update(&second, world.completed(0, 0))
        .await
        .unwrap()
        .snapshot
        .unwrap();
    assert_eq!(
        (after.status, after.remaining_jobs),
        (SnapshotStatus::Ready, 0)
    );

    let read = world.store.snapshot(&snapshot).await.unwrap().snapshot;
    let counts = read.node_counts.unwrap();
    assert_eq!((counts["Entity0"], counts["Entity1"]), (10, 0));
    assert_eq!(read.edge_counts.unwrap().len(), 0);
    assert_eq!(read.size_bytes, Some(100));
    assert_eq!(read.completed_at, Some(world.in_seconds(0)));
}

async fn a_failed_job_fails_the_snapshot_once_all_are_over(world: World) {
    let snapshot = world.snapshot("s", 2).await;
    let first = world.claim_one("w1").await;
    world
        .update(&first, world.failed("line 1:8: no such column"))
        .await
        .unwrap();
    assert_eq!(
        world.snapshot_status(&snapshot).await,
        SnapshotStatus::Pending
    );
    let second = world.submitted_one("w1").await;
    world.update(&second, world.completed(1, 1)).await.unwrap();
    let read = world.store.snapshot(&snapshot).await.unwrap().snapshot;
    assert_eq!(read.status, SnapshotStatus::Failed);
    assert_eq!(
        read.error_message.as_deref(),
        Some("1 of 2 jobs failed: node Entity0: line 1:8: no such column")
    );
    assert_eq!(read.size_bytes, None);
}

async fn of_jobs_that_end_at_the_same_moment_exactly_one_sees_that_nothing_remains(world: World) {
    const JOBS: usize = 12;
    for round in 0..5 {
        let snapshot = world.snapshot(&format!("round{round}"), JOBS).await;
        let jobs = world.claim("w", 100).await;
        assert_eq!(jobs.len(), JOBS);
        for job in &jobs {
            world.update(job, world.submitted()).await.unwrap();
        }
        let barrier = Arc::new(Barrier::new(JOBS));
        let reports = jobs.into_iter().map(|job| {
            let (store, barrier) = (world.store.clone(), Arc::clone(&barrier));
            let update = world.completed(1, 10);
            tokio::spawn(async move {
                barrier.wait().await;
                store
                    .update_job(&job.id, job.claim_token.as_ref(), &update)
                    .await
                    .unwrap()
                    .answer
                    .snapshot
                    .unwrap()
            })
        });
        let mut remaining = Vec::new();
        for report in reports.collect::<Vec<_>>() {
            let after = report.await.unwrap();
            assert_eq!(
                after.remaining_jobs == 0,
                after.status == SnapshotStatus::Ready
            );
            remaining.push(after.remaining_jobs);
        }
        remaining.sort_unstable();
        assert_eq!(remaining, (0..JOBS as u64).collect::<Vec<_>>());
        let read = world.store.snapshot(&snapshot).await.unwrap().snapshot;
        assert_eq!(read.size_bytes, Some(10 * JOBS as u64));
    }
}

async fn a_workers_word_on_its_snapshot_is_taken_only_where_it_is_so(world: World) {
    let snapshot = world.snapshot("s", 1).await;
    let ready = SnapshotPatch::Ready {
        node_counts: [("Entity0".to_owned(), 999)].into(),
        edge_counts: [].into(),
        size_bytes: 999,
    };
    let failed = SnapshotPatch::Failed {
        error_message: "no".to_owned(),
    };
    assert_no_such_step(world.store.move_snapshot(&snapshot, &ready).await);
    assert_no_such_step(world.store.move_snapshot(&snapshot, &failed).await);
    let creating = SnapshotPatch::Creating;
    for _ in 0..2 {
        world
            .store
            .move_snapshot(&snapshot, &creating)
            .await
            .unwrap();
    }
    let job = world.submitted_one("w1").await;
    world.update(&job, world.completed(1, 10)).await.unwrap();
    world.store.move_snapshot(&snapshot, &ready).await.unwrap();
    assert_no_such_step(world.store.move_snapshot(&snapshot, &creating).await);
    assert_no_such_step(world.store.move_snapshot(&snapshot, &failed).await);
    let read = world.store.snapshot(&snapshot).await.unwrap().snapshot;
    assert_eq!(read.size_bytes, Some(10), "what was counted stands");
}

crate::conformance! {
    the_last_job_makes_the_snapshot_ready_in_the_same_step
    a_failed_job_fails_the_snapshot_once_all_are_over
    of_jobs_that_end_at_the_same_moment_exactly_one_sees_that_nothing_remains
    a_workers_word_on_its_snapshot_is_taken_only_where_it_is_so
}
