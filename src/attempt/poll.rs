use chrono::{DateTime, Utc};
use export_api::ExportJob;

use super::{
    Ending, Failure, Shutdown, Task, World, bury::bury, progress::Submission, pursue::pursue,
    recover::by_id, report, schedule, under_way::Attempt,
};
use crate::telemetry::{Loop, Step};

/// Asks how the query of a submitted job is doing, and reports it.
pub async fn poll(world: &World, shutdown: &Shutdown, job: &ExportJob) {
    let task = match Task::of(job) {
        Ok(task) => task,
        Err(error) => return report::unreadable(world, job, error).await,
    };
    let Some(_entry) = world.in_flight.enter(&task) else {
        return;
    };
    let _in_flight = world.events.metrics().in_flight(Loop::Poller);
    let attempt = Attempt::new(world, shutdown, &task, Step::Poll);
    attempt.run(ask(&attempt)).await;
}

async fn ask(attempt: &Attempt<'_>) -> Result<Ending, Failure> {
    let task = attempt.task;
    let query = task.query.clone().ok_or(Failure::NoQuery)?;
    if task.cancel_requested {
        let burial = bury(attempt, &query, task.next_uri.as_ref());
        attempt.during(Step::Bury, burial).await?;
        return Ok(Ending::Cancelled);
    }
    let Some(next_uri) = task.next_uri.clone() else {
        return by_id(attempt, &query, None)
            .await?
            .ok_or(Failure::Forgotten(query));
    };
    attempt.progress.submitted(Submission {
        query,
        next_uri,
        poll_count: task.poll_count.saturating_add(1),
        submitted_at: task.submitted_at,
    });
    pursue(attempt, Step::Poll).await
}

/// Whether a pollable job is to be asked for at `now`.
///
/// A leased one is: its Control Plane keeps the schedule. One without a lease
/// may come from a Control Plane that drops the schedule; then the times that
/// the job does carry decide.
pub fn is_due(job: &ExportJob, now: DateTime<Utc>) -> bool {
    derived_due(job).is_none_or(|due| due <= now)
}

/// When a job without a lease is due, where its times say so.
pub(super) fn derived_due(job: &ExportJob) -> Option<DateTime<Utc>> {
    if job.claim_token.is_some() {
        return None;
    }
    let (submitted, asked) = (job.submitted_at?.0, job.updated_at?.0);
    // Moving `next_poll_at` may have rewritten `submitted_at`; the claim came before it.
    let began = job.claimed_at.map_or(submitted, |at| at.0.min(submitted));
    Some(schedule::derived_due(began, asked))
}
