use std::collections::HashMap;

use export_api::{
    ExportJob, JobId, JobStatus, Snapshot, SnapshotId, SnapshotPatch, SnapshotProgress,
    SnapshotStatus, SnapshotWithJobs,
};

use super::{
    Store, StoreError,
    engine::{Sql, Transaction},
    row::{self, View, micros},
};

const PING: Sql = Sql::same("SELECT COUNT(*) AS count FROM snapshots WHERE id = ''");
const JOB: Sql = Sql::same("SELECT * FROM export_jobs WHERE id = $1");
const SNAPSHOT: Sql = Sql::same("SELECT * FROM snapshots WHERE id = $1");
const JOBS_OF_SNAPSHOT: Sql =
    Sql::same("SELECT * FROM export_jobs WHERE snapshot_id = $1 ORDER BY seq");
const NEWEST: Sql =
    Sql::same("SELECT * FROM snapshots WHERE $1 IS NULL OR id < $1 ORDER BY id DESC LIMIT $2");
const PROGRESS: Sql = Sql::same(
    "SELECT snapshot_id, status, COUNT(*) AS count FROM export_jobs
     WHERE snapshot_id IN (
        SELECT id FROM snapshots WHERE $1 IS NULL OR id < $1 ORDER BY id DESC LIMIT $2)
     GROUP BY snapshot_id, status",
);
const LIVE: Sql = Sql::same(
    "SELECT status, COUNT(*) AS count FROM export_jobs
     WHERE status IN ('pending', 'claimed', 'submitted') AND due_at IS NOT NULL GROUP BY status",
);
const BEGIN_SNAPSHOT: Sql = Sql::same(
    "UPDATE snapshots SET status = 'creating', updated_at = $2
     WHERE id = $1 AND status IN ('pending', 'creating')",
);

/// Jobs that are not over, by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveJobs {
    /// Waiting for a worker, also those that wait out a delay.
    pub pending: u64,
    /// Leased to a worker that prepares the query.
    pub claimed: u64,
    /// With a query that Starburst knows.
    pub submitted: u64,
}

impl Store {
    /// Asks whether the store answers and has its tables.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.engine.read().await?;
        tx.fetch(&PING, &[]).await.map(drop)
    }

    /// One job, as workers see it.
    pub async fn job(&self, id: &JobId) -> Result<ExportJob, StoreError> {
        let mut tx = self.engine.read().await?;
        let rows = tx.fetch(&JOB, &[id.as_str().into()]).await?;
        rows.first().map_or_else(
            || Err(StoreError::NoSuchJob(id.as_str().to_owned())),
            |row| row::job(row, View::Worker),
        )
    }

    /// The jobs of a snapshot, in their order, as workers see them.
    pub async fn snapshot_jobs(&self, id: &SnapshotId) -> Result<Vec<ExportJob>, StoreError> {
        Ok(self.read_snapshot(id, View::Worker).await?.jobs)
    }

    /// A snapshot with its jobs, as people see them.
    pub async fn snapshot(&self, id: &SnapshotId) -> Result<SnapshotWithJobs, StoreError> {
        self.read_snapshot(id, View::People).await
    }

    /// Where a snapshot stands.
    pub async fn snapshot_status(&self, id: &SnapshotId) -> Result<SnapshotStatus, StoreError> {
        let mut tx = self.engine.read().await?;
        let rows = tx.fetch(&SNAPSHOT, &[id.as_str().into()]).await?;
        rows.first().map_or_else(
            || Err(StoreError::NoSuchSnapshot(id.as_str().to_owned())),
            |row| Ok(row.text("status")?.into()),
        )
    }

    /// Takes a worker's word on its snapshot. The store finalises snapshots by itself,
    /// so this agrees with what is so already and refuses everything else.
    pub async fn move_snapshot(
        &self,
        id: &SnapshotId,
        patch: &SnapshotPatch,
    ) -> Result<SnapshotStatus, StoreError> {
        let (wanted, name) = match patch {
            SnapshotPatch::Creating => (SnapshotStatus::Creating, "creating"),
            SnapshotPatch::Ready { .. } => (SnapshotStatus::Ready, "ready"),
            SnapshotPatch::Failed { .. } => (SnapshotStatus::Failed, "failed"),
        };
        if wanted == SnapshotStatus::Creating {
            let now = micros(self.clock.now());
            let mut tx = self.engine.write().await?;
            let moved = tx
                .execute(&BEGIN_SNAPSHOT, &[id.as_str().into(), now.into()])
                .await?;
            tx.commit().await?;
            if moved > 0 {
                return Ok(wanted);
            }
        }
        let status = self.snapshot_status(id).await?;
        if status == wanted {
            return Ok(status);
        }
        Err(StoreError::InvalidTransition {
            what: format!("snapshot {id}"),
            status: status.as_str().to_owned(),
            wanted: name,
        })
    }

    /// The newest snapshots, or those before `before`.
    pub async fn snapshots(
        &self,
        before: Option<&SnapshotId>,
        limit: u32,
    ) -> Result<Vec<Snapshot>, StoreError> {
        let before = before.map(|id| id.as_str().to_owned());
        let values = [before.into(), limit.into()];
        let mut tx = self.engine.read().await?;
        let mut progress: HashMap<String, SnapshotProgress> = HashMap::new();
        for row in tx.fetch(&PROGRESS, &values).await? {
            let of_snapshot = progress.entry(row.text("snapshot_id")?).or_default();
            let status = JobStatus::from(row.text("status")?);
            row::add(of_snapshot, &status, row.count("count")?);
        }
        let rows = tx.fetch(&NEWEST, &values).await?;
        rows.iter()
            .map(|row| {
                let progress = progress.remove(&row.text("id")?).unwrap_or_default();
                row::snapshot(row, progress)
            })
            .collect()
    }

    /// How many jobs are not over.
    pub async fn live_jobs(&self) -> Result<LiveJobs, StoreError> {
        let mut tx = self.engine.read().await?;
        live_jobs(&mut *tx).await
    }

    async fn read_snapshot(
        &self,
        id: &SnapshotId,
        view: View,
    ) -> Result<SnapshotWithJobs, StoreError> {
        let mut tx = self.engine.read().await?;
        let rows = tx.fetch(&SNAPSHOT, &[id.as_str().into()]).await?;
        let Some(snapshot) = rows.first() else {
            return Err(StoreError::NoSuchSnapshot(id.as_str().to_owned()));
        };
        let rows = tx.fetch(&JOBS_OF_SNAPSHOT, &[id.as_str().into()]).await?;
        let jobs = rows
            .iter()
            .map(|row| row::job(row, view))
            .collect::<Result<Vec<_>, _>>()?;
        let mut progress = SnapshotProgress::default();
        for job in &jobs {
            row::add(&mut progress, &job.status, 1);
        }
        Ok(SnapshotWithJobs {
            snapshot: row::snapshot(snapshot, progress)?,
            jobs,
        })
    }
}

/// Counts the jobs that are not over.
pub(super) async fn live_jobs(tx: &mut dyn Transaction) -> Result<LiveJobs, StoreError> {
    let mut live = LiveJobs::default();
    for row in tx.fetch(&LIVE, &[]).await? {
        let count = row.count("count")?;
        match JobStatus::from(row.text("status")?) {
            JobStatus::Pending => live.pending = count,
            JobStatus::Claimed => live.claimed = count,
            JobStatus::Submitted => live.submitted = count,
            JobStatus::Completed
            | JobStatus::Failed
            | JobStatus::Cancelled
            | JobStatus::Unknown(_) => {}
        }
    }
    Ok(live)
}
