use std::collections::BTreeSet;

use export_api::{Envelope, ExportJob, Jobs};
use serde_json::{Value, json};

use super::*;
use crate::server::{Serve, Server};

struct World {
    gen1: Gen1,
    server: Server,
    client: reqwest::Client,
}

impl World {
    async fn with_jobs(jobs: usize) -> Self {
        crate::tls::install_provider();
        let gen1 = Gen1::new(None);
        let job = |n| NewGen1Job {
            job_type: "node".to_owned(),
            entity_name: format!("Label{n}"),
            sql: Some("SELECT 1 AS id".to_owned()),
            column_names: Some(vec!["id".to_owned()]),
            gcs_path: Some(format!("gs://exports/{n}")),
            starburst_catalog: None,
        };
        gen1.create_snapshot(None, (0..jobs).map(job).collect());
        let server = Serve::new(gen1.router())
            .with_idle(IDLE)
            .listen("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let client = reqwest::Client::new();
        Self {
            gen1,
            server,
            client,
        }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/api/internal{path}", self.server.url());
        let request = self.client.request(method.parse().unwrap(), url);
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    async fn claim(&self, limit: u32) -> Vec<ExportJob> {
        let body = json!({ "worker_id": "w1", "limit": limit, "wait_seconds": 20 });
        let (status, answer) = self.send("POST", "/export-jobs/claim", body).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_value::<Envelope<Jobs>>(answer)
            .unwrap()
            .data
            .jobs
    }

    async fn patch(&self, id: u64, body: Value) -> (u16, Value) {
        self.send("PATCH", &format!("/export-jobs/{id}"), body)
            .await
    }

    async fn pollable(&self) -> Vec<ExportJob> {
        let (status, answer) = self
            .send("GET", "/export-jobs/pollable?limit=100", Value::Null)
            .await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_value::<Envelope<Jobs>>(answer)
            .unwrap()
            .data
            .jobs
    }
}

fn submitted(next_poll_at: &str) -> Value {
    json!({
        "status": "submitted",
        "starburst_query_id": "q1",
        "next_uri": "http://coordinator/1",
        "next_poll_at": next_poll_at,
        "poll_count": 3,
        "submitted_at": "2026-01-01T00:00:00Z",
        "claim_token": "an extension it does not know",
    })
}

#[tokio::test]
async fn a_claimed_job_has_the_fields_of_the_first_generation_and_no_others() {
    let world = World::with_jobs(1).await;
    let body = json!({ "worker_id": "w1", "limit": 10 });
    let (_, answer) = world.send("POST", "/export-jobs/claim", body).await;
    let job = answer["data"]["jobs"][0].as_object().unwrap();
    let fields: BTreeSet<&str> = job.keys().map(String::as_str).collect();
    let expected = "id snapshot_id job_type entity_name status sql column_names starburst_catalog \
        data_source_id claimed_by claimed_at starburst_query_id next_uri next_poll_at poll_count \
        gcs_path row_count size_bytes submitted_at completed_at error_message created_at updated_at";
    assert_eq!(fields, expected.split_whitespace().collect());
    assert_eq!(job["status"], "claimed");
    assert!(job["claimed_at"].as_str().unwrap().ends_with("+00:00"));
    assert!(answer["meta"]["request_id"].is_string());
}

#[tokio::test]
async fn the_still_running_patch_stores_the_next_uri_alone() {
    let world = World::with_jobs(1).await;
    world.patch(1, submitted("2026-01-01T00:00:02Z")).await;
    let body = json!({
        "next_uri": "http://coordinator/2",
        "next_poll_at": "2036-01-01T00:00:00Z",
        "poll_count": 4,
    });
    let (status, answer) = world.patch(1, body).await;
    assert_eq!(status, 200);
    assert_eq!(answer["data"]["next_uri"], "http://coordinator/2");
    assert_eq!(answer["data"]["next_poll_at"], "2026-01-01T00:00:02+00:00");
    assert_eq!(answer["data"]["poll_count"], 0);
    assert_eq!(world.pollable().await.len(), 1);

    // The one way to move the schedule.
    let (_, answer) = world.patch(1, submitted("2036-01-01T00:00:00Z")).await;
    assert_eq!(answer["data"]["next_poll_at"], "2036-01-01T00:00:00+00:00");
    assert!(answer["data"].get("snapshot").is_none());
    assert!(world.pollable().await.is_empty());
}

#[tokio::test]
async fn a_patch_without_status_and_next_uri_finds_no_job() {
    let world = World::with_jobs(1).await;
    let (status, answer) = world.patch(1, json!({ "poll_count": 1 })).await;
    assert_eq!(status, 404);
    assert!(answer["detail"]["message"].is_string());
}

#[tokio::test]
async fn claimers_at_once_share_the_jobs_and_an_empty_claim_is_no_empty_queue() {
    let world = World::with_jobs(10).await;
    let claims = futures::future::join_all((0..4).map(|_| world.claim(10))).await;
    let mut claimed: Vec<_> = claims.iter().flatten().map(|job| job.id.clone()).collect();
    claimed.sort();
    claimed.dedup();
    assert_eq!(claimed.len(), 10);
    assert_eq!(claims.iter().map(Vec::len).sum::<usize>(), 10);

    let world = World::with_jobs(1).await;
    world.gen1.empty_claims(1);
    assert_eq!(world.claim(10).await.len(), 0);
    assert_eq!(world.claim(10).await.len(), 1);
}

#[tokio::test]
async fn pollable_hands_the_same_job_to_everybody() {
    let world = World::with_jobs(1).await;
    world.patch(1, submitted("2026-01-01T00:00:00Z")).await;
    assert_eq!(world.pollable().await, world.pollable().await);
    assert_eq!(world.pollable().await.len(), 1);
    let (status, _) = world
        .send("GET", "/export-jobs/pollable?limit=101", Value::Null)
        .await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn counts_beyond_32_bits_are_too_much() {
    let world = World::with_jobs(1).await;
    let completed = |rows: u64| {
        json!({
            "status": "completed", "row_count": rows, "size_bytes": 1, "completed_at": "2026-01-01T00:00:00Z",
        })
    };
    assert_eq!(world.patch(1, completed(1 << 31)).await.0, 500);
    assert_eq!(world.gen1.job(1).unwrap().status, "pending");
    assert_eq!(world.patch(1, completed((1 << 31) - 1)).await.0, 200);
    // And there is no state machine.
    assert_eq!(
        world.patch(1, submitted("2026-01-01T00:00:00Z")).await.0,
        200
    );
    assert_eq!(world.gen1.job(1).unwrap().status, "submitted");
}

#[tokio::test]
async fn timestamps_and_statuses_are_validated() {
    let world = World::with_jobs(1).await;
    for wrong in [
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00.5Z",
        "2026-1-01T00:00:00Z",
    ] {
        let (status, answer) = world.patch(1, submitted(wrong)).await;
        assert_eq!(status, 422, "{wrong}: {answer}");
        assert_eq!(answer["error"]["code"], "VALIDATION_ERROR");
    }
    for wrong in ["pending", "cancelled", "done"] {
        assert_eq!(world.patch(1, json!({ "status": wrong })).await.0, 422);
    }
}

#[tokio::test]
async fn jobs_without_sql_or_columns_are_handed_out_as_they_are() {
    let world = World::with_jobs(0).await;
    world.gen1.create_snapshot(
        None,
        vec![NewGen1Job {
            job_type: "node".to_owned(),
            entity_name: "Empty".to_owned(),
            ..NewGen1Job::default()
        }],
    );
    let jobs = world.claim(10).await;
    assert_eq!((&jobs[0].sql, &jobs[0].column_names), (&None, &None));
}

#[tokio::test]
async fn a_snapshot_changes_when_the_worker_says_so_and_only_by_patch() {
    let world = World::with_jobs(2).await;
    let failed = json!({
        "status": "failed", "error_message": "no table", "completed_at": "2026-01-01T00:00:00Z",
    });
    for id in [1, 2] {
        world.patch(id, failed.clone()).await;
    }
    let (_, answer) = world.send("GET", "/snapshots/1/status", Value::Null).await;
    assert_eq!(answer["data"], json!({ "status": "pending" }));
    let (_, answer) = world
        .send("GET", "/snapshots/1/export-jobs?status=failed", Value::Null)
        .await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    let (_, answer) = world
        .send(
            "GET",
            "/snapshots/1/export-jobs?status=completed",
            Value::Null,
        )
        .await;
    assert_eq!(answer["data"], json!([]));

    let ready = json!({
        "status": "ready", "node_counts": { "A": 1 }, "edge_counts": {}, "size_bytes": 7,
    });
    let (status, answer) = world
        .send("PUT", "/snapshots/1/status", ready.clone())
        .await;
    assert_eq!((status, answer["detail"].is_string()), (405, true));
    assert_eq!(
        world.send("PATCH", "/snapshots/1/status", ready).await.0,
        200
    );
    world.gen1.until_snapshot(1, "ready").await;
    assert_eq!(world.gen1.snapshot(1).unwrap().size_bytes, Some(7));
}

#[tokio::test]
async fn a_configured_key_is_required() {
    let gen1 = Gen1::new(Some("secret".to_owned()));
    let address = "127.0.0.1:0".parse().unwrap();
    let server = Serve::new(gen1.router()).listen(address).await.unwrap();
    crate::tls::install_provider();
    let client = reqwest::Client::new();
    let url = format!("{}/api/snapshots", server.url());
    let body = json!({ "jobs": [{ "job_type": "node", "entity_name": "A", "sql": null }] });
    let refused = client.post(&url).json(&body).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let request = client
        .post(&url)
        .header(export_api::API_KEY_HEADER, "secret");
    assert_eq!(request.json(&body).send().await.unwrap().status(), 201);
    assert_eq!(gen1.jobs(1).len(), 1);
}
