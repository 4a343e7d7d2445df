use export_api::{ExportJob, JobUpdate};

use super::{
    Ending, Failure, JobError, World, snapshot, telling::tell, traced, under_way::Attempt,
};
use crate::{
    ports::{ControlPlaneError, ErrorKind},
    telemetry::{JobFacts, Step},
};

/// Tells the Control Plane how work on a job ended, and looks after its snapshot.
///
/// A report that does not get through is lost, not the job: its lease runs out
/// and the next poller finds the same query, over, with the same files.
pub(super) async fn report(attempt: &Attempt<'_>, mut ending: Ending) {
    let Attempt {
        world,
        task,
        progress,
        ..
    } = attempt;
    if let Ending::LeaseLost = ending {
        return attempt.lost(progress.step());
    }
    let now = world.clock.now();
    while let Some(update) = ending.update(now) {
        if ending.is_terminal() && !may_end(attempt).await {
            return attempt.lost(Step::Report);
        }
        let token = task.token.as_ref();
        let sending = world.control_plane.update_job(&task.id, token, update);
        match attempt.during(Step::Report, sending).await {
            Ok(answer) => {
                traced::ending(&attempt.trace, &ending);
                tell(attempt, &ending, now);
                if ending.is_terminal() {
                    snapshot::ended(world, &task.snapshot_id, &answer).await;
                }
                return;
            }
            Err(error) if error.kind() == ErrorKind::LeaseLost => {
                return attempt.lost(Step::Report);
            }
            Err(error) => match instead(ending, error) {
                Ok(other) => ending = other,
                Err(error) => return attempt.untold(&error.into()),
            },
        }
    }
    traced::ending(&attempt.trace, &ending);
}

/// A Control Plane that will never take a report still takes a failure that
/// says so. Anything else is left as it is.
fn instead(ending: Ending, error: ControlPlaneError) -> Result<Ending, ControlPlaneError> {
    match (error.kind(), ending) {
        (ErrorKind::Permanent, Ending::Exported { .. }) => Ok(Ending::Failed(error.into())),
        // First-generation Control Planes take no job back.
        (
            ErrorKind::Permanent,
            Ending::GivenBack {
                failure: Some(failure),
                ..
            },
        ) => Ok(Ending::Failed(failure)),
        (_, _) => Err(error),
    }
}

/// A Control Plane without leases lets anything overwrite anything: there the
/// job is read once more before it is ended.
async fn may_end(attempt: &Attempt<'_>) -> bool {
    let Attempt { world, task, .. } = attempt;
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
