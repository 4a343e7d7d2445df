//! What a failure means for the job.

use super::{Ending, Failure, schedule, under_way::Attempt};
use crate::ports::{ErrorKind, Remedy, StarburstError};

/// Seconds before a job that was given back may be claimed again,
const RETRY_SECONDS: u32 = 10;
/// and where the cluster itself is short of something.
const RETRY_LATER_SECONDS: u32 = 90;

/// What a failure means for the job: the one place where that is decided.
pub(super) fn judge(attempt: &Attempt<'_>, failure: Failure) -> Ending {
    let now = attempt.world.clock.now();
    match failure.kind() {
        ErrorKind::Permanent => Ending::Failed(failure),
        ErrorKind::LeaseLost => Ending::LeaseLost,
        ErrorKind::Interrupted => attempt.progress.interrupted(now),
        ErrorKind::Transient => judge_transient(attempt, failure),
    }
}

fn judge_transient(attempt: &Attempt<'_>, failure: Failure) -> Ending {
    let give_back = |failure, retry_after_seconds| Ending::GivenBack {
        failure: Some(failure),
        retry_after_seconds,
    };
    match &failure {
        // The query is over: only another attempt can help.
        Failure::Starburst(StarburstError::Query(error)) => match error.remedy() {
            Remedy::Retry => give_back(failure, RETRY_SECONDS),
            Remedy::RetryLater => give_back(failure, RETRY_LATER_SECONDS),
            Remedy::RetryOnce if attempt.task.is_first_attempt() => {
                give_back(failure, RETRY_SECONDS)
            }
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
        | Failure::Unsettled(_) => match attempt.progress.submission() {
            Some(submission) => Ending::Parked {
                next_poll_at: schedule::next_poll_at(
                    attempt.world.clock.now(),
                    submission.poll_count,
                ),
                next_uri: submission.next_uri,
                poll_count: submission.poll_count,
                hindrance: Some(failure),
            },
            None => give_back(failure, RETRY_SECONDS),
        },
    }
}
