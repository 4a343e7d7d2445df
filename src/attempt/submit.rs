use export_api::{ExportJob, JobUpdate, JobUpdated, WireTime};

use super::{
    Ending, Failure, Shutdown, Task, World, bury::bury, destination, progress::Submission,
    pursue::pursue, report, schedule, snapshot, statement, under_way::Attempt,
};
use crate::telemetry::{Loop, Step};

/// Brings a claimed job to Starburst, and reports how that ended.
pub async fn submit(world: &World, shutdown: &Shutdown, job: &ExportJob) {
    let task = match Task::of(job) {
        Ok(task) => task,
        Err(error) => return report::unreadable(world, job, error).await,
    };
    let Some(_entry) = world.in_flight.enter(&task) else {
        return;
    };
    let _in_flight = world.events.metrics().in_flight(Loop::Submitter);
    world.events.claimed(&task.facts);
    let attempt = Attempt::new(world, shutdown, &task, Loop::Submitter);
    attempt.run(prepare(&attempt, job)).await;
}

/// The steps that come before a query runs, in the one order that is safe: what
/// a step has done is known to the Control Plane, or harmless, before the next
/// one acts.
async fn prepare(attempt: &Attempt<'_>, job: &ExportJob) -> Result<Ending, Failure> {
    let Attempt {
        world,
        task,
        progress,
        ..
    } = attempt;
    let statement = statement::build(world, task, job)?;
    if let Some(query) = &task.query {
        let burial = || bury(attempt, query, task.next_uri.as_ref());
        attempt.patiently(Step::Bury, burial).await?;
    }
    let clearing = || destination::clear(attempt);
    attempt.patiently(Step::Check, clearing).await?;
    // A job that cannot be given back had better be registered and persisted.
    if attempt.shutdown.stopping.is_cancelled() && task.token.is_some() {
        return Ok(progress.interrupted(world.clock.now()));
    }
    let registering = async || Ok(world.starburst.register(&statement).await?);
    let registered = attempt.patiently(Step::Register, registering).await?;
    let submission = Submission {
        query: registered.query_id,
        next_uri: registered.next_uri,
        poll_count: 0,
        submitted_at: Some(world.clock.now()),
    };
    let persisting = || persist(world, task, &submission);
    let answer = attempt.patiently(Step::Persist, persisting).await?;
    attempt.registered(&submission.query);
    progress.submitted(submission);
    snapshot::started(world, task, &answer).await;
    // The first GET of the sprint is the kick: now it runs.
    pursue(attempt, Step::Kick).await
}

/// Makes the query known to the Control Plane. Before this, a crash leaves a
/// registration that never runs; after it, any replica can go on.
async fn persist(
    world: &World,
    task: &Task,
    submission: &Submission,
) -> Result<JobUpdated, Failure> {
    let now = world.clock.now();
    let update = JobUpdate::Submitted {
        query_id: submission.query.as_str().to_owned(),
        next_uri: submission.next_uri.clone(),
        next_poll_at: WireTime::ceil(schedule::next_poll_at(now, 0)),
        poll_count: 0,
        submitted_at: now.into(),
    };
    let answer = world
        .control_plane
        .update_job(&task.id, task.token.as_ref(), update)
        .await?;
    Ok(answer)
}
