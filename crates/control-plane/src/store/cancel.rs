use export_api::SnapshotId;

use super::{
    Store, StoreError,
    engine::Sql,
    finalise::{self, Standing},
    reap::LOCK_SNAPSHOT,
    row::micros,
    wakeup::News,
};

const CANCEL_SNAPSHOT: Sql = Sql::same(
    "UPDATE snapshots SET status = 'cancelled', completed_at = $2, updated_at = $2
     WHERE id = $1 AND status IN ('pending', 'creating')",
);

/// These name no query: they are over at once, and a claimer's token is stale.
const CANCEL_WAITING: Sql = Sql::same(
    "UPDATE export_jobs SET status = 'cancelled', completed_at = $2, updated_at = $2,
        next_uri = NULL, next_poll_at = NULL, due_at = NULL,
        claim_token = NULL, lease_expires_at = NULL,
        last_write_token = NULL, last_write_digest = NULL
     WHERE snapshot_id = $1 AND status IN ('pending', 'claimed')
        AND starburst_query_id IS NULL",
);

/// These name a query, and it may still write: a poller cancels it, at once or when the
/// present lease ends. So do those that were given back with one, or claimed again since.
const ASK_TO_CANCEL: Sql = Sql::same(
    "UPDATE export_jobs SET status = 'submitted', cancel_requested = TRUE,
        next_poll_at = $2, updated_at = $2,
        due_at = CASE WHEN lease_expires_at > $2 THEN lease_expires_at ELSE $2 END
     WHERE snapshot_id = $1 AND status IN ('pending', 'claimed', 'submitted')",
);

impl Store {
    /// Cancels a snapshot. To repeat it is fine; a snapshot that ended otherwise
    /// stays as it is. Returns how many jobs it ended at once.
    pub async fn cancel_snapshot(&self, id: &SnapshotId) -> Result<u64, StoreError> {
        let now = micros(self.clock.now());
        let mut tx = self.engine.write().await?;
        let rows = tx.fetch(&LOCK_SNAPSHOT, &[id.as_str().into()]).await?;
        let Some(row) = rows.first() else {
            return Err(StoreError::NoSuchSnapshot(id.as_str().to_owned()));
        };
        let status = row.text("status")?;
        let remaining_jobs = row.count("remaining_jobs")?;
        let values = [id.as_str().into(), now.into()];
        if tx.execute(&CANCEL_SNAPSHOT, &values).await? == 0 {
            if status == "cancelled" {
                return Ok(0);
            }
            return Err(StoreError::InvalidTransition {
                what: format!("snapshot {id}"),
                status,
                wanted: "cancelled",
            });
        }
        let ended = tx.execute(&CANCEL_WAITING, &values).await?;
        let asked = tx.execute(&ASK_TO_CANCEL, &values).await?;
        let jobs_ended = ended;
        if ended > 0 {
            let standing = Standing {
                id: id.as_str().to_owned(),
                status: export_api::SnapshotStatus::Cancelled,
                remaining_jobs,
            };
            let ended = u32::try_from(ended)
                .map_err(|_| StoreError::Internal(format!("{ended} jobs in one snapshot")))?;
            finalise::jobs_ended(&mut *tx, standing, ended, now).await?;
        }
        if asked > 0 {
            tx.announce(News::Pollable).await?;
        }
        tx.commit().await?;
        Ok(jobs_ended)
    }
}
