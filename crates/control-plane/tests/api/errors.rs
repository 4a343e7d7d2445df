use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Server, snapshot};

#[track_caller]
fn assert_error(
    (status, body): (reqwest::StatusCode, Value),
    expected: u16,
    code: &str,
    says: &str,
) {
    assert_eq!(status, expected, "{body}");
    assert_eq!(body["error"]["code"], code, "{body}");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(says), "{message:?} does not say {says:?}");
    assert!(body["meta"]["request_id"].is_string(), "{body}");
}

#[tokio::test]
async fn every_error_has_the_same_shape_and_names_the_thing() {
    let server = Server::start().await;
    let raw = |method: Method, path: &str, body: &'static str| {
        Server::send(server.request(method, path).body(body))
    };
    assert_error(server.get("/nowhere").await, 404, "NOT_FOUND", "/nowhere");
    assert_error(
        server.get("/api/internal/nowhere").await,
        404,
        "NOT_FOUND",
        "nowhere",
    );
    assert_error(
        raw(Method::DELETE, "/api/snapshots", "").await,
        405,
        "METHOD_NOT_ALLOWED",
        "/api/snapshots knows no method DELETE",
    );
    let claim = "/api/internal/export-jobs/claim";
    for (body, status, says) in [
        ("{\"worker_id\": ", 400, "line 1"),
        ("", 400, "EOF"),
        ("{} trailing", 422, "worker_id"),
        (
            "{\"worker_id\": 7, \"limit\": 1}",
            422,
            "worker_id: invalid type",
        ),
        (
            "{\"worker_id\": \"w\", \"limit\": -1}",
            422,
            "limit: invalid value",
        ),
        (
            "{\"worker_id\": \"w\", \"limit\": 0}",
            422,
            "limit is 0; it must be from 1 to 100",
        ),
        (
            "{\"worker_id\": \"w\", \"limit\": 101}",
            422,
            "limit is 101",
        ),
        (
            "{\"worker_id\": \" \", \"limit\": 1}",
            422,
            "worker_id is empty",
        ),
        (
            "{\"worker_id\": \"w\", \"limit\": 1, \"wait_seconds\": 61}",
            422,
            "wait_seconds is 61",
        ),
        (
            "{\"worker_id\": \"w\", \"limit\": 1, \"lease_seconds\": 0}",
            422,
            "lease_seconds is 0",
        ),
        (
            "{\"worker_id\": \"w\", \"limit\": 1, \"lease_seconds\": 3601}",
            422,
            "3600",
        ),
    ] {
        assert_error(
            raw(Method::POST, claim, body).await,
            status,
            "INVALID_REQUEST",
            says,
        );
    }
    let pollable = "/api/internal/export-jobs/pollable";
    assert_error(server.get(pollable).await, 422, "INVALID_REQUEST", "limit");
    let too_many = server.get(&format!("{pollable}?limit=101")).await;
    assert_error(too_many, 422, "INVALID_REQUEST", "limit is 101");
    let jobs = server
        .get("/api/internal/snapshots/nowhere/export-jobs")
        .await;
    assert_error(jobs, 404, "NOT_FOUND", "there is no snapshot \"nowhere\"");
    let update = server
        .patch(
            "/api/internal/export-jobs/nowhere",
            &json!({"lease_seconds": 5}),
        )
        .await;
    assert_error(
        update,
        404,
        "NOT_FOUND",
        "there is no export job \"nowhere\"",
    );
}

#[tokio::test]
async fn control_characters_in_ids_and_tokens_are_refused_before_the_store_sees_them() {
    let server = Server::start().await;
    for path in [
        "/api/snapshots/a%00b",
        "/api/internal/export-jobs/a%00b",
        "/api/internal/snapshots/%0A/export-jobs",
        "/api/internal/snapshots/a%00b/status",
    ] {
        let says = "control character";
        assert_error(server.get(path).await, 404, "NOT_FOUND", says);
    }
    let not_text = server.get("/api/snapshots/%FF").await;
    assert_error(not_text, 404, "NOT_FOUND", "no text");
    let before = server.get("/api/snapshots?before=a%00b").await;
    let says = "before has a control character";
    assert_error(before, 422, "INVALID_REQUEST", says);
    let body = json!({"lease_seconds": 5, "claim_token": "secret\u{0}"});
    let (status, answer) = server.patch("/api/internal/export-jobs/x", &body).await;
    assert!(!answer.to_string().contains("secret"), "{answer}");
    let says = "claim_token has a control character";
    assert_error((status, answer), 422, "INVALID_REQUEST", says);
}

#[tokio::test]
async fn an_update_that_is_none_names_what_it_lacks() {
    let server = Server::start().await;
    for (body, says) in [
        (json!({}), "nothing to update"),
        (
            json!({"status": "completed", "row_count": 1}),
            "completed needs the field size_bytes",
        ),
        (
            json!({"status": "claimed"}),
            "status \"claimed\" cannot be set",
        ),
        (json!({"row_count": -1}), "row_count: invalid value"),
        (
            json!({"completed_at": "yesterday"}),
            "completed_at: timestamp \"yesterday\"",
        ),
        (
            json!({"status": "pending", "retry_after_seconds": 86401}),
            "retry_after_seconds is 86401",
        ),
    ] {
        let answer = server.patch("/api/internal/export-jobs/x", &body).await;
        assert_error(answer, 422, "INVALID_REQUEST", says);
    }
}

#[tokio::test]
async fn a_bad_snapshot_names_the_job_and_the_field() {
    let server = Server::start().await;
    let mut bad = snapshot("Customer");
    bad["jobs"][0]["gcs_path"] = json!("gs:///Customer");
    let answer = server.post("/api/snapshots", &bad).await;
    assert_error(
        answer,
        422,
        "INVALID_REQUEST",
        "jobs[0].gcs_path: \"gs:///Customer\" names no bucket",
    );
    bad["jobs"][0]["column_names"] = json!("custkey");
    let answer = server.post("/api/snapshots", &bad).await;
    assert_error(
        answer,
        422,
        "INVALID_REQUEST",
        "jobs[0].column_names: invalid type",
    );
    let (status, _) = server.post("/api/snapshots", &snapshot("Customer")).await;
    assert_eq!(status, 201);
    let mut nested = snapshot("Order");
    nested["jobs"][0]["gcs_path"] = json!("gs://bucket/Customer/x");
    let answer = server.post("/api/snapshots", &nested).await;
    assert_error(
        answer,
        409,
        "DESTINATION_IN_USE",
        "gs://bucket/Customer/ of export job",
    );
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_refused() {
    let server = Server::start().await;
    let mut large = snapshot("Customer");
    large["jobs"][0]["sql"] = json!("x".repeat(4 * 1024 * 1024));
    let answer = server.post("/api/snapshots", &large).await;
    assert_error(
        answer,
        413,
        "PAYLOAD_TOO_LARGE",
        "larger than 4194304 bytes",
    );
    let long = json!({"status": "failed", "error_message": "x".repeat(256 * 1024)});
    let answer = server.patch("/api/internal/export-jobs/x", &long).await;
    assert_error(answer, 413, "PAYLOAD_TOO_LARGE", "larger than 262144 bytes");
}

#[tokio::test]
async fn a_request_id_is_echoed_or_made_in_header_and_body() {
    let server = Server::start().await;
    let request = server.request(Method::GET, "/api/snapshots/nowhere");
    let response = request
        .header("X-Request-ID", "abc-123")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-request-id"], "abc-123");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["meta"]["request_id"], "abc-123");

    let response = server
        .request(Method::GET, "/healthz")
        .send()
        .await
        .unwrap();
    let made = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["meta"]["request_id"], made);
    assert_eq!(made.len(), 36);
}
