//! What is wrong gets an error that names it; nothing of anybody's is lost.

use export_api::{JobStatus, SnapshotStatus};
use export_sandbox::{faults::Service, store::samples};
use http::StatusCode;

use super::{api::regions, world::World};

#[tokio::test]
async fn data_of_somebody_else_at_the_destination_fails_the_job_and_stays() {
    let world = World::start().await;
    let theirs = samples::parquet(7).unwrap();
    world
        .sandbox
        .store()
        .put("exports", "taken/theirs.parquet", theirs)
        .await
        .unwrap();
    let _worker = world.worker("worker-1");
    let id = world.caller.submit(vec![regions("Region", "taken")]).await;
    let over = world.until_over(&id).await;
    assert_eq!(over.jobs[0].status, JobStatus::Failed);
    let why = over.jobs[0].error_message.as_deref().unwrap();
    assert!(why.contains("gs://exports/taken/theirs.parquet"), "{why}");
    assert_eq!(world.sandbox.store().objects("exports", "taken/").len(), 1);
    assert!(world.exports().is_empty());
}

#[tokio::test]
async fn an_unreadable_parquet_file_fails_the_job_and_is_named() {
    let world = World::start().await;
    let gate = world.hold_the_count();
    let _worker = world.worker("worker-1");
    let id = world.caller.submit(vec![regions("Region", "cut")]).await;
    gate.reached().await;
    let cut = samples::truncated().unwrap();
    world
        .sandbox
        .store()
        .put("exports", "cut/part.parquet", cut)
        .await
        .unwrap();
    gate.release();
    let over = world.until_over(&id).await;
    assert_eq!(over.jobs[0].status, JobStatus::Failed);
    let why = over.jobs[0].error_message.as_deref().unwrap();
    assert!(why.contains("gs://exports/cut/part.parquet"), "{why}");
}

#[tokio::test]
async fn sql_that_would_leave_its_place_is_refused_before_it_is_sent() {
    let world = World::start().await;
    let _worker = world.worker("worker-1");
    let mut escaping = regions("Region", "escape");
    escaping.sql = "SELECT 1) , location => 'gs://elsewhere/' -- (".to_owned();
    let id = world.caller.submit(vec![escaping]).await;
    let over = world.until_over(&id).await;
    assert_eq!(over.jobs[0].status, JobStatus::Failed);
    assert!(
        over.jobs[0]
            .error_message
            .as_deref()
            .unwrap()
            .contains("')'"),
        "{over:?}"
    );
    assert!(world.exports().is_empty());
}

#[tokio::test]
async fn a_path_without_a_bucket_never_gets_into_the_queue() {
    let world = World::start().await;
    let mut nowhere = regions("Region", "x");
    nowhere.gcs_path = "gs:///folder".to_owned();
    let answer = world.caller.try_submit(vec![nowhere]).await;
    assert!(answer.status().is_client_error());
    let text = answer.text().await.unwrap();
    assert!(text.contains("gs:///folder"), "{text}");
}

#[tokio::test]
async fn an_empty_answer_of_starburst_is_asked_for_again() {
    let world = World::start().await;
    let worker = world.worker("worker-1");
    worker.ready().await;
    let empty = world
        .faults()
        .on(Service::Starburst)
        .path("/v1/statement*")
        .times(2)
        .empty_body();
    let id = world.caller.submit(vec![regions("Region", "empty")]).await;
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;
    assert_eq!((empty.hits(), ready.jobs[0].row_count), (2, Some(5)));
}

#[tokio::test]
async fn a_control_plane_that_answers_html_is_named_and_waited_for() {
    let world = World::start().await;
    let worker = world.worker_with("worker-1", &[("EMPTY_POLL_BACKOFF_SECONDS", "1")]);
    worker.ready().await;
    let html = world
        .faults()
        .on(Service::ControlPlane)
        .always()
        .answer(StatusCode::OK, "<html><body>Sign in</body></html>");
    worker
        .logged("the url", |line| {
            line.to_string().contains("CONTROL_PLANE_URL")
        })
        .await;
    html.disarm();
    let id = world.caller.submit(vec![regions("Region", "html")]).await;
    world.until_status(&id, SnapshotStatus::Ready).await;
}

#[tokio::test]
async fn a_store_that_fails_for_a_while_costs_nothing_but_time() {
    let world = World::start().await;
    let failing = world
        .faults()
        .on(Service::Store)
        .times(2)
        .answer(StatusCode::SERVICE_UNAVAILABLE, "");
    let _worker = world.worker("worker-1");
    let id = world.caller.submit(vec![regions("Region", "unwell")]).await;
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;
    assert_eq!((failing.hits(), ready.jobs[0].attempt), (2, Some(1)));
}

#[tokio::test]
async fn no_log_line_holds_a_secret() {
    let world = World::start().await;
    let worker = world.worker_with(
        "worker-1",
        &[
            ("LOG_LEVEL", "trace"),
            ("STARBURST_PASSWORD", "a starburst secret"),
        ],
    );
    let id = world.caller.submit(vec![regions("Region", "secret")]).await;
    world.until_status(&id, SnapshotStatus::Ready).await;
    let log = worker.text();
    for secret in [
        super::api::KEY,
        "a starburst secret",
        "/v1/statement/queued/",
        "/v1/statement/executing/",
    ] {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
}
