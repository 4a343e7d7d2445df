//! The wire types against JSON as it is on the wire: read, written, and nothing lost.
//!
//! Each file of `fixtures/wire` belongs to one line here.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test, in functions its tests share"
)]

use std::{collections::BTreeMap, fmt::Debug, path::PathBuf};

use export_api::{
    ApiError, ClaimRequest, ClaimToken, CreatedSnapshot, Envelope, ErrorAnswer, ErrorCode,
    ExportJob, JobPatch, JobStatus, JobType, JobUpdate, JobUpdated, Jobs, Meta, NewJob,
    NewSnapshot, NextUri, PendingCount, PollableRequest, QueryStats, Snapshot, SnapshotAfterUpdate,
    SnapshotPatch, SnapshotProgress, SnapshotStatus, SnapshotStatusAnswer, WireTime,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/wire"))
}

fn golden(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Reads the file as `expected` and writes `expected` as the file.
fn both_ways<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, expected: &T) {
    let golden = golden(name);
    let read: T = serde_json::from_value(golden.clone()).unwrap();
    assert_eq!(&read, expected, "{name}, read");
    assert_eq!(
        serde_json::to_value(expected).unwrap(),
        golden,
        "{name}, written"
    );
}

fn at(text: &str) -> WireTime {
    WireTime(text.parse().unwrap())
}

fn noon() -> WireTime {
    at("2026-11-22T03:05:07Z")
}

fn meta() -> Meta {
    Meta {
        request_id: Some("0199c0de-0000-7000-8000-000000000001".to_owned()),
    }
}

/// A job of which nothing is known but what every job has.
fn bare_job(id: &str, snapshot: &str, kind: JobType, entity: &str, status: JobStatus) -> ExportJob {
    ExportJob {
        id: id.into(),
        snapshot_id: snapshot.into(),
        job_type: kind,
        entity_name: entity.to_owned(),
        status,
        sql: None,
        column_names: None,
        starburst_catalog: None,
        data_source_id: None,
        claimed_by: None,
        claimed_at: None,
        starburst_query_id: None,
        next_uri: None,
        next_poll_at: None,
        poll_count: None,
        gcs_path: None,
        row_count: None,
        size_bytes: None,
        submitted_at: None,
        completed_at: None,
        error_message: None,
        created_at: None,
        updated_at: None,
        claim_token: None,
        lease_expires_at: None,
        attempt: None,
        max_attempts: None,
        starburst_role: None,
        cancel_requested: None,
        files: None,
        traceparent: None,
    }
}

#[test]
fn requests_for_work() {
    let claim = ClaimRequest {
        worker_id: "export-worker-0".to_owned(),
        limit: 10,
        wait_seconds: None,
        lease_seconds: None,
    };
    both_ways("claim_request", &claim);
    let long_poll = ClaimRequest {
        wait_seconds: Some(20),
        lease_seconds: Some(60),
        ..claim
    };
    both_ways("claim_request_long_poll", &long_poll);
    let pollable = PollableRequest {
        limit: 100,
        worker_id: Some("export-worker-0".to_owned()),
        lease_seconds: Some(60),
        wait_seconds: Some(20),
    };
    both_ways("pollable_request", &pollable);
    let count = PendingCount { pending_count: 12 };
    both_ways("pending_count", &count);
}

#[test]
fn jobs_of_the_reference_control_plane() {
    let claimed = ExportJob {
        sql: Some("SELECT custkey, orderkey FROM orders".to_owned()),
        column_names: Some(vec![
            "custkey".to_owned(),
            "order \"key\", quoted".to_owned(),
        ]),
        starburst_catalog: Some("lake".to_owned()),
        data_source_id: Some(json!("tpch")),
        claimed_by: Some("export-worker-0".to_owned()),
        claimed_at: Some(noon()),
        starburst_query_id: Some("20261122_030407_00041_abcde".to_owned()),
        next_uri: Some(NextUri::new(
            "https://starburst/v1/statement/queued/20261122_030407_00041_abcde/slug/1",
        )),
        poll_count: Some(3),
        gcs_path: Some("gs://exports/snapshot-1/ordered".to_owned()),
        submitted_at: Some(at("2026-11-22T03:04:07Z")),
        error_message: Some("attempt 1: query was killed".to_owned()),
        created_at: Some(at("2026-11-22T03:00:00Z")),
        updated_at: Some(noon()),
        claim_token: Some(ClaimToken::new("token-2")),
        lease_expires_at: Some(at("2026-11-22T03:06:07Z")),
        attempt: Some(2),
        max_attempts: Some(3),
        starburst_role: Some("exporter".to_owned()),
        cancel_requested: Some(false),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01b902b7-01".to_owned()),
        ..bare_job(
            "job-1",
            "snapshot-1",
            JobType::Edge,
            "ordered",
            JobStatus::Claimed,
        )
    };
    let answer = Envelope {
        data: Jobs {
            jobs: vec![claimed],
        },
        meta: meta(),
    };
    both_ways("claim_answer", &answer);
}

#[test]
fn large_counts_and_names_from_the_future() {
    let job = ExportJob {
        row_count: Some(9_000_000_000),
        size_bytes: Some(u64::MAX),
        completed_at: Some(noon()),
        files: Some(12),
        ..bare_job(
            "job-1",
            "snapshot-1",
            JobType::Unknown("hyperedge".to_owned()),
            "ordered",
            JobStatus::Unknown("archived".to_owned()),
        )
    };
    both_ways("job_completed", &job);
}

#[test]
fn a_job_of_the_first_generation_is_read_with_its_offsets_numbers_and_extra_fields() {
    let read: ExportJob = serde_json::from_value(golden("job_first_generation")).unwrap();
    let expected = ExportJob {
        data_source_id: Some(json!(3)),
        claimed_by: Some("export-worker-0".to_owned()),
        claimed_at: Some(noon()),
        poll_count: Some(0),
        gcs_path: Some("gs://exports/7/customer".to_owned()),
        created_at: Some(at("2026-11-22T03:05:00.123456Z")),
        updated_at: Some(noon()),
        ..bare_job("41", "7", JobType::Node, "customer", JobStatus::Claimed)
    };
    assert_eq!(read, expected);
}

/// The update as a fenced body, and the body as the update.
fn update_both_ways(name: &str, token: Option<&str>, update: &JobUpdate) {
    let token = token.map(ClaimToken::new);
    let patch = update.clone().into_patch(token.clone());
    both_ways(name, &patch);
    assert_eq!(patch.claim_token, token, "{name}");
    let read: JobPatch = serde_json::from_value(golden(name)).unwrap();
    assert_eq!(JobUpdate::try_from(read).as_ref(), Ok(update), "{name}");
}

fn fenced(name: &str, update: &JobUpdate) {
    update_both_ways(name, Some("token-2"), update);
}

#[test]
fn updates_of_a_query() {
    fenced(
        "patch_submitted",
        &JobUpdate::Submitted {
            query_id: "20261122_030507_00042_abcde".to_owned(),
            next_uri: NextUri::new(
                "https://starburst/v1/statement/queued/20261122_030507_00042_abcde/slug/1",
            ),
            next_poll_at: at("2026-11-22T03:05:09Z"),
            poll_count: 0,
            submitted_at: noon(),
        },
    );
    fenced(
        "patch_running",
        &JobUpdate::Running {
            next_uri: NextUri::new(
                "https://starburst/v1/statement/executing/20261122_030507_00042_abcde/slug/7",
            ),
            next_poll_at: at("2026-11-22T03:05:12Z"),
            poll_count: 2,
        },
    );
    fenced(
        "patch_heartbeat",
        &JobUpdate::Heartbeat { lease_seconds: 60 },
    );
}

#[test]
fn updates_that_end_a_job() {
    fenced(
        "patch_completed",
        &JobUpdate::Completed {
            row_count: 9_000_000_000,
            size_bytes: 1 << 40,
            files: 12,
            completed_at: noon(),
            stats: Some(QueryStats {
                processed_rows: 9_000_000_001,
                processed_bytes: 2 << 40,
                cpu_millis: 3_600_000,
                peak_memory_bytes: 8 << 30,
                elapsed_millis: 120_000,
                queued_millis: 1500,
            }),
        },
    );
    update_both_ways(
        "patch_without_token",
        None,
        &JobUpdate::Completed {
            row_count: 0,
            size_bytes: 0,
            files: 0,
            completed_at: noon(),
            stats: None,
        },
    );
    fenced(
        "patch_failed",
        &JobUpdate::Failed {
            error_message: "TABLE_NOT_FOUND: line 1:15: table 'lake.tpch.custmer' does not exist"
                .to_owned(),
            completed_at: noon(),
        },
    );
    fenced(
        "patch_cancelled",
        &JobUpdate::Cancelled {
            completed_at: noon(),
        },
    );
}

#[test]
fn updates_that_give_a_job_back() {
    fenced(
        "patch_give_back",
        &JobUpdate::GiveBack {
            error_message: "storage did not list gs://exports/snapshot-1/ordered/: status 503"
                .to_owned(),
            retry_after_seconds: 30,
            interrupted: false,
        },
    );
    fenced(
        "patch_interrupted",
        &JobUpdate::GiveBack {
            error_message: "interrupted by shutdown".to_owned(),
            retry_after_seconds: 0,
            interrupted: true,
        },
    );
}

#[test]
fn times_are_written_without_offset_and_fraction() {
    let odd = at("2026-11-22T04:05:07.999999+01:00");
    assert_eq!(
        serde_json::to_value(odd).unwrap(),
        json!("2026-11-22T03:05:07Z")
    );
}

#[test]
fn answers_to_an_update_and_to_a_question() {
    let updated = Envelope {
        data: JobUpdated {
            snapshot: Some(SnapshotAfterUpdate {
                status: SnapshotStatus::Ready,
                remaining_jobs: 0,
            }),
        },
        meta: meta(),
    };
    both_ways("job_updated", &updated);
    let status = Envelope {
        data: SnapshotStatusAnswer {
            status: SnapshotStatus::Creating,
        },
        meta: Meta::default(),
    };
    both_ways("snapshot_status", &status);
    let error = ErrorAnswer {
        error: ApiError {
            code: ErrorCode::LeaseLost,
            message: "the claim token is stale; nothing was changed".to_owned(),
            details: Some(json!({"job_id": "job-1"})),
        },
        meta: meta(),
    };
    both_ways("error_answer", &error);
}

#[test]
fn updates_of_a_snapshot() {
    both_ways("snapshot_patch_creating", &SnapshotPatch::Creating);
    let ready = SnapshotPatch::Ready {
        node_counts: BTreeMap::from([("customer".to_owned(), 1500), ("part".to_owned(), 0)]),
        edge_counts: BTreeMap::from([("ordered".to_owned(), 9_000_000_000)]),
        size_bytes: 1 << 40,
    };
    both_ways("snapshot_patch_ready", &ready);
    let failed = SnapshotPatch::Failed {
        error_message: "customer: table does not exist".to_owned(),
    };
    both_ways("snapshot_patch_failed", &failed);
}

#[test]
fn snapshots_as_people_make_and_read_them() {
    let job = |kind, entity: &str, sql: &str, columns: [&str; 2]| NewJob {
        job_type: kind,
        entity_name: entity.to_owned(),
        sql: sql.to_owned(),
        column_names: columns.map(str::to_owned).to_vec(),
        gcs_path: format!("gs://exports/snapshot-1/{entity}"),
        starburst_catalog: None,
        starburst_role: None,
    };
    let node = job(
        JobType::Node,
        "customer",
        "SELECT custkey, name FROM customer",
        ["custkey", "name"],
    );
    let edge = NewJob {
        starburst_catalog: Some("lake".to_owned()),
        starburst_role: Some("exporter".to_owned()),
        ..job(
            JobType::Edge,
            "ordered",
            "SELECT custkey, orderkey FROM orders",
            ["custkey", "orderkey"],
        )
    };
    let new = NewSnapshot {
        name: Some("customers and their orders".to_owned()),
        jobs: vec![node, edge],
        max_attempts: Some(3),
    };
    both_ways("new_snapshot", &new);

    let snapshot = Snapshot {
        id: "snapshot-1".into(),
        name: None,
        status: SnapshotStatus::Ready,
        node_counts: Some(BTreeMap::from([("customer".to_owned(), 1500)])),
        edge_counts: Some(BTreeMap::new()),
        size_bytes: Some(1 << 40),
        error_message: None,
        progress: SnapshotProgress {
            total: 6,
            pending: 0,
            claimed: 1,
            submitted: 2,
            completed: 1,
            failed: 1,
            cancelled: 1,
        },
        created_at: at("2026-11-22T03:00:00Z"),
        updated_at: noon(),
        completed_at: Some(noon()),
    };
    let created = Envelope {
        data: CreatedSnapshot { snapshot },
        meta: meta(),
    };
    both_ways("created_snapshot", &created);
}

#[test]
fn every_file_belongs_to_a_test() {
    let source = include_str!("golden.rs");
    let mut files = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.strip_suffix(".json").expect("only JSON lies here");
        assert!(
            source.contains(&format!("\"{name}\"")),
            "{name} is loaded by no test"
        );
        files += 1;
    }
    assert!(files > 0);
}
