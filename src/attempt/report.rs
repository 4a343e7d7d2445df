use std::time::Duration;

use chrono::{DateTime, Utc};
use export_api::{ExportJob, JobUpdate, WireTime};

use super::{
    Ending, Failure, JobError, Shutdown, Task, World, lease::Lease, progress::Progress, schedule,
    snapshot,
};
use crate::{
    ports::{ControlPlaneError, ErrorKind, Remedy, StarburstError},
    telemetry::{Cause, Counts, ErrorSource, JobFacts, Step},
};

/// Why a job that a shutdown cut is given back.
const SHUT_DOWN: &str = "the worker shut down";
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

/// Tells the Control Plane how work on a job ended, and looks after its snapshot.
///
/// A report that does not get through is lost, not the job: its lease runs out
/// and the next poller finds the same query, over, with the same files.
pub(super) async fn report(world: &World, task: &Task, progress: &Progress, ending: Ending) {
    let noticed = progress.step();
    let clock = progress.enter(world, Step::Report);
    let now = world.clock.now();
    let Some(update) = update_of(&ending, now) else {
        return unwritten(world, task, noticed, &ending);
    };
    if is_terminal(&update) && !may_end(world, task).await {
        return world.events.lease_lost(&task.facts, Step::Report);
    }
    let answer = send(world, task, update).await;
    drop(clock);
    match answer {
        Ok(answer) => {
            tell(world, task, progress, &ending, now);
            if !matches!(ending, Ending::Parked { .. } | Ending::GivenBack { .. }) {
                snapshot::job_ended(world, task, &answer).await;
            }
        }
        Err(error) => refused(world, task, progress, ending, error).await,
    }
}

/// A job that cannot even be read fails alone, never its batch.
pub(super) async fn unreadable(world: &World, job: &ExportJob, error: JobError) {
    let facts = JobFacts::of(job);
    let update = JobUpdate::Failed {
        error_message: error.to_string(),
        completed_at: world.clock.now().into(),
    };
    let answer = world
        .control_plane
        .update_job(&job.id, job.claim_token.as_ref(), update)
        .await;
    match answer {
        Ok(answer) => {
            world.events.failed(&facts, &Failure::from(error).cause());
            snapshot::ended(world, &job.snapshot_id, &answer).await;
        }
        Err(error) => world
            .events
            .left_as_it_is(&facts, &Failure::from(error).cause()),
    }
}

fn update_of(ending: &Ending, now: DateTime<Utc>) -> Option<JobUpdate> {
    let completed_at = WireTime::from(now);
    match ending {
        Ending::Exported {
            inventory, stats, ..
        } => Some(JobUpdate::Completed {
            row_count: inventory.rows,
            size_bytes: inventory.bytes,
            files: inventory.files,
            completed_at,
            stats: *stats,
        }),
        Ending::Parked {
            next_uri,
            next_poll_at,
            poll_count,
            ..
        } => Some(JobUpdate::Running {
            next_uri: next_uri.clone(),
            next_poll_at: WireTime::ceil(*next_poll_at),
            poll_count: *poll_count,
        }),
        Ending::Failed(failure) => Some(JobUpdate::Failed {
            error_message: failure.to_string(),
            completed_at,
        }),
        Ending::GivenBack {
            failure,
            retry_after_seconds,
        } => Some(JobUpdate::GiveBack {
            error_message: failure
                .as_ref()
                .map_or_else(|| SHUT_DOWN.to_owned(), ToString::to_string),
            retry_after_seconds: *retry_after_seconds,
            interrupted: failure.is_none(),
        }),
        Ending::Cancelled => Some(JobUpdate::Cancelled { completed_at }),
        Ending::LeaseLost | Ending::LeftAlone => None,
    }
}

fn is_terminal(update: &JobUpdate) -> bool {
    match update {
        JobUpdate::Completed { .. } | JobUpdate::Failed { .. } | JobUpdate::Cancelled { .. } => {
            true
        }
        JobUpdate::Submitted { .. }
        | JobUpdate::Running { .. }
        | JobUpdate::GiveBack { .. }
        | JobUpdate::Heartbeat { .. } => false,
    }
}

/// Nothing is written for these; nobody is told but the log.
fn unwritten(world: &World, task: &Task, noticed: Step, ending: &Ending) {
    match ending {
        Ending::LeaseLost => world.events.lease_lost(&task.facts, noticed),
        Ending::LeftAlone
        | Ending::Exported { .. }
        | Ending::Parked { .. }
        | Ending::Failed(_)
        | Ending::GivenBack { .. }
        | Ending::Cancelled => {}
    }
}

/// A Control Plane without leases lets anything overwrite anything: there the
/// job is read once more before it is ended.
async fn may_end(world: &World, task: &Task) -> bool {
    if task.token.is_some() {
        return true;
    }
    match world.control_plane.snapshot_jobs(&task.snapshot_id).await {
        Ok(jobs) => !jobs
            .iter()
            .any(|job| job.id == task.id && job.status.is_terminal()),
        // The write that follows meets the same trouble, or passes.
        Err(_) => true,
    }
}

async fn send(
    world: &World,
    task: &Task,
    update: JobUpdate,
) -> Result<export_api::JobUpdated, ControlPlaneError> {
    world
        .control_plane
        .update_job(&task.id, task.token.as_ref(), update)
        .await
}

/// A Control Plane that will never take this report still takes a failure that says so.
async fn refused(
    world: &World,
    task: &Task,
    progress: &Progress,
    ending: Ending,
    error: ControlPlaneError,
) {
    match (error.kind(), ending) {
        (ErrorKind::LeaseLost, _) => world.events.lease_lost(&task.facts, Step::Report),
        (ErrorKind::Permanent, Ending::Exported { .. }) => {
            fail(world, task, progress, error.into()).await;
        }
        // First-generation Control Planes take no job back.
        (
            ErrorKind::Permanent,
            Ending::GivenBack {
                failure: Some(failure),
                ..
            },
        ) => {
            fail(world, task, progress, failure).await;
        }
        (_, _) => world
            .events
            .left_as_it_is(&task.facts, &Failure::from(error).cause()),
    }
}

async fn fail(world: &World, task: &Task, progress: &Progress, failure: Failure) {
    let ending = Ending::Failed(failure);
    let now = world.clock.now();
    let Some(update) = update_of(&ending, now) else {
        return;
    };
    match send(world, task, update).await {
        Ok(answer) => {
            tell(world, task, progress, &ending, now);
            snapshot::job_ended(world, task, &answer).await;
        }
        Err(error) if error.kind() == ErrorKind::LeaseLost => {
            world.events.lease_lost(&task.facts, Step::Report);
        }
        Err(error) => world
            .events
            .left_as_it_is(&task.facts, &Failure::from(error).cause()),
    }
}

/// Log line and metrics of an ending that the Control Plane knows now.
fn tell(world: &World, task: &Task, progress: &Progress, ending: &Ending, now: DateTime<Utc>) {
    let (events, facts) = (&world.events, &task.facts);
    match ending {
        Ending::Exported { inventory, .. } => {
            let submission = progress.submission();
            let polls = submission
                .as_ref()
                .map_or(0, |submission| submission.poll_count);
            let took =
                submission.and_then(|submission| (now - submission.submitted_at?).to_std().ok());
            let counts = Counts {
                rows: inventory.rows,
                bytes: inventory.bytes,
                files: inventory.files,
            };
            events.completed(facts, counts, polls, took);
        }
        Ending::Parked {
            poll_count,
            next_poll_at,
            hindrance,
            ..
        } => {
            if let Some(failure) = hindrance {
                events.left_as_it_is(facts, &failure.cause());
            }
            let next_in = (*next_poll_at - now).to_std().unwrap_or_default();
            events.polled(facts, *poll_count, next_in);
        }
        Ending::Failed(failure) => events.failed(facts, &failure.cause()),
        Ending::GivenBack {
            failure: Some(failure),
            retry_after_seconds,
        } => {
            let retry_after = Duration::from_secs((*retry_after_seconds).into());
            events.given_back(facts, &failure.cause(), Some(retry_after));
        }
        Ending::GivenBack { failure: None, .. } => events.given_back(facts, &interruption(), None),
        Ending::Cancelled => events.cancelled(facts),
        Ending::LeaseLost | Ending::LeftAlone => {}
    }
}

fn interruption() -> Cause {
    Cause {
        source: ErrorSource::Job,
        kind: ErrorKind::Interrupted,
        message: SHUT_DOWN.to_owned(),
    }
}
