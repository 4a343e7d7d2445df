use std::sync::Arc;

use prometheus::{
    Encoder as _, Gauge, HistogramOpts, HistogramVec, IntCounter, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use crate::store::LiveJobs;

/// Everything this process counts and times. All names begin with `export_control_plane_`.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Time to answer a request, by route, method and status class.
    request_seconds: HistogramVec,
    /// Jobs that are not over, by status, as the store has them.
    jobs: IntGaugeVec,
    /// Whether the store answered the last look.
    store_up: IntGauge,
    /// Jobs given to workers by claims.
    claims: IntCounter,
    /// Claims that found nothing.
    empty_claims: IntCounter,
    /// Leases on claimed jobs that expired.
    lease_expiries: IntCounter,
    /// Writes refused because the lease was lost.
    lease_losses: IntCounter,
    /// Long polls that wait now.
    waiting: IntGauge,
    /// Spans that did not reach the collector.
    spans_dropped: IntCounter,
}

const PREFIX: &str = "export_control_plane";

impl Metrics {
    /// Declares every metric, its counters at 0.
    pub(crate) fn new() -> Result<Arc<Self>, prometheus::Error> {
        let registry = Registry::new_custom(Some(PREFIX.to_owned()), None)?;
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let claims = counter("claims_total", "Jobs given to workers by claims")?;
        let empty_claims = counter("empty_claims_total", "Claims that found no job")?;
        let lease_expiries = counter(
            "lease_expiries_total",
            "Leases on claimed jobs that expired; each counts as an attempt of its job",
        )?;
        let lease_losses = counter(
            "lease_losses_total",
            "Writes that were refused because their lease was lost",
        )?;
        let spans_dropped = counter(
            "spans_dropped_total",
            "Spans that did not reach the collector: it was away, or too many waited",
        )?;
        let store_up = gauge(
            "store_up",
            "1 if the store answered the last look, 0 if not",
        )?;
        let waiting = gauge("long_polls_waiting", "Long polls that wait now")?;
        let request_seconds = HistogramVec::new(
            HistogramOpts::new(
                "http_request_seconds",
                "Time to answer a request, by route, method and status class; those of claim and pollable include the wait of long polls",
            )
            .buckets(vec![
                0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
            ]),
            &["route", "method", "status"],
        )?;
        registry.register(Box::new(request_seconds.clone()))?;
        let jobs = IntGaugeVec::new(
            Opts::new(
                "jobs",
                "Jobs that are not over, by status, as the store has them",
            ),
            &["status"],
        )?;
        registry.register(Box::new(jobs.clone()))?;
        let build = Gauge::with_opts(
            Opts::new("build_info", "Always 1; the label says the version")
                .const_label("version", env!("CARGO_PKG_VERSION")),
        )?;
        build.set(1.0);
        registry.register(Box::new(build))?;
        let metrics = Self {
            registry,
            request_seconds,
            jobs,
            store_up,
            claims,
            empty_claims,
            lease_expiries,
            lease_losses,
            waiting,
            spans_dropped,
        };
        metrics.show_jobs(LiveJobs::default());
        Ok(Arc::new(metrics))
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

    /// So many spans did not reach the collector.
    pub(crate) fn spans_dropped(&self, spans: u64) {
        self.spans_dropped.inc_by(spans);
    }

    /// A long poll waits, until the returned guard is dropped.
    pub(crate) fn waits(&self) -> Waiting {
        self.waiting.inc();
        Waiting(self.waiting.clone())
    }

    /// What the store has, or nothing where it did not answer.
    pub(crate) fn look(&self, live: Option<LiveJobs>) {
        self.store_up.set(i64::from(live.is_some()));
        if let Some(live) = live {
            self.show_jobs(live);
        }
    }

    fn show_jobs(&self, live: LiveJobs) {
        for (status, count) in [
            ("pending", live.pending),
            ("claimed", live.claimed),
            ("submitted", live.submitted),
        ] {
            self.jobs
                .with_label_values(&[status])
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// All of it in Prometheus' text format.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
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
