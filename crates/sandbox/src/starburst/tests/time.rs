//! On paused time, without sockets: the runtime would run ahead of them.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::super::{QueryState, Standin, StandinConfig};
use super::{next_uri, small, standin, state};

const TIMEOUT: Duration = Duration::from_secs(300);
const JUST_WITHIN: Duration = Duration::from_secs(299);

async fn call(router: &Router, method: &str, uri: &str, body: &str) -> (StatusCode, Value) {
    let path = uri.strip_prefix("http://localhost").unwrap_or(uri);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("X-Trino-User", "alice")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn get(router: &Router, uri: &str) -> (StatusCode, Value) {
    call(router, "GET", uri, "").await
}

async fn register(standin: &Standin, sql: &str) -> (Router, String) {
    let router = standin.router();
    let (_, page) = call(&router, "POST", "/v1/statement", sql).await;
    (router, next_uri(&page).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_registration_without_a_get_is_dropped() {
    let (standin, _) = standin(small());
    let (router, next) = register(&standin, "SELECT 1").await;
    tokio::time::sleep(TIMEOUT + Duration::from_secs(1)).await;
    assert!(standin.queries()[0].forgotten);
    assert_eq!(get(&router, &next).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_get_within_the_timeout_still_starts_it() {
    let (standin, _) = standin(small());
    let (router, next) = register(&standin, "SELECT 1").await;
    tokio::time::sleep(JUST_WITHIN).await;
    assert_eq!(get(&router, &next).await.0, StatusCode::OK);
}

async fn executing(router: &Router, mut next: String) -> String {
    while next.contains("/queued/") {
        next = next_uri(&get(router, &next).await.1).unwrap();
    }
    next
}

#[tokio::test(start_paused = true)]
async fn a_running_query_is_abandoned_by_a_silent_client() {
    let (standin, _) = standin(small());
    standin.switches().set_duration(Duration::from_secs(3_600));
    let (router, next) = register(&standin, "SELECT 1").await;
    let next = executing(&router, next).await;
    standin
        .wait_until(|queries| queries[0].state == QueryState::Failed)
        .await;
    let (_, page) = get(&router, &next).await;
    assert_eq!(page["error"]["errorName"], "ABANDONED_QUERY");
    assert!(next_uri(&page).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_finishing_query_that_is_not_drained_is_abandoned() {
    let (standin, _) = standin(small());
    let (router, next) = register(&standin, "SELECT 1").await;
    let mut next = executing(&router, next).await;
    loop {
        let (_, page) = get(&router, &next).await;
        next = next_uri(&page).unwrap();
        if page.get("data").is_some() {
            break;
        }
    }
    assert_eq!(standin.queries()[0].state, QueryState::Finishing);
    standin
        .wait_until(|queries| queries[0].error_name == Some("ABANDONED_QUERY"))
        .await;
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_query_alive() {
    let (standin, _) = standin(small());
    standin.switches().set_duration(2 * TIMEOUT);
    let (router, next) = register(&standin, "SELECT 1").await;
    let next = executing(&router, next).await;
    get(&router, &next).await;
    for _ in 0..4 {
        tokio::time::sleep(JUST_WITHIN).await;
        assert_eq!(call(&router, "HEAD", &next, "").await.0, StatusCode::OK);
    }
    assert_eq!(standin.queries()[0].state, QueryState::Running);
}

#[tokio::test(start_paused = true)]
async fn a_get_answers_after_its_wait_with_the_next_token() {
    let (standin, _) = standin(StandinConfig {
        page_wait: Duration::from_secs(1),
        ..small()
    });
    standin.switches().set_duration(Duration::from_secs(60));
    let (router, next) = register(&standin, "SELECT 1").await;
    let next = executing(&router, next).await;
    let (_, page) = get(&router, &next).await;
    assert_eq!(state(&page), "RUNNING");
    assert!(next.ends_with("/0") && next_uri(&page).unwrap().ends_with("/1"));
}

#[tokio::test(start_paused = true)]
async fn an_ended_query_is_known_for_a_while() {
    let (standin, _) = standin(small());
    let (router, next) = register(&standin, "SELECT 1").await;
    let mut last = next;
    while let (_, page) = get(&router, &last).await
        && let Some(next) = next_uri(&page)
    {
        last = next;
    }
    tokio::time::sleep(Duration::from_secs(14 * 60)).await;
    assert_eq!(get(&router, &last).await.0, StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(2 * 60)).await;
    assert_eq!(get(&router, &last).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_queries_run_at_once() {
    let (standin, _) = standin(small());
    let hold = standin.switches().hold_where(|_| true);
    for _ in 0..10_000 {
        let (router, next) = register(&standin, "SELECT 1").await;
        executing(&router, next).await;
    }
    let running = |queries: &[super::super::QueryRecord]| {
        queries
            .iter()
            .filter(|query| query.state == QueryState::Running)
            .count()
    };
    standin
        .wait_until(|queries| running(queries) == 10_000)
        .await;
    drop(hold);
}
