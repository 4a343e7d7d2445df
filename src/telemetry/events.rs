//! What happens to jobs, told once: each event is a log line and its metrics together.

use std::{sync::Arc, time::Duration};

use export_api::{ExportJob, SnapshotId};
use tracing::{Span, debug, error, field, info, warn};

use super::metrics::{ErrorSource, Exported, JobOutcome, Loop, Metrics, SnapshotEnd, Step};
use crate::ports::{ErrorKind, QueryId, QueryState};

/// What log lines and metrics say of a job. Made once per job in hand.
#[derive(Clone, Debug)]
pub struct JobFacts {
    exported: Exported,
    span: Span,
}

impl JobFacts {
    /// Takes the facts from a job and opens its span.
    pub fn of(job: &ExportJob) -> Self {
        // At the level `error` the span is there whatever is logged: a warning
        // without its job_id would help nobody.
        let span = tracing::error_span!(
            "job",
            snapshot_id = job.snapshot_id.as_str(),
            job_id = job.id.as_str(),
            entity = job.entity_name,
            attempt = job.attempt,
            query_id = field::Empty,
        );
        if let Some(query) = &job.starburst_query_id {
            span.record("query_id", query.as_str());
        }
        Self {
            exported: Exported::from(&job.job_type),
            span,
        }
    }

    /// The span with the fields `snapshot_id`, `job_id`, `entity`, `attempt`, `query_id`.
    /// Run the job's work inside it.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// From now on lines name this query.
    pub fn set_query(&self, query: &QueryId) {
        self.span.record("query_id", query.as_str());
    }
}

/// An error as it is told: where it came from, what it does to the job, its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Where it came from.
    pub source: ErrorSource,
    /// What it does to the job.
    pub kind: ErrorKind,
    /// Its words.
    pub message: String,
}

/// What an inventory found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Parquet files.
    pub files: u64,
}

/// Tells what happens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Events {
    metrics: Arc<Metrics>,
}

impl Events {
    /// Tells it to these metrics, and to the log.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics }
    }

    /// The metrics it counts in.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// A loop looked for work and was answered.
    pub fn looked(&self, which: Loop, found: usize) {
        self.metrics.claims.count((which,));
        if found == 0 {
            self.metrics.empty_claims.count((which,));
        }
        debug!(loop_name = which.as_str(), found, "looked for work");
    }

    /// A loop could not look for work.
    pub fn look_failed(&self, which: Loop, cause: &Cause) {
        self.count_error(cause);
        warn!(
            loop_name = which.as_str(),
            error = cause.message,
            kind = cause.kind.as_str(),
            "could not look for work; trying again"
        );
    }

    /// A job was claimed.
    pub fn claimed(&self, job: &JobFacts) {
        self.metrics.jobs.count((JobOutcome::Claimed,));
        info!(parent: &job.span, "job claimed");
    }

    /// A job's query is registered and persisted.
    pub fn submitted(&self, job: &JobFacts, query: &QueryId) {
        job.set_query(query);
        self.metrics.jobs.count((JobOutcome::Submitted,));
        info!(parent: &job.span, "query registered");
    }

    /// A scheduled poll was answered: the query was found in this state.
    pub fn found(&self, state: QueryState) {
        self.metrics.query_polls.count((state,));
        debug!(state = state.as_str(), "query found");
    }

    /// A query is over that waited in its resource group for so long.
    pub fn queued(&self, job: &JobFacts, waited: Duration) {
        let seconds = waited.as_secs_f64();
        self.metrics.query_queued_seconds.observe((), seconds);
        debug!(parent: &job.span, seconds, "query had been queued");
    }

    /// A query was asked for and goes on; `next_in` says when it is asked for again.
    pub fn polled(&self, job: &JobFacts, poll_count: u32, next_in: Duration) {
        debug!(
            parent: &job.span,
            poll_count,
            next_in_seconds = next_in.as_secs(),
            "query still runs"
        );
    }

    /// A job was exported, counted and reported. `took` is the time since its
    /// query was registered, where that is known.
    pub fn completed(&self, job: &JobFacts, counts: Counts, polls: u32, took: Option<Duration>) {
        let metrics = &self.metrics;
        metrics.jobs.count((JobOutcome::Completed,));
        metrics.rows.add((job.exported,), counts.rows);
        metrics.bytes.add((job.exported,), counts.bytes);
        metrics.files.add((job.exported,), counts.files);
        metrics.polls_per_query.observe((), f64::from(polls));
        if let Some(took) = took {
            metrics
                .export_duration_seconds
                .observe((), took.as_secs_f64());
        }
        info!(
            parent: &job.span,
            rows = counts.rows,
            bytes = counts.bytes,
            files = counts.files,
            polls,
            seconds = took.map(|took| took.as_secs_f64()),
            "job completed"
        );
    }

    /// A job failed for good, and the Control Plane knows.
    pub fn failed(&self, job: &JobFacts, cause: &Cause) {
        self.count_error(cause);
        self.metrics.jobs.count((JobOutcome::Failed,));
        warn!(
            parent: &job.span,
            error = cause.message,
            boundary = cause.source.as_str(),
            "job failed"
        );
    }

    /// A job is over because its snapshot was cancelled.
    pub fn cancelled(&self, job: &JobFacts) {
        self.metrics.jobs.count((JobOutcome::Cancelled,));
        info!(parent: &job.span, "job cancelled");
    }

    /// A job went back to the queue: at a shutdown without its attempt counted,
    /// else for another attempt after `retry_after`.
    pub fn given_back(&self, job: &JobFacts, cause: &Cause, retry_after: Option<Duration>) {
        self.count_error(cause);
        match cause.kind {
            ErrorKind::Interrupted => {
                self.metrics.jobs.count((JobOutcome::Interrupted,));
                info!(parent: &job.span, "job given back at shutdown");
            }
            ErrorKind::Transient | ErrorKind::Permanent | ErrorKind::LeaseLost => {
                self.metrics.jobs.count((JobOutcome::GivenBack,));
                warn!(
                    parent: &job.span,
                    error = cause.message,
                    boundary = cause.source.as_str(),
                    retry_after_seconds = retry_after.map(|delay| delay.as_secs()),
                    "job given back for another attempt"
                );
            }
        }
    }

    /// Somebody else has the job now; `step` noticed.
    pub fn lease_lost(&self, job: &JobFacts, step: Step) {
        self.metrics
            .errors
            .count((ErrorKind::LeaseLost, ErrorSource::ControlPlane));
        self.metrics.jobs.count((JobOutcome::LeaseLost,));
        self.metrics.lease_losses.count((step,));
        warn!(parent: &job.span, step = step.as_str(), "lease lost; dropping the job");
    }

    /// Something went wrong with a job that stays where it is: the next poll,
    /// or the end of its lease, brings it back.
    pub fn left_as_it_is(&self, job: &JobFacts, cause: &Cause) {
        self.count_error(cause);
        warn!(
            parent: &job.span,
            error = cause.message,
            boundary = cause.source.as_str(),
            kind = cause.kind.as_str(),
            "job left as it is"
        );
    }

    /// A snapshot is over: this worker saw it, or brought it about.
    pub fn snapshot_finalised(&self, snapshot: &SnapshotId, end: SnapshotEnd) {
        self.metrics.snapshots_finalised.count((end,));
        info!(
            snapshot_id = snapshot.as_str(),
            status = end.as_str(),
            "snapshot finalised"
        );
    }

    /// A loop panicked; the process goes down for Kubernetes to restart it.
    pub fn panicked(&self, which: Loop, message: &str) {
        self.metrics.loop_panics.count((which,));
        error!(loop_name = which.as_str(), error = message, "loop panicked");
    }

    fn count_error(&self, cause: &Cause) {
        self.metrics.errors.count((cause.kind, cause.source));
    }
}
