//! What a scrape costs Prometheus: the number of series, whatever passes through.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use sqlx::Connection as _;

use crate::server::{Server, snapshot};

/// One snapshot through every route, with refusals beside it.
async fn put_through(server: &Server, number: usize) {
    let (status, created) = server
        .post("/api/snapshots", &snapshot(&format!("Entity{number}")))
        .await;
    assert_eq!(status, 201);
    let id = created["data"]["snapshot"]["id"].as_str().unwrap();
    server.get(&format!("/api/snapshots/{id}")).await;
    server.get("/api/snapshots").await;
    server.get("/api/snapshots?limit=0").await;
    server.get(&format!("/api/snapshots/nobody-{number}")).await;
    server.get("/api/export-jobs/pending-count").await;
    server.get(&format!("/nowhere/{number}")).await;
    server
        .patch(&format!("/healthz?{number}"), &json!({}))
        .await;
    let of_snapshot = format!("/api/internal/snapshots/{id}");
    server.get(&format!("{of_snapshot}/status")).await;
    server.get(&format!("{of_snapshot}/export-jobs")).await;
    let worker = json!({"worker_id": format!("worker-{number}"), "limit": 1});
    let (_, claimed) = server
        .post("/api/internal/export-jobs/claim", &worker)
        .await;
    let job = &claimed["data"]["jobs"][0];
    let path = format!("/api/internal/export-jobs/{}", job["id"].as_str().unwrap());
    let failed = json!({
        "status": "failed", "error_message": "no", "completed_at": "2026-11-22T03:05:07Z",
        "claim_token": job["claim_token"],
    });
    assert_eq!(server.patch(&path, &failed).await.0, 200);
    server.patch(&path, &json!({"status": "completed"})).await;
    server.get(&path).await;
    server
        .post(&format!("/api/snapshots/{id}/cancel"), &json!({}))
        .await;
    server
        .get("/api/internal/export-jobs/pollable?limit=1")
        .await;
    let any = Method::from_bytes(format!("METHOD{number}").as_bytes()).unwrap();
    server.request(any, "/api/snapshots").send().await.unwrap();
}

/// Every series, with a star for the id of a snapshot; and these ids.
async fn series(server: &Server) -> (BTreeSet<String>, BTreeSet<String>) {
    let url = format!("{}/metrics", server.base);
    let text = server.client.get(url).send().await.unwrap().text().await;
    let (mut all, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for line in text.unwrap().lines().filter(|line| !line.starts_with('#')) {
        let (name, _) = line.rsplit_once(' ').unwrap();
        let id = name
            .split_once("snapshot_id=\"")
            .and_then(|(_, rest)| Some(rest.split_once('"')?.0));
        all.insert(id.map_or_else(|| name.to_owned(), |id| name.replace(id, "*")));
        ids.extend(id.map(str::to_owned));
    }
    (all, ids)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_snapshots_add_no_series() {
    let server = Server::start().await;
    // The same requests twice: the first time of some may be answered otherwise.
    for number in 0..2 {
        put_through(&server, number).await;
    }
    server.post("/api/snapshots", &snapshot("Unfinished")).await;
    // Leased, it is in nobody's way.
    let worker = json!({"worker_id": "worker", "limit": 1});
    server
        .post("/api/internal/export-jobs/claim", &worker)
        .await;
    while series(&server).await.1.len() != 1 {}
    let (before, _) = series(&server).await;

    for number in 10..60 {
        put_through(&server, number).await;
    }
    let url = format!("sqlite://{}", server.database.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    for statement in [
        // One of two is over.
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
         INSERT INTO snapshots (id, status, remaining_jobs, request_digest, created_at, updated_at, completed_at)
         SELECT 'old' || n, CASE n % 2 WHEN 0 THEN 'ready' ELSE 'pending' END, n % 2, '', 0, 0,
            CASE n % 2 WHEN 0 THEN 1 END
         FROM numbers",
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
         INSERT INTO export_jobs (id, snapshot_id, job_type, entity_name, status, sql, column_names,
            gcs_path, destination, attempt, max_attempts, due_at, poll_count, cancel_requested,
            created_at, updated_at)
         SELECT 'job' || n, 'old' || n, 'node', 'E', CASE n % 2 WHEN 0 THEN 'completed' ELSE 'pending' END,
            'SELECT 1', '[]', 'gs://old/' || n, 'old/' || n || '/', 0, 3,
            CASE n % 2 WHEN 0 THEN NULL ELSE 0 END, 0, FALSE, 0, 0
         FROM numbers",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    while server
        .metric("export_control_plane_jobs{status=\"pending\"}")
        .await
        < 5000.0
    {}

    let (after, ids) = series(&server).await;
    let new: Vec<_> = after.difference(&before).collect();
    assert_eq!(new, Vec::<&String>::new());
    assert_eq!(ids.len(), 20, "METRICS_SNAPSHOTS bounds them");
}
