use super::{
    Store, StoreError,
    engine::{Sql, locking},
    finalise::{self, Standing},
    row::micros,
    wakeup::News,
};

/// Snapshots behind `$2`: a pass comes to each once, whatever became of it.
const EXPIRED: Sql = Sql::same(
    "WITH expired AS MATERIALIZED (
        SELECT snapshot_id FROM export_jobs WHERE status = 'claimed' AND due_at <= $1)
     SELECT DISTINCT snapshot_id FROM expired WHERE snapshot_id > $2
     ORDER BY snapshot_id LIMIT 100",
);

pub(super) const LOCK_SNAPSHOT: Sql = locking!(
    "SELECT id, status, remaining_jobs FROM snapshots WHERE id = $1",
    "FOR UPDATE",
    ""
);

/// Back to its old place in the queue, or failed after the last attempt.
const GIVE_BACK: Sql = Sql::same(
    "UPDATE export_jobs SET
        status = CASE WHEN attempt < max_attempts THEN 'pending' ELSE 'failed' END,
        due_at = CASE WHEN attempt < max_attempts THEN created_at ELSE NULL END,
        completed_at = CASE WHEN attempt < max_attempts THEN NULL ELSE $2 END,
        error_message = 'the lease of attempt ' || CAST(attempt AS TEXT) || ' of '
            || CAST(max_attempts AS TEXT) || ' expired: worker '
            || COALESCE(claimed_by, 'unknown') || ' was not heard of again',
        claim_token = NULL, lease_expires_at = NULL,
        last_write_token = NULL, last_write_digest = NULL, updated_at = $2
     WHERE snapshot_id = $1 AND status = 'claimed' AND due_at <= $2
     RETURNING status",
);

/// What one pass of the reaper did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Leases that had expired.
    pub leases: u64,
    /// Jobs that failed by it: it was their last attempt.
    pub failed: u64,
}

impl Store {
    /// Gives claimed jobs whose lease expired back to the queue; the attempt stays
    /// counted, and after the last one the job fails. Any number of replicas may do this at once. What goes wrong with one
    /// snapshot is logged and keeps no other from its turn; the next pass tries again.
    pub async fn reap(&self) -> Result<Reaped, StoreError> {
        let now = micros(self.clock.now());
        let mut reaped = Reaped::default();
        let mut last = String::new();
        loop {
            let mut tx = self.engine.read().await?;
            let rows = tx
                .fetch(&EXPIRED, &[now.into(), last.as_str().into()])
                .await?;
            drop(tx);
            let snapshots = rows
                .iter()
                .map(|row| row.text("snapshot_id"))
                .collect::<Result<Vec<_>, _>>()?;
            if snapshots.is_empty() {
                return Ok(reaped);
            }
            for snapshot in snapshots {
                match self.reap_snapshot(&snapshot, now).await {
                    Ok(more) => {
                        reaped.leases += more.leases;
                        reaped.failed += more.failed;
                    }
                    Err(error) => {
                        tracing::error!(snapshot_id = snapshot, %error, "cannot give back the jobs of a snapshot; the next pass tries again");
                    }
                }
                last = snapshot;
            }
        }
    }

    async fn reap_snapshot(&self, id: &str, now: i64) -> Result<Reaped, StoreError> {
        let mut tx = self.engine.write().await?;
        let rows = tx.fetch(&LOCK_SNAPSHOT, &[id.into()]).await?;
        let Some(row) = rows.first() else {
            return Ok(Reaped::default());
        };
        let standing = Standing {
            id: row.text("id")?,
            status: row.text("status")?.into(),
            remaining_jobs: row.count("remaining_jobs")?,
        };
        let given_back = tx.fetch(&GIVE_BACK, &[id.into(), now.into()]).await?;
        let mut failed = 0_u32;
        for row in &given_back {
            if row.text("status")? == "failed" {
                failed += 1;
            }
        }
        if failed > 0 {
            finalise::jobs_ended(&mut *tx, standing, failed, now).await?;
        }
        if !given_back.is_empty() {
            tx.announce(News::Pending).await?;
        }
        tx.commit().await?;
        Ok(Reaped {
            leases: given_back.len() as u64,
            failed: failed.into(),
        })
    }
}
