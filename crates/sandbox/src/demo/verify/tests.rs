use std::time::SystemTime;

use chrono::DateTime;
use export_api::{JobId, Snapshot, SnapshotProgress, SnapshotWithJobs, WireTime};
use object_store::{ObjectStoreExt, memory::InMemory, path::Path};

use super::*;
use crate::{demo::graph, store};

const SCALE: f64 = 0.001;

/// The graph's snapshot as a Control Plane would show it, every job completed with
/// what really lies in the store.
async fn completed() -> (Entry, InMemory) {
    let planned = graph::planned("exports", 1).remove(0);
    let store = InMemory::new();
    let (mut nodes, mut edges, mut jobs) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (n, job) in planned.snapshot.jobs.iter().enumerate() {
        let rows = tpch::count(SCALE, &job.sql).unwrap();
        let file = store::parquet(rows).unwrap();
        let size = file.len();
        let name = format!("{}/part-0", folder(job, "exports").unwrap());
        store.put(&Path::from(name), file.into()).await.unwrap();
        if job.job_type == JobType::Node {
            nodes.insert(job.entity_name.clone(), rows);
        } else {
            edges.insert(job.entity_name.clone(), rows);
        }
        let shown = serde_json::json!({
            "id": n, "snapshot_id": 1, "job_type": job.job_type, "entity_name": job.entity_name,
            "status": "completed", "row_count": rows, "size_bytes": size, "files": 1,
        });
        jobs.push(serde_json::from_value::<ExportJob>(shown).unwrap());
    }
    let now = WireTime(DateTime::from(SystemTime::now()));
    let snapshot = Snapshot {
        id: "1".into(),
        name: None,
        status: SnapshotStatus::Ready,
        node_counts: Some(nodes),
        edge_counts: Some(edges),
        size_bytes: None,
        error_message: None,
        progress: SnapshotProgress::default(),
        created_at: now,
        updated_at: now,
        completed_at: Some(now),
    };
    let mut entry = Entry::new("1".into(), planned);
    let changed = entry.observe(SnapshotWithJobs { snapshot, jobs });
    assert_eq!(changed.len(), 7);
    assert!(entry.is_over());
    (entry, store)
}

async fn findings(entry: &Entry, store: &InMemory) -> Vec<String> {
    let mut findings = Findings::default();
    verify(entry, store, "exports", SCALE, &mut findings)
        .await
        .unwrap();
    findings
        .differences
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[tokio::test]
async fn what_landed_whole_makes_no_difference() {
    let (entry, store) = completed().await;
    assert_eq!(findings(&entry, &store).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_row_too_few_is_told_with_both_numbers() {
    let (entry, store) = completed().await;
    let name = Path::from("demo/graph/nodes/Customer/part-0");
    let file = store::parquet(149).unwrap();
    store.put(&name, file.into()).await.unwrap();
    let found = findings(&entry, &store).await;
    assert!(
        found
            .iter()
            .any(|line| line.contains("Customer: rows read back")
                && line.ends_with("expected 150, found 149")),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_wrong_report_is_told() {
    let (mut entry, store) = completed().await;
    let row = &mut entry.rows[0];
    row.job.row_count = row.job.row_count.map(|rows| rows + 1);
    row.job.id = JobId::from("0");
    row.job.files = Some(2);
    let found = findings(&entry, &store).await;
    assert_eq!(found.len(), 2, "{found:?}");
}

#[tokio::test]
async fn a_cancelled_snapshot_that_left_files_is_told() {
    let (mut entry, store) = completed().await;
    entry.planned.expectation = Expectation::Cancelled;
    let found = findings(&entry, &store).await;
    // Its status, and of each of its 7 jobs state and files.
    assert_eq!(found.len(), 15, "{found:?}");
}
