use export_api::{JobId, JobStatus, JobUpdate};

use super::{
    StoreError,
    engine::{Sql, Transaction},
};

const STANDING: Sql = Sql::same(
    "SELECT status, cancel_requested, claim_token, last_write_token, last_write_digest
     FROM export_jobs WHERE id = $1",
);

/// A guarded update changed nothing: either it is a repeat of the job's last write,
/// whose answer was lost, or this says why it is refused.
///
/// A repeat counts only as long as nobody was given the job since: every new lease
/// wipes the memory of the last write.
pub(super) async fn repeat_or_refuse(
    tx: &mut dyn Transaction,
    id: &JobId,
    token: Option<&str>,
    update: &JobUpdate,
    digest: &str,
) -> Result<(), StoreError> {
    let rows = tx.fetch(&STANDING, &[id.as_str().into()]).await?;
    let Some(row) = rows.first() else {
        return Err(StoreError::NoSuchJob(id.as_str().to_owned()));
    };
    let status = JobStatus::from(row.text("status")?);
    let current = row.text_or_null("claim_token")?;
    let last_token = row.text_or_null("last_write_token")?;
    let last_digest = row.text_or_null("last_write_digest")?;
    let made_last_write = last_digest.is_some() && last_token.as_deref() == token;
    if made_last_write && last_digest.as_deref() == Some(digest) {
        return Ok(());
    }
    let lost = |why| StoreError::LeaseLost {
        job: id.as_str().to_owned(),
        why,
    };
    let holds = match (token, current.as_deref()) {
        (None, Some(_)) => {
            return Err(lost(
                "the job is leased and the request names no claim_token",
            ));
        }
        (None, None) => true,
        (Some(token), current) => {
            current == Some(token) || (made_last_write && status.is_terminal())
        }
    };
    if !holds {
        return Err(lost(if status.is_terminal() {
            "the job is over"
        } else if current.is_some() {
            "another worker has the job now"
        } else {
            "it ended or expired"
        }));
    }
    // A claimer that was about to submit must stop here and start no query.
    if matches!(update, JobUpdate::Submitted { .. }) && row.bool("cancel_requested")? {
        return Err(lost("its snapshot was cancelled"));
    }
    Err(StoreError::InvalidTransition {
        what: format!("export job {id}"),
        status: status.as_str().to_owned(),
        wanted: wanted(update),
    })
}

fn wanted(update: &JobUpdate) -> &'static str {
    match update {
        JobUpdate::Submitted { .. } => "submitted",
        JobUpdate::Running { .. } => "still running",
        JobUpdate::Completed { .. } => "completed",
        JobUpdate::Failed { .. } => "failed",
        JobUpdate::Cancelled { .. } => {
            "cancelled by its worker, unless it is submitted and its snapshot was cancelled"
        }
        JobUpdate::GiveBack { .. } => "pending again",
        JobUpdate::Heartbeat { .. } => "leased by a heartbeat",
    }
}
