use std::{collections::BTreeMap, time::Duration};

use chrono::{TimeDelta, Utc};
use export_api::{
    ClaimRequest, JobId, JobUpdate, NextUri, PollableRequest, SnapshotId, SnapshotPatch,
    SnapshotStatus, WireTime,
};
use export_sandbox::{Sandbox, gen1::NewGen1Job};
use export_worker::{
    control_plane::{ControlPlaneClient, ControlPlaneCredential, ControlPlaneSettings},
    ports::{ControlPlane, ControlPlaneError},
    retry::RetryPolicy,
    secret::Secret,
};
use tokio_util::sync::CancellationToken;

use super::{KEY, http, sandbox};

fn client(sandbox: &Sandbox, key: &str) -> ControlPlaneClient {
    let settings = ControlPlaneSettings {
        url: sandbox.gen1_url().parse().unwrap(),
        timeout: Duration::from_secs(30),
        retry: RetryPolicy::fixed(Duration::from_millis(1), 5),
    };
    let key = Secret::from_value(key.to_owned().into());
    let credential = ControlPlaneCredential::ApiKey(key);
    ControlPlaneClient::new(settings, credential, &http(), CancellationToken::new()).unwrap()
}

fn new_job(entity: &str) -> NewGen1Job {
    NewGen1Job {
        job_type: "node".to_owned(),
        entity_name: entity.to_owned(),
        sql: Some("SELECT 1".to_owned()),
        column_names: Some(vec!["a".to_owned()]),
        gcs_path: Some(format!("gs://exports/{entity}")),
        starburst_catalog: None,
    }
}

fn claim() -> ClaimRequest {
    ClaimRequest {
        worker_id: "w1".to_owned(),
        limit: 10,
        wait_seconds: Some(1),
        lease_seconds: Some(60),
    }
}

fn pollable() -> PollableRequest {
    PollableRequest {
        limit: 1000,
        worker_id: Some("w1".to_owned()),
        lease_seconds: Some(60),
        wait_seconds: None,
    }
}

fn now() -> WireTime {
    WireTime(Utc::now())
}

#[tokio::test]
async fn jobs_go_from_claimed_to_completed_and_their_snapshot_to_ready() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, KEY);
    client.check().await.unwrap();
    let id = sandbox
        .gen1()
        .create_snapshot(None, vec![new_job("customer")]);
    let snapshot = SnapshotId::from(id.to_string());

    let jobs = client.claim(&claim()).await.unwrap().jobs;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].claim_token, None);
    let job = jobs[0].id.clone();
    let submitted = JobUpdate::Submitted {
        query_id: "20261122_030507_00042_abcde".to_owned(),
        next_uri: NextUri::new("http://starburst/1"),
        next_poll_at: WireTime(Utc::now() - TimeDelta::seconds(5)),
        poll_count: 0,
        submitted_at: now(),
    };
    client.update_job(&job, None, submitted).await.unwrap();
    let creating = SnapshotPatch::Creating;
    client.update_snapshot(&snapshot, &creating).await.unwrap();
    let due = client.pollable(&pollable()).await.unwrap().jobs;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].next_uri, Some(NextUri::new("http://starburst/1")));

    let running = JobUpdate::Running {
        next_uri: NextUri::new("http://starburst/2"),
        next_poll_at: now(),
        poll_count: 1,
    };
    client.update_job(&job, None, running).await.unwrap();
    let completed = JobUpdate::Completed {
        row_count: 5,
        size_bytes: 6,
        files: 1,
        completed_at: now(),
        stats: None,
    };
    let updated = client.update_job(&job, None, completed).await.unwrap();
    assert_eq!(updated.snapshot, None);

    let jobs = client.snapshot_jobs(&snapshot).await.unwrap();
    assert_eq!(jobs[0].row_count, Some(5));
    assert_eq!(jobs[0].next_uri, Some(NextUri::new("http://starburst/2")));
    let ready = SnapshotPatch::Ready {
        node_counts: BTreeMap::from([("customer".to_owned(), 5)]),
        edge_counts: BTreeMap::new(),
        size_bytes: 6,
    };
    client.update_snapshot(&snapshot, &ready).await.unwrap();
    let status = client.snapshot_status(&snapshot).await;
    assert_eq!(status, Ok(SnapshotStatus::Ready));
}

#[tokio::test]
async fn a_job_without_columns_does_not_hide_the_others() {
    let sandbox = sandbox().await;
    let odd = NewGen1Job {
        column_names: None,
        sql: None,
        ..new_job("odd")
    };
    let jobs = vec![new_job("a"), odd, new_job("b")];
    sandbox.gen1().create_snapshot(None, jobs);
    let jobs = client(&sandbox, KEY).claim(&claim()).await.unwrap().jobs;
    assert_eq!(jobs.len(), 3);
    let odd = jobs.iter().find(|job| job.entity_name == "odd").unwrap();
    assert_eq!((&odd.sql, &odd.column_names), (&None, &None));
}

#[tokio::test]
async fn a_count_it_cannot_store_is_told_as_such() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, KEY);
    sandbox.gen1().create_snapshot(None, vec![new_job("a")]);
    let job = client.claim(&claim()).await.unwrap().jobs[0].id.clone();
    let completed = JobUpdate::Completed {
        row_count: 3_000_000_000,
        size_bytes: 1,
        files: 1,
        completed_at: now(),
        stats: None,
    };
    let error = client.update_job(&job, None, completed).await.unwrap_err();
    assert!(
        matches!(error, ControlPlaneError::CountTooLarge { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_wrong_key_and_a_job_that_is_not_there_are_told_apart() {
    let sandbox = sandbox().await;
    let error = client(&sandbox, "wrong").check().await.unwrap_err();
    assert!(
        matches!(error, ControlPlaneError::Unauthorized { status: 401, .. }),
        "{error}"
    );
    let failed = JobUpdate::Failed {
        error_message: "no".to_owned(),
        completed_at: now(),
    };
    let error = client(&sandbox, KEY)
        .update_job(&JobId::from("999"), None, failed)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ControlPlaneError::NotFound { .. }),
        "{error}"
    );
}
