use std::time::Duration;

use chrono::{DateTime, Utc};
use export_api::{ClaimToken, JobId, JobStatus, JobUpdate, JobUpdated, SnapshotAfterUpdate};
use sha2::{Digest, Sha256};

use super::{
    Store, StoreError,
    engine::{Sql, Transaction, Value, locking},
    finalise::{self, Standing},
    refusal,
    row::{micros, stored},
    wakeup::News,
};
use crate::limits::MAX_POLL_AHEAD_SECONDS;

const SNAPSHOT_OF_JOB: Sql = locking!(
    "SELECT s.id, s.status, s.remaining_jobs FROM snapshots s
     JOIN export_jobs j ON j.snapshot_id = s.id WHERE j.id = $1",
    "FOR UPDATE OF s",
    ""
);

const LOOK_AT_SNAPSHOT: Sql = Sql::same(
    "SELECT s.id, s.status, s.remaining_jobs FROM snapshots s
     JOIN export_jobs j ON j.snapshot_id = s.id WHERE j.id = $1",
);

/// A guarded update: `$1` is the job, `$2` the token, `$3` now, `$4` the digest of
/// the write. Without a token only a job without a (living) lease changes.
macro_rules! guarded {
    ($set:literal, $from:literal) => {
        Sql::same(concat!(
            "UPDATE export_jobs SET updated_at = $3, last_write_token = $2, last_write_digest = $4, ",
            $set,
            " WHERE id = $1 AND (claim_token IS NOT DISTINCT FROM $2
                OR ($2 IS NULL AND status = 'submitted' AND lease_expires_at <= $3))
              AND ",
            $from,
            " RETURNING status"
        ))
    };
}

/// The lease stays: the submitter goes on under it. Due for others when it ended
/// and the query is due.
const SUBMITTED: Sql = guarded!(
    "status = 'submitted', starburst_query_id = $5, next_uri = $6, next_poll_at = $7,
     poll_count = $8, submitted_at = $9, error_message = NULL,
     due_at = CASE WHEN lease_expires_at > $7 THEN lease_expires_at ELSE $7 END",
    "status = 'claimed'"
);

const RUNNING: Sql = guarded!(
    "next_uri = $5, next_poll_at = $6, poll_count = $7,
     claim_token = NULL, lease_expires_at = NULL,
     due_at = CASE WHEN cancel_requested THEN $3 ELSE $6 END",
    "status = 'submitted'"
);

const COMPLETED: Sql = guarded!(
    "status = 'completed', row_count = $5, size_bytes = $6, files = $7, stats = $8,
     completed_at = $9, error_message = NULL, next_uri = NULL, next_poll_at = NULL,
     claim_token = NULL, lease_expires_at = NULL, due_at = NULL",
    "status = 'submitted'"
);

const FAILED: Sql = guarded!(
    "status = 'failed', error_message = $5, completed_at = $6, next_uri = NULL,
     next_poll_at = NULL, claim_token = NULL, lease_expires_at = NULL, due_at = NULL",
    "status IN ('claimed', 'submitted')"
);

const CANCELLED: Sql = guarded!(
    "status = 'cancelled', completed_at = $5, next_uri = NULL, next_poll_at = NULL,
     claim_token = NULL, lease_expires_at = NULL, due_at = NULL",
    "status = 'submitted' AND cancel_requested"
);

/// `$5` message, `$6` seconds to wait in microseconds, `$7` interrupted. A job whose
/// cancellation was asked for stays with the pollers: its query is not buried yet.
/// An attempt that was cut by a shutdown is not counted. Without a delay the job
/// takes its old place in the queue.
const GIVEN_BACK: Sql = guarded!(
    "status = CASE
        WHEN cancel_requested THEN 'submitted'
        WHEN $7 OR attempt < max_attempts THEN 'pending'
        ELSE 'failed' END,
     due_at = CASE
        WHEN cancel_requested THEN $3 + $6
        WHEN NOT ($7 OR attempt < max_attempts) THEN NULL
        WHEN $6 = 0 THEN created_at
        ELSE $3 + $6 END,
     completed_at = CASE
        WHEN cancel_requested OR $7 OR attempt < max_attempts THEN NULL
        ELSE $3 END,
     next_poll_at = CASE WHEN cancel_requested THEN $3 + $6 ELSE NULL END,
     attempt = CASE WHEN $7 AND NOT cancel_requested THEN attempt - 1 ELSE attempt END,
     error_message = $5, claim_token = NULL, lease_expires_at = NULL",
    "status IN ('claimed', 'submitted')"
);

/// Not a write anybody repeats by its digest: a heartbeat may come twice. So it
/// leaves the digest of the submission beside it alone.
const HEARTBEAT: Sql = Sql::same(
    "UPDATE export_jobs SET updated_at = $3, lease_expires_at = $4,
        due_at = CASE WHEN status = 'submitted' AND next_poll_at > $4 THEN next_poll_at ELSE $4 END
     WHERE id = $1 AND claim_token = $2 AND status IN ('claimed', 'submitted')
     RETURNING status",
);

/// A write that was made, or had been made before.
#[derive(Clone, Debug)]
pub struct Updated {
    /// What the writer is told.
    pub answer: JobUpdated,
    /// Where the job stands now; nothing for a repeat, which changed nothing.
    pub status: Option<JobStatus>,
}

impl Store {
    /// Changes one job, fenced by `token`.
    ///
    /// A repeat of the job's last write, with the same token and the same body,
    /// succeeds and changes nothing: its first answer may have been lost. Any other
    /// write the machine does not know is refused and changes nothing.
    pub async fn update_job(
        &self,
        id: &JobId,
        token: Option<&ClaimToken>,
        update: &JobUpdate,
    ) -> Result<Updated, StoreError> {
        let now = self.clock.now();
        let digest = digest(update);
        let token = token.map(ClaimToken::as_str);
        let (statement, values) = step(id, token, now, &digest, update)?;
        let now = micros(now);
        let mut tx = self.engine.write().await?;
        // What cannot change the snapshot does not queue for its row.
        let look = match update {
            JobUpdate::Running { .. } | JobUpdate::Heartbeat { .. } => &LOOK_AT_SNAPSHOT,
            JobUpdate::Submitted { .. }
            | JobUpdate::Completed { .. }
            | JobUpdate::Failed { .. }
            | JobUpdate::Cancelled { .. }
            | JobUpdate::GiveBack { .. } => &SNAPSHOT_OF_JOB,
        };
        let rows = tx.fetch(look, &[id.as_str().into()]).await?;
        let Some(row) = rows.first() else {
            return Err(StoreError::NoSuchJob(id.as_str().to_owned()));
        };
        let snapshot = Standing {
            id: row.text("id")?,
            status: row.text("status")?.into(),
            remaining_jobs: row.count("remaining_jobs")?,
        };
        let changed = tx.fetch(statement, &values).await?;
        let (after, status) = if let Some(row) = changed.first() {
            let status = JobStatus::from(row.text("status")?);
            let after = consequences(&mut *tx, snapshot, update, &status, now).await?;
            tx.commit().await?;
            (after, Some(status))
        } else {
            refusal::repeat_or_refuse(&mut *tx, id, token, update, &digest).await?;
            (snapshot, None)
        };
        Ok(Updated {
            answer: JobUpdated {
                snapshot: Some(SnapshotAfterUpdate {
                    status: after.status,
                    remaining_jobs: after.remaining_jobs,
                }),
            },
            status,
        })
    }
}

/// The statement of an update, and its values.
fn step(
    id: &JobId,
    token: Option<&str>,
    now: DateTime<Utc>,
    digest: &str,
    update: &JobUpdate,
) -> Result<(&'static Sql, Vec<Value>), StoreError> {
    let token = token.map(str::to_owned);
    let latest_poll = now + Duration::from_secs(u64::from(MAX_POLL_AHEAD_SECONDS));
    let (statement, own): (_, Vec<Value>) = match update {
        JobUpdate::Submitted {
            query_id,
            next_uri,
            next_poll_at,
            poll_count,
            submitted_at,
        } => (
            &SUBMITTED,
            vec![
                query_id.as_str().into(),
                next_uri.expose().into(),
                micros(next_poll_at.0.min(latest_poll)).into(),
                (*poll_count).into(),
                micros(submitted_at.0).into(),
            ],
        ),
        JobUpdate::Running {
            next_uri,
            next_poll_at,
            poll_count,
        } => (
            &RUNNING,
            vec![
                next_uri.expose().into(),
                micros(next_poll_at.0.min(latest_poll)).into(),
                (*poll_count).into(),
            ],
        ),
        JobUpdate::Completed {
            row_count,
            size_bytes,
            files,
            completed_at,
            stats,
        } => {
            let stats = stats
                .map(|stats| serde_json::to_string(&stats))
                .transpose()
                .map_err(|error| StoreError::Internal(error.to_string()))?;
            (
                &COMPLETED,
                vec![
                    stored("row_count", *row_count)?.into(),
                    stored("size_bytes", *size_bytes)?.into(),
                    stored("files", *files)?.into(),
                    stats.into(),
                    micros(completed_at.0).into(),
                ],
            )
        }
        JobUpdate::Failed {
            error_message,
            completed_at,
        } => (
            &FAILED,
            vec![error_message.as_str().into(), micros(completed_at.0).into()],
        ),
        JobUpdate::Cancelled { completed_at } => (&CANCELLED, vec![micros(completed_at.0).into()]),
        JobUpdate::GiveBack {
            error_message,
            retry_after_seconds,
            interrupted,
        } => {
            let message = Some(error_message.clone()).filter(|message| !message.is_empty());
            (
                &GIVEN_BACK,
                vec![
                    message.into(),
                    (i64::from(*retry_after_seconds) * 1_000_000).into(),
                    (*interrupted).into(),
                ],
            )
        }
        JobUpdate::Heartbeat { lease_seconds } => {
            let expires = now + Duration::from_secs(u64::from(*lease_seconds));
            let values = vec![
                id.as_str().into(),
                token.into(),
                micros(now).into(),
                micros(expires).into(),
            ];
            return Ok((&HEARTBEAT, values));
        }
    };
    let mut values = vec![
        id.as_str().into(),
        token.into(),
        micros(now).into(),
        digest.into(),
    ];
    values.extend(own);
    Ok((statement, values))
}

/// What a job's new status means for its snapshot and for who waits.
async fn consequences(
    tx: &mut dyn Transaction,
    snapshot: Standing,
    update: &JobUpdate,
    status: &JobStatus,
    now: i64,
) -> Result<Standing, StoreError> {
    match status {
        JobStatus::Submitted => {
            let heartbeat = matches!(update, JobUpdate::Heartbeat { .. });
            if !heartbeat {
                tx.announce(News::Pollable).await?;
            }
            if matches!(update, JobUpdate::Submitted { .. }) {
                finalise::begin(tx, snapshot, now).await
            } else {
                Ok(snapshot)
            }
        }
        JobStatus::Pending => {
            tx.announce(News::Pending).await?;
            Ok(snapshot)
        }
        JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled => {
            finalise::jobs_ended(tx, snapshot, 1, now).await
        }
        JobStatus::Claimed | JobStatus::Unknown(_) => Ok(snapshot),
    }
}

/// Tells a repeat from another write. It covers the nextUri, and so is a one-way digest.
fn digest(update: &JobUpdate) -> String {
    let body = serde_json::to_vec(&update.clone().into_patch(None)).unwrap_or_default();
    hex(&Sha256::digest(body))
}

/// Lowercase hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
