use serde_json::json;

use super::*;
use crate::demo::graph;

/// The snapshot as the Control Plane shows it, its jobs in these states.
fn seen(status: &str, jobs: &[&str]) -> SnapshotWithJobs {
    let jobs: Vec<_> = jobs
        .iter()
        .enumerate()
        .map(|(id, job)| {
            json!({
                "id": id, "snapshot_id": 1, "job_type": "node", "entity_name": "A", "status": job,
            })
        })
        .collect();
    let progress = json!({
        "total": 2, "pending": 0, "claimed": 0, "submitted": 0,
        "completed": 0, "failed": 0, "cancelled": 0,
    });
    let shown = json!({
        "snapshot": {
            "id": 1, "status": status, "progress": progress,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        },
        "jobs": jobs,
    });
    serde_json::from_value(shown).unwrap()
}

fn entry(expectation: Expectation) -> Entry {
    let mut plans = graph::planned("exports", 1);
    plans.retain(|planned| planned.expectation == expectation);
    Entry::new("1".into(), plans.remove(0))
}

#[test]
fn a_job_is_told_when_its_state_changes_and_not_otherwise() {
    let mut entry = entry(Expectation::Ready);
    assert_eq!(
        entry.observe(seen("pending", &["pending", "claimed"])),
        [0, 1]
    );
    assert_eq!(
        entry.observe(seen("creating", &["pending", "submitted"])),
        [1]
    );
    assert!(
        entry
            .observe(seen("creating", &["pending", "submitted"]))
            .is_empty()
    );
}

#[test]
fn the_time_a_job_took_stands_still_once_it_is_over() {
    let mut entry = entry(Expectation::Ready);
    entry.observe(seen("creating", &["submitted", "completed"]));
    let took = entry.rows[1].took;
    assert!(took.is_some() && entry.rows[0].took.is_none());
    entry.observe(seen("ready", &["completed", "completed"]));
    assert_eq!(entry.rows[1].took, took);
}

#[test]
fn it_is_over_when_the_snapshot_and_all_its_jobs_are() {
    let mut entry = entry(Expectation::Cancelled);
    assert!(!entry.is_over());
    entry.observe(seen("cancelled", &["cancelled", "submitted"]));
    assert!(!entry.is_over());
    entry.observe(seen("cancelled", &["cancelled", "completed"]));
    assert!(entry.is_over());
}

#[test]
fn it_is_cancelled_once_when_all_its_queries_run() {
    let mut entry = entry(Expectation::Cancelled);
    assert!(!entry.is_to_be_cancelled());
    entry.observe(seen("creating", &["claimed", "submitted"]));
    assert!(!entry.is_to_be_cancelled());
    entry.observe(seen("creating", &["submitted", "submitted"]));
    assert!(entry.is_to_be_cancelled());
    assert!(!entry.is_to_be_cancelled());
}
