use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::server::{Server, snapshot};

const WAITING: &str = "export_control_plane_long_polls_waiting";

/// Sends a request that is expected to wait, and returns once it does.
async fn waiting(
    server: &Server,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> JoinHandle<Value> {
    let mut request = server.request(method, path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let poll = tokio::spawn(async move { Server::send(request).await.1 });
    while server.metric(WAITING).await < 1.0 {
        tokio::task::yield_now().await;
    }
    poll
}

async fn waiting_claim(server: &Server) -> JoinHandle<Value> {
    let claim = json!({"worker_id": "w1", "limit": 10, "wait_seconds": 60});
    waiting(
        server,
        Method::POST,
        "/api/internal/export-jobs/claim",
        Some(claim),
    )
    .await
}

#[tokio::test]
async fn a_waiting_claim_is_answered_when_a_job_comes() {
    let server = Server::start().await;
    let poll = waiting_claim(&server).await;
    server.post("/api/snapshots", &snapshot("Customer")).await;
    let answer = poll.await.unwrap();
    assert_eq!(answer["data"]["jobs"][0]["entity_name"], "Customer");
    assert!(server.metric(WAITING).await < 1.0);
}

#[tokio::test]
async fn a_waiting_claim_is_answered_when_its_time_is_over() {
    let server = Server::start().await;
    let poll = waiting_claim(&server).await;
    server.clock.set("2026-11-22T03:06:07Z".parse().unwrap());
    assert_eq!(poll.await.unwrap()["data"]["jobs"], json!([]));
}

#[tokio::test]
async fn a_waiting_poll_is_answered_when_the_earliest_job_becomes_due() {
    let server = Server::start().await;
    server.post("/api/snapshots", &snapshot("Customer")).await;
    let claim = json!({"worker_id": "w1", "limit": 1});
    let (_, claimed) = server.post("/api/internal/export-jobs/claim", &claim).await;
    let job = &claimed["data"]["jobs"][0];
    let path = format!("/api/internal/export-jobs/{}", job["id"].as_str().unwrap());
    let submitted = json!({
        "claim_token": job["claim_token"], "status": "submitted", "starburst_query_id": "q1",
        "next_uri": "http://starburst/1", "next_poll_at": "2026-11-22T03:05:08Z",
        "submitted_at": "2026-11-22T03:05:07Z",
    });
    server.patch(&path, &submitted).await;
    let running = json!({
        "claim_token": job["claim_token"], "next_uri": "http://starburst/2",
        "next_poll_at": "2026-11-22T03:05:08Z", "poll_count": 1,
    });
    server.patch(&path, &running).await;
    let look = "/api/internal/export-jobs/pollable?limit=1&worker_id=w2&wait_seconds=60";
    let poll = waiting(&server, Method::GET, look, None).await;
    server.clock.set("2026-11-22T03:05:08Z".parse().unwrap());
    assert_eq!(poll.await.unwrap()["data"]["jobs"][0]["id"], job["id"]);
}

#[tokio::test]
async fn at_shutdown_a_waiting_claim_is_answered_at_once_with_nothing() {
    let server = Server::start().await;
    let poll = waiting_claim(&server).await;
    server.shutdown.cancel();
    assert_eq!(poll.await.unwrap()["data"]["jobs"], json!([]));
    drop(server.client);
    server.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_reaper_gives_an_expired_job_to_the_waiting_claim() {
    let server = Server::start().await;
    server.post("/api/snapshots", &snapshot("Customer")).await;
    let claim = json!({"worker_id": "dead", "limit": 1, "lease_seconds": 5});
    server.post("/api/internal/export-jobs/claim", &claim).await;
    let poll = waiting_claim(&server).await;
    server.clock.set("2026-11-22T03:05:12Z".parse().unwrap());
    let answer = poll.await.unwrap();
    assert_eq!(answer["data"]["jobs"][0]["attempt"], 2);
    let expiries = server
        .metric("export_control_plane_lease_expiries_total")
        .await;
    assert!((expiries - 1.0).abs() < f64::EPSILON);
}
