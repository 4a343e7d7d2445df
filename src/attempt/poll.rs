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
    let attempt = Attempt::new(world, shutdown, &task, Loop::Poller);
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
    // A due time after the last write was set by that write: no other has to be derived.
    if let Some(due) = job.next_poll_at.filter(|due| due.0 > asked) {
        return Some(due.0);
    }
    // Moving `next_poll_at` may have rewritten `submitted_at`; the claim came before it.
    let began = job.claimed_at.map_or(submitted, |at| at.0.min(submitted));
    Some(schedule::derived_due(began, asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(times: &serde_json::Value) -> ExportJob {
        let mut job = serde_json::json!({
            "id": "1", "snapshot_id": "1", "job_type": "node", "entity_name": "E",
            "status": "submitted", "submitted_at": "2026-11-22T03:00:00Z",
        });
        job.as_object_mut()
            .unwrap()
            .extend(times.as_object().unwrap().clone());
        serde_json::from_value(job).unwrap()
    }

    fn due(job: &ExportJob) -> String {
        derived_due(job).unwrap().to_rfc3339()
    }

    #[test]
    fn a_leased_job_is_due_whenever_it_is_handed_out() {
        let leased = job(&serde_json::json!({
            "claim_token": "t", "updated_at": "2026-11-22T03:00:00Z",
        }));
        assert!(is_due(&leased, DateTime::UNIX_EPOCH));
    }

    #[test]
    fn without_a_lease_the_due_time_follows_from_age_and_last_write() {
        let asked = job(&serde_json::json!({
            "next_poll_at": "2026-11-22T03:00:02Z", "updated_at": "2026-11-22T03:00:10Z",
        }));
        assert_eq!(due(&asked), "2026-11-22T03:00:18+00:00");
    }

    #[test]
    fn a_job_that_was_moved_out_of_the_way_is_not_moved_on_and_on() {
        let postponed = job(&serde_json::json!({
            "next_poll_at": "2026-11-22T03:00:18Z", "updated_at": "2026-11-22T03:00:17Z",
        }));
        assert_eq!(due(&postponed), "2026-11-22T03:00:18+00:00");
    }
}
