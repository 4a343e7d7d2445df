//! The poller: takes jobs whose query is due to be asked for. It decides when;
//! [`attempt::poll`] decides how.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use export_api::{ExportJob, PollableRequest};
use futures::{StreamExt, stream};
use tokio::time::Instant;

use crate::{
    attempt::{self, Failure, Shutdown, World},
    clock::whole_seconds,
    config::LoopsConfig,
    feed::{Batch, Panicked, feed},
    telemetry::Loop,
};

/// Every Control Plane answers 422 beyond this.
const LARGEST_PAGE: u32 = 100;
/// Jobs moved out of the way at once.
const POSTPONE_CONCURRENCY: usize = 8;

/// Settings of the poller.
#[derive(Debug)]
pub struct Poller {
    /// Who polls.
    pub worker_id: String,
    /// Queries asked for at once.
    pub concurrency: usize,
    /// Jobs per look, at most.
    pub poll_limit: u32,
    /// How long the Control Plane is asked to wait for a first job to be due.
    pub poll_wait: Duration,
    /// The pause between looks where the Control Plane does not wait.
    pub interval: Duration,
    /// Whether the jobs of the last page came without a lease.
    pub saw_unleased: AtomicBool,
}

impl From<&LoopsConfig> for Poller {
    fn from(pace: &LoopsConfig) -> Self {
        Self {
            worker_id: pace.worker_id.clone(),
            concurrency: pace.poll_concurrency,
            poll_limit: pace.poll_limit,
            poll_wait: pace.claim_wait,
            interval: pace.poll_interval,
            saw_unleased: AtomicBool::new(false),
        }
    }
}

impl Poller {
    /// Polls until `shutdown` begins, and then until what is under way is done.
    pub async fn run(self, world: Arc<World>, shutdown: Shutdown) -> Result<(), Panicked> {
        let work = |job| {
            let (world, shutdown) = (Arc::clone(&world), shutdown.clone());
            async move { attempt::poll(&world, &shutdown, &job).await }
        };
        let fetch = |room| self.look(&world, room);
        feed(
            self.concurrency,
            self.poll_limit,
            &shutdown.stopping,
            fetch,
            work,
        )
        .await
    }

    async fn look(&self, world: &World, room: u32) -> Batch {
        let unleased = self.saw_unleased.load(Ordering::Relaxed);
        let request = PollableRequest {
            // Without leases jobs that are not due come along: look past them.
            limit: if unleased {
                LARGEST_PAGE
            } else {
                room.min(LARGEST_PAGE)
            },
            worker_id: Some(self.worker_id.clone()),
            lease_seconds: Some(whole_seconds(world.settings.lease)),
            wait_seconds: Some(whole_seconds(self.poll_wait)),
        };
        let asked = Instant::now();
        match world.control_plane.pollable(&request).await {
            Ok(page) if page.jobs.iter().any(|job| job.claim_token.is_none()) => {
                world.events.looked(Loop::Poller, page.jobs.len());
                self.saw_unleased.store(true, Ordering::Relaxed);
                let is_full = page.jobs.len() >= LARGEST_PAGE as usize;
                Batch {
                    jobs: due_jobs(world, page.jobs, is_full).await,
                    pause: Some(self.interval),
                }
            }
            Ok(page) => {
                world.events.looked(Loop::Poller, page.jobs.len());
                if !page.jobs.is_empty() {
                    self.saw_unleased.store(false, Ordering::Relaxed);
                }
                Batch::found(page.jobs, asked.elapsed(), self.poll_wait, self.interval)
            }
            Err(error) => {
                let batch = Batch::failed(&error, self.interval);
                let cause = Failure::from(error).cause();
                world.events.look_failed(Loop::Poller, &cause);
                batch
            }
        }
    }
}

/// Of a page without leases, the jobs that are due and that this process is not
/// at already. Where the page is full, the others are moved out of the way.
async fn due_jobs(world: &World, page: Vec<ExportJob>, is_full: bool) -> Vec<ExportJob> {
    let now = world.clock.now();
    let (due, early): (Vec<_>, Vec<_>) = page
        .into_iter()
        .filter(|job| !world.in_flight.contains(&job.id))
        .partition(|job| attempt::is_due(job, now));
    if is_full {
        stream::iter(early)
            .for_each_concurrent(POSTPONE_CONCURRENCY, |job| async move {
                if let Err(error) = attempt::postpone(world, &job).await {
                    tracing::warn!(job_id = %job.id, %error, "job not moved out of the way");
                }
            })
            .await;
    }
    due
}
