//! What a failure means for the job.

use chrono::{DateTime, Utc};

use super::{Ending, Failure, Shutdown, Task, World, lease::Lease, progress::Progress, schedule};
use crate::ports::{ErrorKind, Remedy, StarburstError};

/// Seconds before a job that was given back may be claimed again,
const RETRY_SECONDS: u32 = 10;
/// and where the cluster itself is short of something.
const RETRY_LATER_SECONDS: u32 = 90;

/// Runs the work on a job while its lease holds and grace lasts, and says how it ended.
pub(super) async fn ending_of(
    world: &World,
    shutdown: &Shutdown,
    task: &Task,
    lease: &Lease<'_>,
    progress: &Progress,
    work: impl Future<Output = Result<Ending, Failure>>,
) -> Ending {
    let outcome = tokio::select! {
        biased;
        () = shutdown.aborting.cancelled() => return progress.interrupted(world.clock.now()),
        outcome = work => outcome,
        lost = lease.keep(world) => Err(lost),
    };
    outcome.unwrap_or_else(|failure| judge(task, progress, failure, world.clock.now()))
}

/// What a failure means for the job: the one place where that is decided.
fn judge(task: &Task, progress: &Progress, failure: Failure, now: DateTime<Utc>) -> Ending {
    match failure.kind() {
        ErrorKind::Permanent => Ending::Failed(failure),
        ErrorKind::LeaseLost => Ending::LeaseLost,
        ErrorKind::Interrupted => progress.interrupted(now),
        ErrorKind::Transient => judge_transient(task, progress, failure, now),
    }
}

fn judge_transient(
    task: &Task,
    progress: &Progress,
    failure: Failure,
    now: DateTime<Utc>,
) -> Ending {
    let give_back = |failure, retry_after_seconds| Ending::GivenBack {
        failure: Some(failure),
        retry_after_seconds,
    };
    match &failure {
        // The query is over: only another attempt can help.
        Failure::Starburst(StarburstError::Query(error)) => match error.remedy() {
            Remedy::Retry => give_back(failure, RETRY_SECONDS),
            Remedy::RetryLater => give_back(failure, RETRY_LATER_SECONDS),
            Remedy::RetryOnce if task.is_first_attempt() => give_back(failure, RETRY_SECONDS),
            Remedy::RetryOnce | Remedy::Fail => Ending::Failed(failure),
        },
        Failure::Forgotten(_) | Failure::Orphaned(_) | Failure::NoQuery => {
            give_back(failure, RETRY_SECONDS)
        }
        Failure::Undead(_) => give_back(failure, RETRY_LATER_SECONDS),
        // The outside is unwell, the query may be fine: polling knows no limit.
        Failure::Job(_)
        | Failure::ControlPlane(_)
        | Failure::Starburst(_)
        | Failure::Storage(_)
        | Failure::Inventory(_)
        | Failure::Unsettled(_) => match progress.submission() {
            Some(submission) => Ending::Parked {
                next_poll_at: schedule::next_poll_at(now, submission.poll_count),
                next_uri: submission.next_uri,
                poll_count: submission.poll_count,
                hindrance: Some(failure),
            },
            None => give_back(failure, RETRY_SECONDS),
        },
    }
}
