use std::{sync::Arc, time::Duration};

use export_api::{JobStatus, SnapshotStatus};

use super::{
    SimulatedWorld, at,
    faults::{Fault, Faults},
    state::Object,
};

#[tokio::test(start_paused = true)]
async fn a_job_of_any_length_is_exported_once_and_counted() {
    for seconds in [0, 1, 2, 7, 60, 600, 4000] {
        let world = SimulatedWorld::new(Duration::from_secs(seconds));
        let _replica = world.start("a", &Arc::default());
        let job = world.job_over().await;
        world.assert_exported_once(&job, &format!("{seconds} s"));
        assert_eq!(job.attempt, Some(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_query_is_over_without_a_poll() {
    let world = SimulatedWorld::new(Duration::from_secs(1));
    let faults = Arc::<Faults>::default();
    let _replica = world.start("a", &faults);
    let job = world.job_over().await;
    world.assert_exported_once(&job, "one second");
    let calls = faults.calls();
    assert_eq!(
        calls.iter().filter(|call| **call == "park").count(),
        0,
        "{calls:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_query_that_fails_for_a_passing_reason_is_tried_again() {
    for error in [
        "GENERIC_INTERNAL_ERROR",
        "CLUSTER_OUT_OF_MEMORY",
        "USER_CANCELED",
        "EXCEEDED_TIME_LIMIT",
    ] {
        let world = SimulatedWorld::new(Duration::from_secs(5));
        world.state.lock().unwrap().query_errors = vec![error];
        let _replica = world.start("a", &Arc::default());
        let job = world.job_over().await;
        world.assert_exported_once(&job, error);
        assert_eq!(job.attempt, Some(2), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_fails_for_good_fails_its_job_with_the_reason() {
    let world = SimulatedWorld::new(Duration::from_secs(5));
    world.state.lock().unwrap().query_errors = vec!["SYNTAX_ERROR"];
    let _replica = world.start("a", &Arc::default());
    let job = world.job_over().await;
    assert_eq!(job.status, JobStatus::Failed);
    assert!(job.error_message.unwrap().contains("SYNTAX_ERROR"));
    assert_eq!(job.attempt, Some(1));
    assert_eq!(world.state.lock().unwrap().snapshot, SnapshotStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn what_is_retried_once_is_not_retried_twice() {
    let world = SimulatedWorld::new(Duration::from_secs(5));
    world.state.lock().unwrap().query_errors = vec!["EXCEEDED_TIME_LIMIT", "EXCEEDED_TIME_LIMIT"];
    let _replica = world.start("a", &Arc::default());
    let job = world.job_over().await;
    assert_eq!((job.status, job.attempt), (JobStatus::Failed, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn data_of_somebody_else_at_the_destination_fails_the_job_and_stays() {
    let world = SimulatedWorld::new(Duration::from_secs(5));
    let theirs = "bucket/exports/person/theirs.parquet";
    let object = Object {
        rows: 1,
        size: 10,
        query: String::new(),
        written: at("2026-11-22T03:00:00Z"),
    };
    world
        .state
        .lock()
        .unwrap()
        .objects
        .insert(theirs.to_owned(), object);
    let _replica = world.start("a", &Arc::default());
    let job = world.job_over().await;
    assert_eq!(job.status, JobStatus::Failed);
    let message = job.error_message.unwrap();
    assert!(
        message.contains("gs://bucket/exports/person/theirs.parquet"),
        "{message}"
    );
    let state = world.state.lock().unwrap();
    assert!(state.objects.contains_key(theirs));
    assert!(state.queries.is_empty(), "nothing was sent to starburst");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_back_while_its_query_runs_has_that_query_buried_first() {
    let world = SimulatedWorld::new(Duration::from_secs(600));
    world.state.lock().unwrap().has_anonymous_files = true;
    let faults = Arc::<Faults>::default();
    let (replica, _) = world.start("a", &faults);
    tokio::time::sleep(Duration::from_secs(30)).await;
    replica.abort();
    {
        let mut state = world.state.lock().unwrap();
        state.jobs[0].wire.status = JobStatus::Pending;
    }
    let _other = world.start("b", &Arc::default());
    let job = world.job_over().await;
    world.assert_exported_once(&job, "buried");
    let state = world.state.lock().unwrap();
    assert!(matches!(
        state.queries[0].state,
        super::state::QueryState::Failed("USER_CANCELED")
    ));
    assert_eq!(state.queries.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_has_its_query_cancelled() {
    let world = SimulatedWorld::new(Duration::from_secs(600));
    let _replica = world.start("a", &Arc::default());
    tokio::time::sleep(Duration::from_secs(30)).await;
    {
        let mut state = world.state.lock().unwrap();
        state.jobs[0].wire.cancel_requested = Some(true);
        state.snapshot = SnapshotStatus::Cancelled;
    }
    let job = world.job_over().await;
    assert_eq!(job.status, JobStatus::Cancelled);
    let state = world.state.lock().unwrap();
    assert_eq!(state.snapshot, SnapshotStatus::Cancelled);
    assert!(matches!(
        state.queries[0].state,
        super::state::QueryState::Failed("USER_CANCELED")
    ));
}

/// A world whose job comes back for a second attempt and finds debris of the first.
fn world_with_debris() -> SimulatedWorld {
    let world = SimulatedWorld::new(Duration::from_secs(1));
    {
        let mut state = world.state.lock().unwrap();
        state.jobs[0].wire.attempt = Some(1);
        let debris = Object {
            rows: 1,
            size: 10,
            query: String::new(),
            written: at("2026-11-22T03:00:00Z"),
        };
        state.objects.insert(DEBRIS.to_owned(), debris);
    }
    world
}

const DEBRIS: &str = "bucket/exports/person/debris";

#[tokio::test(start_paused = true)]
async fn debris_of_an_earlier_attempt_is_removed_before_the_next_writes() {
    let world = world_with_debris();
    let _replica = world.start("a", &Arc::default());
    let job = world.job_over().await;
    world.assert_exported_once(&job, "debris");
    assert_eq!(job.attempt, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_cancelled_while_its_folder_is_looked_at_deletes_nothing() {
    let calls = {
        let faults = Arc::<Faults>::default();
        let world = world_with_debris();
        let _replica = world.start("a", &faults);
        world.job_over().await;
        faults.calls()
    };
    let listed = calls.iter().position(|call| *call == "list").unwrap();
    for cancelled in [listed, listed + 1] {
        let world = world_with_debris();
        let faults = Arc::new(Faults::at(cancelled, Fault::Cancelled));
        let _replica = world.start("a", &faults);
        let job = world.job_over().await;
        assert_eq!(job.status, JobStatus::Cancelled);
        let state = world.state.lock().unwrap();
        assert!(
            state.objects.contains_key(DEBRIS),
            "cancelled at call {cancelled}"
        );
    }
}
