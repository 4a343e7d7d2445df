//! What metrics tell of the queue: one look, on one state of the database, whose cost goes
//! with the jobs that are not over and never with those that are.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use export_api::{JobStatus, SnapshotId, SnapshotProgress};

use super::{
    LiveJobs, Store, StoreError,
    engine::{Sql, Transaction},
    read,
    row::{self, instant},
};

/// Each is the first entry of an index.
const OLDEST: Sql = Sql::same(
    "SELECT
        (SELECT MIN(due_at) FROM export_jobs WHERE status = 'pending' AND due_at IS NOT NULL) AS pending,
        (SELECT MIN(claimed_at) FROM export_jobs WHERE status = 'claimed') AS claimed,
        (SELECT MIN(submitted_at) FROM export_jobs WHERE status = 'submitted') AS submitted",
);

const UNFINISHED: Sql = Sql::same(
    "SELECT status, COUNT(*) AS count FROM snapshots WHERE completed_at IS NULL GROUP BY status",
);

/// A snapshot's row is written when a job of it ends, the job's own row at every other move.
const IDLE_SINCE: Sql = Sql::same(
    "SELECT MIN(CASE WHEN job_moved_at > updated_at THEN job_moved_at ELSE updated_at END) AS since
     FROM (SELECT updated_at,
            (SELECT MAX(j.updated_at) FROM export_jobs j
             WHERE j.snapshot_id = s.id AND j.due_at IS NOT NULL) AS job_moved_at
           FROM snapshots s WHERE completed_at IS NULL) AS moves",
);

const FIRST_SNAPSHOTS: Sql = Sql::same(
    "SELECT id, created_at FROM snapshots WHERE completed_at IS NULL ORDER BY id LIMIT $1",
);

const THEIR_JOBS: Sql = Sql::same(
    "SELECT snapshot_id, status, COUNT(*) AS count FROM export_jobs
     WHERE snapshot_id IN (
        SELECT id FROM snapshots WHERE completed_at IS NULL ORDER BY id LIMIT $1)
     GROUP BY snapshot_id, status",
);

/// The queue at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueView {
    /// Jobs that are not over.
    pub live: LiveJobs,
    /// The job that is longest in each status.
    pub oldest: OldestJobs,
    /// Snapshots that are not over.
    pub snapshots: UnfinishedSnapshots,
    /// When the snapshot that waits longest last saw one of its jobs move, among those
    /// that are not over.
    pub idle_since: Option<DateTime<Utc>>,
    /// The oldest snapshots that are not over, oldest first.
    pub first_snapshots: Vec<UnfinishedSnapshot>,
}

/// Since when the job that is longest in a status is in it; nothing where none is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OldestJobs {
    /// Since it could be claimed; in the future where all wait out a delay.
    pub pending: Option<DateTime<Utc>>,
    /// Since it was claimed.
    pub claimed: Option<DateTime<Utc>>,
    /// Since its query was registered, by the worker's clock.
    pub submitted: Option<DateTime<Utc>>,
}

/// Snapshots that are not over, by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnfinishedSnapshots {
    /// None of their queries was registered yet.
    pub pending: u64,
    /// With a query that was.
    pub creating: u64,
}

/// A snapshot that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedSnapshot {
    /// Its id.
    pub id: SnapshotId,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Its jobs by status.
    pub progress: SnapshotProgress,
}

/// Nobody waits longer for a look: the database must not go on with it either, on a
/// connection that requests need. SQLite has no such limit, and no connection to spare.
const BRIEFLY: Sql = Sql {
    sqlite: "SELECT 1",
    postgres: "SET LOCAL statement_timeout = '2s'",
};

impl Store {
    /// Looks at the queue, and at the `snapshots` oldest of its unfinished snapshots one by one.
    pub async fn view(&self, snapshots: u32) -> Result<QueueView, StoreError> {
        let mut tx = self.engine.read().await?;
        tx.execute(&BRIEFLY, &[]).await?;
        let live = read::live_jobs(&mut *tx).await?;
        let oldest = match tx.fetch(&OLDEST, &[]).await?.first() {
            None => OldestJobs::default(),
            Some(row) => {
                let since = |status| row.int_or_null(status)?.map(instant).transpose();
                OldestJobs {
                    pending: since("pending")?,
                    claimed: since("claimed")?,
                    submitted: since("submitted")?,
                }
            }
        };
        let mut unfinished = UnfinishedSnapshots::default();
        for row in tx.fetch(&UNFINISHED, &[]).await? {
            let count = row.count("count")?;
            match row.text("status")?.as_str() {
                "pending" => unfinished.pending = count,
                "creating" => unfinished.creating = count,
                _ => {}
            }
        }
        let idle_since = match tx.fetch(&IDLE_SINCE, &[]).await?.first() {
            None => None,
            Some(row) => row.int_or_null("since")?.map(instant).transpose()?,
        };
        Ok(QueueView {
            live,
            oldest,
            snapshots: unfinished,
            idle_since,
            first_snapshots: first_snapshots(&mut *tx, snapshots).await?,
        })
    }
}

async fn first_snapshots(
    tx: &mut dyn Transaction,
    limit: u32,
) -> Result<Vec<UnfinishedSnapshot>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut progress: HashMap<String, SnapshotProgress> = HashMap::new();
    for row in tx.fetch(&THEIR_JOBS, &[limit.into()]).await? {
        let of_snapshot = progress.entry(row.text("snapshot_id")?).or_default();
        let status = JobStatus::from(row.text("status")?);
        row::add(of_snapshot, &status, row.count("count")?);
    }
    let rows = tx.fetch(&FIRST_SNAPSHOTS, &[limit.into()]).await?;
    rows.iter()
        .map(|row| {
            let id = row.text("id")?;
            Ok(UnfinishedSnapshot {
                progress: progress.remove(&id).unwrap_or_default(),
                created_at: instant(row.int("created_at")?)?,
                id: id.into(),
            })
        })
        .collect()
}

/// The statements of a look, to have their plans examined.
#[cfg(feature = "test-support")]
pub const STATEMENTS: [&str; 5] = [
    OLDEST.postgres,
    UNFINISHED.postgres,
    IDLE_SINCE.postgres,
    FIRST_SNAPSHOTS.postgres,
    THEIR_JOBS.postgres,
];
