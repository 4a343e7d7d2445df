use std::time::Duration;

use export_api::{SnapshotId, SnapshotProgress};
use uuid::Uuid;

use super::{
    Created, Draft, Store, StoreError,
    engine::{Sql, Transaction, Value},
    row::{self, micros, snapshot_columns},
    wakeup::News,
};
use crate::{destination::Destination, traces};

/// How long a creation waits for those before it in this process.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// One creation at a time: of two with overlapping destinations or with the same
/// idempotency key, the second must see the first. The number names the lock.
const ONE_AT_A_TIME: Sql = Sql {
    sqlite: "SELECT 1",
    postgres: "SELECT pg_advisory_xact_lock(7310868735422459250)",
};

const BY_KEY: Sql =
    Sql::same("SELECT id, request_digest FROM snapshots WHERE idempotency_key = $1");

/// Live destinations never overlap, so their neighbours in order decide: what lies
/// around a folder is the greatest live destination not behind it, and what lies in
/// it is the first one behind it.
const BEFORE: Sql = Sql::same(
    "SELECT id, snapshot_id, destination FROM export_jobs
     WHERE due_at IS NOT NULL AND destination <= $1 ORDER BY destination DESC LIMIT 1",
);
const BEHIND: Sql = Sql::same(
    "SELECT id, snapshot_id, destination FROM export_jobs
     WHERE due_at IS NOT NULL AND destination > $1 ORDER BY destination LIMIT 1",
);

const INSERT_SNAPSHOT: Sql = Sql::same(concat!(
    "INSERT INTO snapshots (id, name, status, remaining_jobs, idempotency_key, request_digest,
        created_at, updated_at)
     VALUES ($1, $2, 'pending', $3, $4, $5, $6, $6) RETURNING ",
    snapshot_columns!()
));

const INSERT_JOB: Sql = Sql::same(
    "INSERT INTO export_jobs (id, snapshot_id, job_type, entity_name, status, sql, column_names,
        starburst_catalog, starburst_role, gcs_path, destination, attempt, max_attempts, due_at,
        poll_count, cancel_requested, created_at, updated_at)
     VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $9, $10, 0, $11, $12, 0, FALSE, $12, $12)",
);

const INSERT_TRACE: Sql = Sql::same("INSERT INTO job_traces (job_id, traceparent) VALUES ($1, $2)");

impl Store {
    /// Makes a snapshot and its jobs, all or nothing. With an idempotency key that was
    /// used for the same request before, finds the snapshot it made instead.
    ///
    /// The caller has checked the draft: no two of its destinations overlap.
    pub async fn create_snapshot(&self, draft: &Draft) -> Result<Created, StoreError> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.creating.lock());
        let Ok(_turn) = turn.await else {
            return Err(StoreError::Unavailable(
                "too many snapshots are being created".to_owned(),
            ));
        };
        let now = micros(self.clock.now());
        let mut tx = self.engine.write().await?;
        tx.fetch(&ONE_AT_A_TIME, &[]).await?;
        if let Some(key) = &draft.idempotency_key {
            let rows = tx.fetch(&BY_KEY, &[key.as_str().into()]).await?;
            if let Some(row) = rows.first() {
                let id = row.text("id")?;
                if row.text("request_digest")? != draft.digest {
                    return Err(StoreError::IdempotencyConflict { snapshot: id });
                }
                drop(tx);
                let snapshot = self.snapshot(&SnapshotId::from(id)).await?.snapshot;
                return Ok(Created {
                    snapshot,
                    new: false,
                });
            }
        }
        for (index, (job, destination)) in draft.jobs.iter().enumerate() {
            refuse_overlap(&mut *tx, index, &job.gcs_path, destination).await?;
        }
        let id = Uuid::now_v7().to_string();
        let jobs = draft.jobs.len() as u64;
        let rows = tx
            .fetch(
                &INSERT_SNAPSHOT,
                &[
                    id.as_str().into(),
                    draft.name.clone().into(),
                    row::stored("jobs", jobs)?.into(),
                    draft.idempotency_key.clone().into(),
                    draft.digest.as_str().into(),
                    now.into(),
                ],
            )
            .await?;
        // They end when the jobs are there.
        let mut spans = Vec::with_capacity(draft.jobs.len());
        for (job, destination) in &draft.jobs {
            let job_id = Uuid::now_v7().to_string();
            let columns = serde_json::to_string(&job.column_names)
                .map_err(|error| StoreError::Internal(error.to_string()))?;
            let values: [Value; 12] = [
                job_id.as_str().into(),
                id.as_str().into(),
                job.job_type.as_str().into(),
                job.entity_name.as_str().into(),
                job.sql.as_str().into(),
                columns.into(),
                job.starburst_catalog.clone().into(),
                job.starburst_role.clone().into(),
                job.gcs_path.as_str().into(),
                destination.as_str().into(),
                draft.max_attempts.into(),
                now.into(),
            ];
            tx.execute(&INSERT_JOB, &values).await?;
            let span = traces::new_job(draft.follows_caller, &id, &job_id, &job.entity_name);
            if let Some(parent) = span.as_parent() {
                let values = [job_id.into(), parent.to_string().into()];
                tx.execute(&INSERT_TRACE, &values).await?;
            }
            spans.push(span);
        }
        let progress = SnapshotProgress {
            total: jobs,
            pending: jobs,
            ..SnapshotProgress::default()
        };
        let snapshot = match rows.first() {
            Some(row) => row::snapshot(row, progress)?,
            None => {
                return Err(StoreError::Internal(
                    "a new snapshot is not there".to_owned(),
                ));
            }
        };
        tx.announce(News::Pending).await?;
        tx.commit().await?;
        Ok(Created {
            snapshot,
            new: true,
        })
    }
}

async fn refuse_overlap(
    tx: &mut dyn Transaction,
    index: usize,
    path: &str,
    destination: &Destination,
) -> Result<(), StoreError> {
    for neighbour in [&BEFORE, &BEHIND] {
        let rows = tx.fetch(neighbour, &[destination.as_str().into()]).await?;
        let Some(row) = rows.first() else { continue };
        let taken = row.text("destination")?;
        if destination.overlaps(&taken) {
            return Err(StoreError::DestinationInUse {
                index,
                path: path.to_owned(),
                taken,
                by: row.text("id")?,
                snapshot: row.text("snapshot_id")?,
            });
        }
    }
    Ok(())
}
