//! The submitter: claims jobs and brings them to Starburst. It decides when;
//! [`attempt::submit`] decides how.

use std::{sync::Arc, time::Duration};

use export_api::ClaimRequest;
use tokio::time::Instant;

use crate::{
    attempt::{self, Failure, Shutdown, World},
    clock::whole_seconds,
    config::LoopsConfig,
    feed::{Batch, Panicked, feed},
    telemetry::Loop,
};

/// Settings of the submitter.
#[derive(Clone, Debug)]
pub struct Submitter {
    /// Who claims.
    pub worker_id: String,
    /// Jobs brought to Starburst at once.
    pub concurrency: usize,
    /// Jobs per claim, at most.
    pub claim_limit: u32,
    /// How long the Control Plane is asked to wait for a first job.
    pub claim_wait: Duration,
    /// The pause after an empty claim that did not wait, and after an error.
    pub empty_backoff: Duration,
}

impl From<&LoopsConfig> for Submitter {
    fn from(pace: &LoopsConfig) -> Self {
        Self {
            worker_id: pace.worker_id.clone(),
            concurrency: pace.submit_concurrency,
            claim_limit: pace.claim_limit,
            claim_wait: pace.claim_wait,
            empty_backoff: pace.empty_poll_backoff,
        }
    }
}

impl Submitter {
    /// Claims and submits until `shutdown` begins, and then until what is under way is done.
    pub async fn run(self, world: Arc<World>, shutdown: Shutdown) -> Result<(), Panicked> {
        let work = |job| {
            let (world, shutdown) = (Arc::clone(&world), shutdown.clone());
            async move { attempt::submit(&world, &shutdown, &job).await }
        };
        let fetch = |room| self.claim(&world, room);
        feed(
            self.concurrency,
            self.claim_limit,
            &shutdown.stopping,
            fetch,
            work,
        )
        .await
    }

    async fn claim(&self, world: &World, room: u32) -> Batch {
        let request = ClaimRequest {
            worker_id: self.worker_id.clone(),
            limit: room,
            wait_seconds: Some(whole_seconds(self.claim_wait)),
            lease_seconds: Some(whole_seconds(world.settings.lease)),
        };
        let asked = Instant::now();
        match world.control_plane.claim(&request).await {
            Ok(claimed) => {
                world.events.looked(Loop::Submitter, claimed.jobs.len());
                let (took, wait) = (asked.elapsed(), self.claim_wait);
                Batch::found(claimed.jobs, took, wait, self.empty_backoff)
            }
            Err(error) => {
                let batch = Batch::failed(&error, self.empty_backoff);
                let cause = Failure::from(error).cause();
                world.events.look_failed(Loop::Submitter, &cause);
                batch
            }
        }
    }
}
