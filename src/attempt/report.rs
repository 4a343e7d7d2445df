use export_api::{ExportJob, JobUpdate, JobUpdated};

use super::{Ending, Failure, JobError, Task, World, progress::Progress, snapshot, telling::tell};
use crate::{
    ports::{ControlPlaneError, ErrorKind},
    telemetry::{JobFacts, Step},
};

/// Tells the Control Plane how work on a job ended, and looks after its snapshot.
///
/// A report that does not get through is lost, not the job: its lease runs out
/// and the next poller finds the same query, over, with the same files.
pub(super) async fn report(world: &World, task: &Task, progress: &Progress, ending: Ending) {
    if let Ending::LeaseLost = ending {
        return world.events.lease_lost(&task.facts, progress.step());
    }
    let now = world.clock.now();
    let Some(update) = ending.update(now) else {
        return;
    };
    if ending.is_terminal() && !may_end(world, task).await {
        return world.events.lease_lost(&task.facts, Step::Report);
    }
    let sending = send(world, task, update);
    match progress.during(world, Step::Report, sending).await {
        Ok(answer) => {
            tell(world, task, progress, &ending, now);
            if ending.is_terminal() {
                snapshot::ended(world, &task.snapshot_id, &answer).await;
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
) -> Result<JobUpdated, ControlPlaneError> {
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
    let Some(update) = ending.update(now) else {
        return;
    };
    match send(world, task, update).await {
        Ok(answer) => {
            tell(world, task, progress, &ending, now);
            snapshot::ended(world, &task.snapshot_id, &answer).await;
        }
        Err(error) if error.kind() == ErrorKind::LeaseLost => {
            world.events.lease_lost(&task.facts, Step::Report);
        }
        Err(error) => world
            .events
            .left_as_it_is(&task.facts, &Failure::from(error).cause()),
    }
}
