mod claims;
mod credentials;
mod updates;

use std::time::Duration;

use export_api::{ClaimRequest, PollableRequest};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{ControlPlaneClient, ControlPlaneCredential, ControlPlaneSettings};
use crate::{
    http::{
        HttpClient, TlsSettings,
        scripted::{Scripted, ScriptedServer},
    },
    ports::{ControlPlane, ControlPlaneError},
    retry::RetryPolicy,
    secret::Secret,
    telemetry::Metrics,
};

const KEY: &str = "the-key";

fn http() -> HttpClient {
    HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap()
}

fn client_with(url: &Url, credential: ControlPlaneCredential) -> ControlPlaneClient {
    let settings = ControlPlaneSettings {
        url: url.clone(),
        timeout: Duration::from_secs(20),
        retry: RetryPolicy::fixed(Duration::from_millis(1), 5),
    };
    ControlPlaneClient::new(settings, credential, &http(), CancellationToken::new()).unwrap()
}

fn client(url: &Url) -> ControlPlaneClient {
    let key = Secret::from_value(KEY.to_owned().into());
    client_with(url, ControlPlaneCredential::ApiKey(key))
}

fn ok(data: &Value) -> Scripted {
    Scripted::json(200, &json!({"data": data, "meta": {"request_id": "r"}}))
}

/// A job as a first-generation Control Plane writes it.
fn first_generation_job(id: &str) -> Value {
    json!({
        "id": id, "snapshot_id": "s1", "job_type": "edge", "entity_name": "ordered",
        "status": "claimed", "sql": "SELECT 1", "column_names": ["a"],
        "starburst_catalog": "lake", "data_source_id": 3, "claimed_by": "w1",
        "claimed_at": "2026-11-22T03:05:07+00:00", "starburst_query_id": null,
        "next_uri": null, "next_poll_at": null, "poll_count": 0,
        "gcs_path": "gs://b/a", "row_count": null, "size_bytes": null,
        "submitted_at": null, "completed_at": null, "error_message": null,
        "created_at": "2026-11-22T03:05:00+00:00", "updated_at": "2026-11-22T03:05:07.123456+00:00",
    })
}

fn claim_request() -> ClaimRequest {
    ClaimRequest {
        worker_id: "w1".to_owned(),
        limit: 10,
        wait_seconds: None,
        lease_seconds: None,
    }
}

fn pollable_request() -> PollableRequest {
    PollableRequest {
        limit: 500,
        worker_id: Some("w 1".to_owned()),
        lease_seconds: Some(60),
        wait_seconds: Some(5),
    }
}

#[tokio::test]
async fn every_request_says_who_asks_and_carries_an_id_that_its_retries_share() {
    let server = ScriptedServer::in_turn([
        Scripted::new(503, "busy"),
        ok(&json!({"status": "creating"})),
        ok(&json!({"status": "ready"})),
    ])
    .await;
    let client = client(&server.url);
    client.snapshot_status(&"s/1".into()).await.unwrap();
    client.snapshot_status(&"s/1".into()).await.unwrap();

    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    for request in &asked {
        assert_eq!(request.uri, "/api/internal/snapshots/s%2F1/status");
        assert_eq!(request.header("x-component"), Some("worker"));
        assert_eq!(request.header("x-internal-api-key"), Some(KEY));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("authorization"), None);
    }
    let id = |request: usize| asked[request].header("x-request-id").unwrap().to_owned();
    assert_eq!(id(0), id(1));
    assert_ne!(id(1), id(2));
    assert_eq!(uuid::Uuid::parse_str(&id(0)).unwrap().get_version_num(), 7);
}

#[tokio::test]
async fn a_failure_that_does_not_pass_is_returned_after_five_retries() {
    let server = ScriptedServer::answering(|_| Scripted::new(500, "boom")).await;
    let error = client(&server.url)
        .snapshot_status(&"s".into())
        .await
        .unwrap_err();
    assert_eq!(
        error,
        ControlPlaneError::ServerError {
            status: 500,
            message: "it answered with text that is no JSON".to_owned()
        }
    );
    assert_eq!(server.asked().len(), 6);
}

#[tokio::test]
async fn html_is_not_repeated_but_named_with_the_variable_to_check() {
    let server = ScriptedServer::answering(|_| Scripted::new(200, "<html>Sign in</html>")).await;
    let error = client(&server.url).check().await.unwrap_err().to_string();
    assert!(error.contains("an HTML page"), "{error}");
    assert!(error.contains("CONTROL_PLANE_URL"), "{error}");
    assert!(!error.contains("Sign in"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_because_the_key_would_go_along() {
    let elsewhere = ScriptedServer::answering(|_| ok(&json!([]))).await;
    let target = format!("{}login?state=secret", elsewhere.url);
    let server =
        ScriptedServer::answering(move |_| Scripted::new(302, "").with("location", &target)).await;
    let error = client(&server.url).check().await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("{}login", elsewhere.url)),
        "{error}"
    );
    assert!(!error.contains("state="), "{error}");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let server = ScriptedServer::answering(|_| Scripted::new(200, vec![b' '; 2 << 20])).await;
    let error = client(&server.url)
        .snapshot_status(&"s".into())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("larger than 1048576 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn check_looks_once_and_changes_nothing() {
    let server = ScriptedServer::in_turn([
        ok(&json!({"jobs": [first_generation_job("1")]})),
        Scripted::new(429, "").with("retry-after", "7"),
        Scripted::json(404, &json!({"detail": "Not Found"})),
    ])
    .await;
    let client = client(&server.url);
    client.check().await.unwrap();
    assert_eq!(
        client.check().await,
        Err(ControlPlaneError::Busy {
            status: 429,
            retry_after: Some(Duration::from_secs(7)),
            message: String::new()
        })
    );
    let error = client.check().await.unwrap_err();
    assert!(
        matches!(error, ControlPlaneError::Unreadable { .. }),
        "{error}"
    );
    for request in server.asked() {
        assert_eq!(request.method, "GET");
        assert_eq!(request.uri, "/api/internal/export-jobs/pollable?limit=1");
    }
}

#[tokio::test]
async fn a_shutdown_ends_a_call_at_once() {
    let server = ScriptedServer::answering(|_| Scripted::new(503, "")).await;
    let mut client = client(&server.url);
    client.settings.retry = RetryPolicy::fixed(Duration::from_secs(3600), 5);
    let shutdown = client.shutdown.clone();
    let status = "s".into();
    let (result, ()) = tokio::join!(client.snapshot_status(&status), async {
        shutdown.cancel();
    });
    assert_eq!(result, Err(ControlPlaneError::Interrupted));
}

#[tokio::test]
async fn an_address_of_another_scheme_is_refused_at_once() {
    let settings = ControlPlaneSettings {
        url: Url::parse("ftp://cp").unwrap(),
        timeout: Duration::from_secs(1),
        retry: RetryPolicy::STATUS_UPDATE,
    };
    let built = ControlPlaneClient::new(
        settings,
        ControlPlaneCredential::None,
        &http(),
        CancellationToken::new(),
    );
    let error = built.unwrap_err().to_string();
    assert!(
        error.contains("expected an http or https address"),
        "{error}"
    );
}

#[tokio::test]
async fn pollable_asks_for_what_it_was_told_within_what_is_taken() {
    let server = ScriptedServer::answering(|_| ok(&json!([first_generation_job("1")]))).await;
    let client = client(&server.url);
    assert_eq!(
        client
            .pollable(&pollable_request())
            .await
            .unwrap()
            .jobs
            .len(),
        1
    );
    assert_eq!(
        server.asked()[0].uri,
        "/api/internal/export-jobs/pollable?limit=100&worker_id=w+1&lease_seconds=60&wait_seconds=5"
    );
}
