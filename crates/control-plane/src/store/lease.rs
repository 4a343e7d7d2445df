use std::time::Duration;

use export_api::ExportJob;
use uuid::Uuid;

use super::{
    Offer, Store, StoreError, Taker,
    engine::{Sql, Value, locking},
    row::{self, View, instant, micros},
};

/// One statement picks, locks and takes: rows another claimer holds are skipped,
/// not waited for. The token of each job is the batch's, with the job's id behind it.
const CLAIM: Sql = locking!(
    "WITH picked AS MATERIALIZED (
        SELECT seq AS picked_seq FROM export_jobs
        WHERE status = 'pending' AND due_at <= $1
        ORDER BY due_at, seq LIMIT $2",
    "FOR UPDATE SKIP LOCKED",
    ")
     UPDATE export_jobs SET
        status = 'claimed', attempt = attempt + 1,
        claimed_by = $3, claimed_at = $1,
        claim_token = $4 || '.' || id, lease_expires_at = $5, due_at = $5,
        last_write_token = NULL, last_write_digest = NULL, updated_at = $1
     FROM picked WHERE seq = picked_seq
     RETURNING *,
        (SELECT traceparent FROM job_traces WHERE job_id = export_jobs.id) AS traceparent"
);

const LEASE_POLLABLE: Sql = locking!(
    "WITH picked AS MATERIALIZED (
        SELECT seq AS picked_seq FROM export_jobs
        WHERE status = 'submitted' AND due_at <= $1
        ORDER BY due_at, seq LIMIT $2",
    "FOR UPDATE SKIP LOCKED",
    ")
     UPDATE export_jobs SET
        claimed_by = $3,
        claim_token = $4 || '.' || id, lease_expires_at = $5, due_at = $5,
        last_write_token = NULL, last_write_digest = NULL, updated_at = $1
     FROM picked WHERE seq = picked_seq
     RETURNING *,
        (SELECT traceparent FROM job_traces WHERE job_id = export_jobs.id) AS traceparent"
);

const LOOK_POLLABLE: Sql = Sql::same(
    "SELECT *, (SELECT traceparent FROM job_traces WHERE job_id = export_jobs.id) AS traceparent
     FROM export_jobs WHERE status = 'submitted' AND due_at <= $1
     ORDER BY due_at, seq LIMIT $2",
);

const NEXT_DUE: Sql = Sql::same(
    "SELECT due_at FROM export_jobs WHERE status = $1 AND due_at IS NOT NULL
     ORDER BY due_at, seq LIMIT 1",
);

impl Store {
    /// Gives pending jobs to a worker, oldest snapshot first, each under a lease
    /// and a token of its own. Counts the attempt.
    pub async fn claim(&self, taker: &Taker) -> Result<Offer, StoreError> {
        self.take(&CLAIM, "pending", taker).await
    }

    /// Gives submitted jobs whose query is due to a poller, oldest due first, each
    /// under a lease and a new token: any older token is stale from then on.
    pub async fn lease_pollable(&self, taker: &Taker) -> Result<Offer, StoreError> {
        self.take(&LEASE_POLLABLE, "submitted", taker).await
    }

    /// Shows submitted jobs whose query is due, leasing none.
    pub async fn look_pollable(&self, limit: u32) -> Result<Offer, StoreError> {
        let now = micros(self.clock.now());
        let mut tx = self.engine.read().await?;
        let rows = tx
            .fetch(&LOOK_POLLABLE, &[now.into(), limit.into()])
            .await?;
        let jobs = rows
            .iter()
            .map(|row| row::job(row, View::Worker))
            .collect::<Result<Vec<_>, _>>()?;
        let next_due_at = if jobs.is_empty() {
            next_due(&mut *tx, "submitted").await?
        } else {
            None
        };
        Ok(Offer { jobs, next_due_at })
    }

    async fn take(
        &self,
        statement: &Sql,
        status: &'static str,
        taker: &Taker,
    ) -> Result<Offer, StoreError> {
        let now = self.clock.now();
        let expires = now + Duration::from_secs(u64::from(taker.lease_seconds));
        let values: [Value; 5] = [
            micros(now).into(),
            taker.limit.into(),
            taker.worker_id.as_str().into(),
            Uuid::new_v4().simple().to_string().into(),
            micros(expires).into(),
        ];
        let mut tx = self.engine.write().await?;
        let rows = tx.fetch(statement, &values).await?;
        let mut jobs = rows
            .iter()
            .map(|row| Ok((row.int("seq")?, row::job(row, View::Leased)?)))
            .collect::<Result<Vec<(i64, ExportJob)>, StoreError>>()?;
        // RETURNING promises no order.
        jobs.sort_by_key(|(seq, _)| *seq);
        let jobs: Vec<ExportJob> = jobs.into_iter().map(|(_, job)| job).collect();
        let next_due_at = if jobs.is_empty() {
            next_due(&mut *tx, status).await?
        } else {
            None
        };
        tx.commit().await?;
        Ok(Offer { jobs, next_due_at })
    }
}

async fn next_due(
    tx: &mut dyn super::engine::Transaction,
    status: &'static str,
) -> Result<Option<chrono::DateTime<chrono::Utc>>, StoreError> {
    let rows = tx.fetch(&NEXT_DUE, &[status.into()]).await?;
    rows.first()
        .map(|row| instant(row.int("due_at")?))
        .transpose()
}
