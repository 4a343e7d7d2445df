//! Everything the worker counts and times, in one struct.

mod buckets;
mod declare;
mod documentation;
mod family;
mod labels;
#[cfg(test)]
mod tests;
mod timers;

use std::sync::Arc;

use prometheus::{Registry, TextEncoder};

use declare::metrics;
use documentation::Declared;
use family::Family;

use crate::ports::{ErrorKind, QueryState};

pub use documentation::markdown;
pub use family::{CounterBy, GaugeBy, HistogramBy, Labels};
pub use labels::{
    Boundary, ErrorSource, Exported, JobOutcome, Label, Loop, RequestOutcome, SnapshotEnd, Step,
};
pub use timers::{InFlight, OutsideRequest, StepClock};

metrics! {
    /// Jobs by what became of them in the hands of this worker
    jobs: CounterBy<(JobOutcome,)> = "export_worker_jobs_total";
    /// Errors by kind and by where they came from, past all retries
    errors: CounterBy<(ErrorKind, ErrorSource)> = "export_worker_errors_total";
    /// Time from the registration of a query to the report of its completed job
    export_duration_seconds: HistogramBy<()> = "export_worker_export_duration_seconds", buckets::EXPORT;
    /// Time each step of an attempt took, however it ended
    step_seconds: HistogramBy<(Step,)> = "export_worker_step_seconds", buckets::STEP;
    /// Time from sending a request to the headers of its answer, by boundary and outcome
    outside_request_seconds: HistogramBy<(Boundary, RequestOutcome)> = "export_worker_outside_request_seconds", buckets::REQUEST;
    /// Rows exported by completed jobs
    rows: CounterBy<(Exported,)> = "export_worker_rows_total";
    /// Bytes of Parquet exported by completed jobs
    bytes: CounterBy<(Exported,)> = "export_worker_bytes_total";
    /// Parquet files exported by completed jobs
    files: CounterBy<(Exported,)> = "export_worker_files_total";
    /// Jobs under way in each loop
    jobs_in_flight: GaugeBy<(Loop,)> = "export_worker_jobs_in_flight";
    /// Looks for work that the Control Plane answered
    claims: CounterBy<(Loop,)> = "export_worker_claims_total";
    /// Looks for work that found none
    empty_claims: CounterBy<(Loop,)> = "export_worker_empty_claims_total";
    /// Leases lost, by the step that noticed
    lease_losses: CounterBy<(Step,)> = "export_worker_lease_losses_total";
    /// Scheduled polls a query took until it was over
    polls_per_query: HistogramBy<()> = "export_worker_polls_per_query", buckets::POLLS;
    /// Scheduled polls that were answered, by the state the query was found in
    query_polls: CounterBy<(QueryState,)> = "export_worker_query_polls_total";
    /// Time a query waited in its resource group, told once when it is over; a cancelled one is not told
    query_queued_seconds: HistogramBy<()> = "export_worker_query_queued_seconds", buckets::QUEUED;
    /// Snapshots whose end this worker saw or brought about
    snapshots_finalised: CounterBy<(SnapshotEnd,)> = "export_worker_snapshots_finalised_total";
    /// Panics of a loop, each of which takes the process down
    loop_panics: CounterBy<(Loop,)> = "export_worker_loop_panics_total";
    /// Whether the worker is ready, 1 or 0: 0 until the outside was reached once, and from the begin of a shutdown on
    ready: GaugeBy<()> = "export_worker_ready";
    /// Whether the last contact with a boundary reached it and it took our credentials, 1 or 0
    boundary_up: GaugeBy<(Boundary,)> = "export_worker_boundary_up";
    /// Always 1; its label says which version runs
    build_info: BuildInfo = "export_worker_build_info";
}

impl Metrics {
    /// All metrics in Prometheus's text format.
    pub fn exposition(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// The version, as a metric.
#[derive(Debug)]
pub struct BuildInfo;

impl Family for BuildInfo {
    const TYPE: &'static str = "gauge";

    fn declare(
        registry: &Registry,
        name: &str,
        help: &str,
        _: &[f64],
    ) -> Result<Self, prometheus::Error> {
        let info =
            prometheus::IntGaugeVec::new(prometheus::Opts::new(name, help), &Self::label_names())?;
        registry.register(Box::new(info.clone()))?;
        info.get_metric_with_label_values(&[env!("CARGO_PKG_VERSION")])?
            .set(1);
        Ok(Self)
    }

    fn label_names() -> Vec<&'static str> {
        vec!["version"]
    }
}
