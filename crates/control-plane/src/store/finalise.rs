use std::collections::BTreeMap;

use export_api::{JobStatus, SnapshotStatus};

use super::{
    StoreError,
    engine::{Row, Sql, Transaction},
};

const BEGIN: Sql = Sql::same(
    "UPDATE snapshots SET status = 'creating', updated_at = $2 WHERE id = $1 AND status = 'pending'",
);

const COUNT_DOWN: Sql = Sql::same(
    "UPDATE snapshots SET remaining_jobs = remaining_jobs - $2, updated_at = $3 WHERE id = $1
     RETURNING remaining_jobs",
);

const OUTCOMES: Sql = Sql::same(
    "SELECT job_type, entity_name, status, row_count, size_bytes, error_message
     FROM export_jobs WHERE snapshot_id = $1 ORDER BY seq",
);

const READY: Sql = Sql::same(
    "UPDATE snapshots SET status = 'ready', node_counts = $2, edge_counts = $3, size_bytes = $4,
        completed_at = $5
     WHERE id = $1 AND status IN ('pending', 'creating') AND remaining_jobs = 0",
);

const FAILED: Sql = Sql::same(
    "UPDATE snapshots SET status = 'failed', error_message = $2, completed_at = $3
     WHERE id = $1 AND status IN ('pending', 'creating') AND remaining_jobs = 0",
);

/// Failed jobs a snapshot's message names; of more it says how many.
const FAILURES_NAMED: usize = 5;
/// Characters of each job's message in its snapshot's.
const FAILURE_CHARACTERS: usize = 500;

/// How a snapshot stands, its row locked.
pub(super) struct Standing {
    pub(super) id: String,
    pub(super) status: SnapshotStatus,
    pub(super) remaining_jobs: u64,
}

/// The first query of a snapshot was registered.
pub(super) async fn begin(
    tx: &mut dyn Transaction,
    snapshot: Standing,
    now: i64,
) -> Result<Standing, StoreError> {
    if snapshot.status != SnapshotStatus::Pending {
        return Ok(snapshot);
    }
    tx.execute(&BEGIN, &[snapshot.id.as_str().into(), now.into()])
        .await?;
    Ok(Standing {
        status: SnapshotStatus::Creating,
        ..snapshot
    })
}

/// So many jobs of a snapshot ended. After the last one the snapshot is over too, in
/// the same transaction: no crash can leave it unfinished. The caller holds the
/// snapshot's row, so exactly one of two last jobs sees 0.
pub(super) async fn jobs_ended(
    tx: &mut dyn Transaction,
    snapshot: Standing,
    count: u32,
    now: i64,
) -> Result<Standing, StoreError> {
    let rows = tx
        .fetch(
            &COUNT_DOWN,
            &[snapshot.id.as_str().into(), count.into(), now.into()],
        )
        .await?;
    let remaining_jobs = match rows.first() {
        Some(row) => row.count("remaining_jobs")?,
        None => return Err(StoreError::NoSuchSnapshot(snapshot.id)),
    };
    let snapshot = Standing {
        remaining_jobs,
        ..snapshot
    };
    if remaining_jobs > 0 || snapshot.status.is_terminal() {
        return Ok(snapshot);
    }
    let rows = tx.fetch(&OUTCOMES, &[snapshot.id.as_str().into()]).await?;
    let id = snapshot.id.as_str();
    let status = if let Some(message) = failures(&rows)? {
        tx.execute(&FAILED, &[id.into(), message.into(), now.into()])
            .await?;
        SnapshotStatus::Failed
    } else {
        let size = rows.iter().try_fold(0_i64, |sum, row| {
            let bytes = row.int_or_null("size_bytes")?.unwrap_or(0);
            Ok::<_, StoreError>(sum.saturating_add(bytes))
        })?;
        let values = [
            id.into(),
            counts(&rows, "node")?.into(),
            counts(&rows, "edge")?.into(),
            size.into(),
            now.into(),
        ];
        tx.execute(&READY, &values).await?;
        SnapshotStatus::Ready
    };
    Ok(Standing { status, ..snapshot })
}

/// What failed, or nothing.
fn failures(rows: &[Row]) -> Result<Option<String>, StoreError> {
    let mut messages = Vec::new();
    for row in rows {
        if JobStatus::from(row.text("status")?) != JobStatus::Completed {
            let why = row.text_or_null("error_message")?.unwrap_or_default();
            let why: String = why.chars().take(FAILURE_CHARACTERS).collect();
            let job_type = row.text("job_type")?;
            messages.push(format!("{job_type} {}: {why}", row.text("entity_name")?));
        }
    }
    if messages.is_empty() {
        return Ok(None);
    }
    let failed = messages.len();
    messages.truncate(FAILURES_NAMED);
    let more = match failed - messages.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Ok(Some(format!(
        "{failed} of {} jobs failed: {}{more}",
        rows.len(),
        messages.join("; ")
    )))
}

/// Rows by entity, as JSON.
fn counts(rows: &[Row], job_type: &str) -> Result<String, StoreError> {
    let mut counts = BTreeMap::new();
    for row in rows {
        if row.text("job_type")? == job_type {
            let count = row.count_or_null("row_count")?.unwrap_or(0);
            counts.insert(row.text("entity_name")?, count);
        }
    }
    serde_json::to_string(&counts).map_err(|error| StoreError::Internal(error.to_string()))
}
