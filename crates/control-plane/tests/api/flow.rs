use export_api::{ExportJob, JobStatus};
use reqwest::Method;
use serde_json::json;

use crate::server::{Server, snapshot};

#[tokio::test]
async fn a_snapshot_goes_from_its_creation_to_ready_over_http() {
    let server = Server::start().await;
    let create = || {
        server
            .request(Method::POST, "/api/snapshots")
            .header("Idempotency-Key", "one")
            .json(&snapshot("Customer"))
    };
    let (status, created) = Server::send(create()).await;
    assert_eq!(status, 201);
    let id = created["data"]["snapshot"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (status, again) = Server::send(create()).await;
    assert_eq!(status, 200);
    assert_eq!(again["data"]["snapshot"]["id"], id.as_str());
    let other = server
        .request(Method::POST, "/api/snapshots")
        .header("Idempotency-Key", "one");
    let (status, refused) = Server::send(other.json(&snapshot("Order"))).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["code"]),
        (409, &json!("IDEMPOTENCY_CONFLICT"))
    );

    let (_, count) = server.get("/api/export-jobs/pending-count").await;
    assert_eq!(count, json!({"pendingCount": 1, "liveCount": 1}));

    let claim = json!({"worker_id": "w1", "limit": 10, "lease_seconds": 30});
    let (_, claimed) = server.post("/api/internal/export-jobs/claim", &claim).await;
    let jobs: Vec<ExportJob> = serde_json::from_value(claimed["data"]["jobs"].clone()).unwrap();
    let [job] = jobs.as_slice() else {
        panic!("{claimed}")
    };
    assert_eq!(job.status, JobStatus::Claimed);
    assert_eq!(
        claimed["data"]["jobs"][0]["lease_expires_at"],
        "2026-11-22T03:05:37Z"
    );
    let path = format!("/api/internal/export-jobs/{}", job.id);
    let submitted = json!({
        "claim_token": job.claim_token, "status": "submitted", "starburst_query_id": "q1",
        "next_uri": "http://starburst/1", "next_poll_at": "2026-11-22T03:05:09Z",
        "poll_count": 0, "submitted_at": "2026-11-22T03:05:07Z",
    });
    let (status, answer) = server.patch(&path, &submitted).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["data"]["snapshot"],
        json!({"status": "creating", "remaining_jobs": 1})
    );
    let stale = json!({"claim_token": "stale", "lease_seconds": 30});
    let (status, lost) = server.patch(&path, &stale).await;
    assert_eq!(
        (status.as_u16(), &lost["error"]["code"]),
        (409, &json!("LEASE_LOST"))
    );
    let cancelled = json!({
        "claim_token": job.claim_token, "status": "cancelled", "completed_at": "2026-11-22T03:05:08Z"
    });
    let (status, refused) = server.patch(&path, &cancelled).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["code"]),
        (409, &json!("INVALID_TRANSITION"))
    );
    let running = json!({
        "claim_token": job.claim_token, "next_uri": "http://starburst/2",
        "next_poll_at": "2026-11-22T03:05:09Z", "poll_count": 1,
    });
    assert_eq!(server.patch(&path, &running).await.0, 200);

    server.clock.set("2026-11-22T03:05:09Z".parse().unwrap());
    let (_, polled) = server
        .get("/api/internal/export-jobs/pollable?limit=5&worker_id=w2")
        .await;
    let token = &polled["data"]["jobs"][0]["claim_token"];
    assert_eq!(polled["data"]["jobs"][0]["next_uri"], "http://starburst/2");
    let completed = json!({
        "claim_token": token, "status": "completed", "row_count": 3_000_000_000_u64,
        "size_bytes": 12, "files": 2, "completed_at": "2026-11-22T03:05:10Z",
        "stats": {"processed_rows": 1, "processed_bytes": 2, "cpu_millis": 3,
            "peak_memory_bytes": 4, "elapsed_millis": 5, "queued_millis": 6},
    });
    let (_, answer) = server.patch(&path, &completed).await;
    assert_eq!(
        answer["data"]["snapshot"],
        json!({"status": "ready", "remaining_jobs": 0})
    );

    let (_, read) = server.get(&format!("/api/snapshots/{id}")).await;
    assert_eq!(
        read["data"]["snapshot"]["node_counts"],
        json!({"Customer": 3_000_000_000_u64})
    );
    assert_eq!(read["data"]["snapshot"]["progress"]["completed"], 1);
    assert_eq!(read["data"]["jobs"][0]["files"], 2);
    let (_, status) = server
        .get(&format!("/api/internal/snapshots/{id}/status"))
        .await;
    assert_eq!(status["data"], json!({"status": "ready"}));
    let ready = json!({"status": "ready", "node_counts": {}, "edge_counts": {}, "size_bytes": 0});
    for method in [Method::PATCH, Method::PUT] {
        let request = server.request(method, &format!("/api/internal/snapshots/{id}/status"));
        assert_eq!(Server::send(request.json(&ready)).await.0, 200);
    }
    for (filter, jobs) in [
        ("", 1),
        ("?status=completed", 1),
        ("?status_filter=failed", 0),
    ] {
        let path = format!("/api/internal/snapshots/{id}/export-jobs{filter}");
        let (_, listed) = server.get(&path).await;
        assert_eq!(
            listed["data"]["jobs"].as_array().unwrap().len(),
            jobs,
            "{filter}"
        );
    }
    let (_, one) = server.get(&path).await;
    assert_eq!(one["data"]["row_count"], 3_000_000_000_u64);
    assert!((server.metric("export_control_plane_claims_total").await - 1.0).abs() < f64::EPSILON);
    let losses = server
        .metric("export_control_plane_lease_losses_total")
        .await;
    assert!((losses - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_cancelled_snapshot_says_so_and_its_claimed_job_is_lost_to_the_worker() {
    let server = Server::start().await;
    let (_, created) = server.post("/api/snapshots", &snapshot("Customer")).await;
    let id = created["data"]["snapshot"]["id"].as_str().unwrap();
    let claim = json!({"worker_id": "w1", "limit": 1});
    let (_, claimed) = server.post("/api/internal/export-jobs/claim", &claim).await;
    let job = &claimed["data"]["jobs"][0];
    let (status, cancelled) = server
        .post(&format!("/api/snapshots/{id}/cancel"), &json!({}))
        .await;
    assert_eq!(status, 200);
    assert_eq!(cancelled["data"]["snapshot"]["status"], "cancelled");
    let path = format!("/api/internal/export-jobs/{}", job["id"].as_str().unwrap());
    let heartbeat = json!({"claim_token": job["claim_token"], "lease_seconds": 30});
    let (status, lost) = server.patch(&path, &heartbeat).await;
    assert_eq!(
        (status.as_u16(), &lost["error"]["code"]),
        (409, &json!("LEASE_LOST"))
    );
}
