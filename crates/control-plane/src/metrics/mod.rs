//! Everything this process counts and times, and what it sees in the store.

mod documentation;
mod family;
mod queue;

use std::sync::Arc;

use prometheus::{HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry, TextEncoder};

use crate::{clock::Clock, store::QueueView};
use family::{Across, Family, Kind, declare};
use queue::Queue;

pub use documentation::markdown;

declare! {
    /// 1 if the store answered the last look, 0 if not; the gauges that are read from the store are there only while it is 1
    STORE_UP: Gauge() = "store_up", Min;
    /// Jobs that are not over, by status
    JOBS: Gauge("status") = "jobs", Max;
    /// Age of the job that is longest in a status, 0 if none is: `pending` since it could be claimed (a job that was given back without a delay keeps its old place, and so its age), `claimed` since the claim, `submitted` since its query was registered
    OLDEST_JOB_SECONDS: Gauge("status") = "oldest_job_seconds", Max;
    /// Snapshots that are not over, by status
    SNAPSHOTS: Gauge("status") = "snapshots", Max;
    /// Longest time for which a snapshot that is not over saw none of its jobs move, 0 if there is none: a claim, a heartbeat, a poll and a report move a job
    SNAPSHOT_IDLE_SECONDS: Gauge() = "snapshot_idle_seconds", Max;
    /// Age of each of the oldest snapshots that are not over, `METRICS_SNAPSHOTS` of them at most
    SNAPSHOT_AGE_SECONDS: Gauge("snapshot_id") = "snapshot_age_seconds", Max;
    /// Jobs of each of these snapshots, by status
    SNAPSHOT_JOBS: Gauge("snapshot_id", "status") = "snapshot_jobs", Max;
    /// Jobs that ended by a request to this replica or by its reaper, by how they ended
    JOBS_ENDED: Counter("status") = "jobs_ended_total", Sum;
    /// Jobs given to workers by claims
    CLAIMS: Counter() = "claims_total", Sum;
    /// Claims that found no job
    EMPTY_CLAIMS: Counter() = "empty_claims_total", Sum;
    /// Leases on claimed jobs that expired; each counts as an attempt of its job
    LEASE_EXPIRIES: Counter() = "lease_expiries_total", Sum;
    /// Writes that were refused because their lease was lost
    LEASE_LOSSES: Counter() = "lease_losses_total", Sum;
    /// Long polls that wait now
    LONG_POLLS_WAITING: Gauge() = "long_polls_waiting", Sum;
    /// Time to answer a request, by route, method and status class; those of claim and pollable include the wait of long polls
    HTTP_REQUEST_SECONDS: Histogram("route", "method", "status") = "http_request_seconds", Sum;
    /// Always 1; the label says the version
    BUILD_INFO: Gauge("version") = "build_info", Each;
}

const REQUEST_BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// How a job can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobEnd {
    Completed,
    Failed,
    Cancelled,
}

impl JobEnd {
    const ALL: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Everything this process counts and times. All names begin with `export_control_plane_`.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    request_seconds: HistogramVec,
    store_up: IntGauge,
    queue: Queue,
    ended: IntCounterVec,
    claims: IntCounter,
    empty_claims: IntCounter,
    lease_expiries: IntCounter,
    lease_losses: IntCounter,
    waiting: IntGauge,
}

impl Metrics {
    /// Declares every metric, its counters at 0. Ages are told by `clock`.
    pub(crate) fn new(clock: Clock) -> Result<Arc<Self>, prometheus::Error> {
        let registry = Registry::new();
        let queue = Queue::new(clock);
        registry.register(Box::new(queue.clone()))?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))?;
        BUILD_INFO.info(&registry, env!("CARGO_PKG_VERSION"))?;
        let ended = JOBS_ENDED.counters(&registry)?;
        for end in JobEnd::ALL {
            ended.get_metric_with_label_values(&[end.as_str()])?;
        }
        Ok(Arc::new(Self {
            request_seconds: HTTP_REQUEST_SECONDS.histogram(&registry, REQUEST_BUCKETS)?,
            store_up: STORE_UP.gauge(&registry)?,
            queue,
            ended,
            claims: CLAIMS.counter(&registry)?,
            empty_claims: EMPTY_CLAIMS.counter(&registry)?,
            lease_expiries: LEASE_EXPIRIES.counter(&registry)?,
            lease_losses: LEASE_LOSSES.counter(&registry)?,
            waiting: LONG_POLLS_WAITING.gauge(&registry)?,
            registry,
        }))
    }

    /// A request was answered. The labels must come from closed sets.
    pub(crate) fn request(&self, route: &str, method: &str, status: u16, seconds: f64) {
        let class = match status {
            0..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        self.request_seconds
            .with_label_values(&[route, method, class])
            .observe(seconds);
    }

    /// A claim gave away so many jobs.
    pub(crate) fn claimed(&self, jobs: usize) {
        if jobs == 0 {
            self.empty_claims.inc();
        } else {
            self.claims.inc_by(jobs as u64);
        }
    }

    /// So many leases expired.
    pub(crate) fn leases_expired(&self, leases: u64) {
        self.lease_expiries.inc_by(leases);
    }

    /// A write was refused because its lease was lost.
    pub(crate) fn lease_lost(&self) {
        self.lease_losses.inc();
    }

    /// A long poll waits, until the returned guard is dropped.
    pub(crate) fn waits(&self) -> Waiting {
        self.waiting.inc();
        Waiting(self.waiting.clone())
    }

    /// So many jobs ended.
    pub(crate) fn ended(&self, how: JobEnd, jobs: u64) {
        self.ended.with_label_values(&[how.as_str()]).inc_by(jobs);
    }

    /// What the store has, or nothing where it did not answer.
    pub(crate) fn look(&self, view: Option<QueueView>) {
        self.store_up.set(i64::from(view.is_some()));
        self.queue.show(view);
    }

    /// All of it in Prometheus' text format.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// A long poll that waits.
#[derive(Debug)]
pub(crate) struct Waiting(IntGauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}
