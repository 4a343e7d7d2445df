//! `DRY_RUN`: says what each loop would do, and changes nothing anywhere.
//!
//! A claim changes the queue, a GET of a nextUri advances its query: neither is
//! sent. What can be looked at without a trace is shown: the jobs that a poller
//! would ask for, with the statement that a submitter would have sent.

use std::collections::HashSet;

use export_api::{ExportJob, JobId, PollableRequest};
use tokio::time::sleep;

use crate::{
    attempt::{Failure, Shutdown, World, statement_of},
    clock::whole_seconds,
    config::LoopsConfig,
    telemetry::Loop,
};

/// Runs in place of a loop until `phases` say stop.
pub async fn run(which: Loop, pace: &LoopsConfig, world: &World, phases: &Shutdown) {
    let mut told = HashSet::new();
    loop {
        match which {
            Loop::Submitter => tracing::info!(
                worker_id = pace.worker_id,
                limit = pace.claim_limit,
                lease_seconds = whole_seconds(pace.lease),
                "dry run: would claim jobs"
            ),
            Loop::Poller => look(pace, world, &mut told).await,
        }
        tokio::select! {
            () = phases.stopping.cancelled() => return,
            () = sleep(pace.poll_interval) => {}
        }
    }
}

/// Shows the jobs that are due. Without a worker's name the look leases nothing.
async fn look(pace: &LoopsConfig, world: &World, told: &mut HashSet<JobId>) {
    let request = PollableRequest {
        limit: pace.poll_limit,
        worker_id: None,
        lease_seconds: None,
        wait_seconds: None,
    };
    match world.control_plane.pollable(&request).await {
        Ok(found) => {
            let due: HashSet<JobId> = found.jobs.iter().map(|job| job.id.clone()).collect();
            for job in found.jobs.iter().filter(|job| !told.contains(&job.id)) {
                tell(world, job);
            }
            // As large as one page: what is told is forgotten once it is no longer due.
            *told = due;
        }
        Err(error) => world
            .events
            .look_failed(Loop::Poller, &Failure::from(error).cause()),
    }
}

fn tell(world: &World, job: &ExportJob) {
    let query_id = job.starburst_query_id.as_deref();
    match statement_of(world, job) {
        Ok(statement) => tracing::info!(
            snapshot_id = %job.snapshot_id,
            job_id = %job.id,
            entity = job.entity_name,
            query_id,
            statement = statement.sql,
            "dry run: would ask for the query of this statement"
        ),
        Err(error) => tracing::info!(
            job_id = %job.id,
            query_id,
            %error,
            "dry run: would fail this job"
        ),
    }
}
