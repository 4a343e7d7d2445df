use std::time::Duration;

use export_api::{ExportJob, JobUpdate};

use super::{
    Ending, Failure, Shutdown, Task, World,
    bury::bury,
    destination,
    lease::Lease,
    progress::{Progress, Submission},
    pursue::pursue,
    report, schedule, snapshot, statement,
};

/// After the kick pages are followed this long even if they bring nothing, so
/// that a query of a second is over in one go.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Brings a claimed job to Starburst, and reports how that ended.
pub async fn submit(world: &World, shutdown: &Shutdown, job: &ExportJob) {
    let task = match Task::of(job) {
        Ok(task) => task,
        Err(error) => return report::unreadable(world, job, error).await,
    };
    world.events.claimed(&task);
    let Some(_entry) = world.in_flight.enter(&task) else {
        return;
    };
    let progress = Progress::default();
    let lease = Lease::new(world, &task);
    let work = prepare(world, shutdown, &task, job, &lease, &progress);
    let ending = report::ending_of(world, shutdown, &task, &lease, &progress, work).await;
    report::report(world, &task, ending).await;
}

/// The steps that come before a query runs, in the one order that is safe: what
/// a step has done is known to the Control Plane, or harmless, before the next
/// one acts.
async fn prepare(
    world: &World,
    shutdown: &Shutdown,
    task: &Task,
    job: &ExportJob,
    lease: &Lease<'_>,
    progress: &Progress,
) -> Result<Ending, Failure> {
    let statement = statement::build(world, task, job)?;
    if let Some(query) = &task.query {
        bury(world, query, task.next_uri.as_ref()).await?;
    }
    destination::clear(world, task, lease).await?;
    if shutdown.stopping.is_cancelled() {
        return Ok(progress.interrupted(world.clock.now()));
    }
    let registered = world.starburst.register(&statement).await?;
    let submission = Submission {
        query: registered.query_id,
        next_uri: registered.next_uri,
        poll_count: 0,
    };
    persist(world, task, &submission).await?;
    progress.submitted(submission);
    // The first GET of the sprint is the kick: now it runs.
    pursue(world, shutdown, task, lease, progress, PATIENCE).await
}

/// Makes the query known to the Control Plane. Before this, a crash leaves a
/// registration that never runs; after it, any replica can go on.
async fn persist(world: &World, task: &Task, submission: &Submission) -> Result<(), Failure> {
    let now = world.clock.now();
    let update = JobUpdate::Submitted {
        query_id: submission.query.as_str().to_owned(),
        next_uri: submission.next_uri.clone(),
        next_poll_at: export_api::WireTime::ceil(schedule::next_poll_at(now, 0)),
        poll_count: 0,
        submitted_at: now.into(),
    };
    let answer = world
        .control_plane
        .update_job(&task.id, task.token.as_ref(), update)
        .await?;
    world.events.submitted(task, &submission.query);
    snapshot::started(world, task, &answer).await;
    Ok(())
}
