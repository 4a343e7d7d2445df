use std::sync::Arc;

use prometheus::{HistogramOpts, HistogramVec, Registry};
use tokio::time::Instant;

/// Whom a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// The job queue.
    ControlPlane,
    /// The coordinator.
    Starburst,
    /// The object store.
    Storage,
}

impl Boundary {
    /// Every boundary, for metrics that start at 0.
    pub const ALL: [Self; 3] = [Self::ControlPlane, Self::Starburst, Self::Storage];

    /// The boundary as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ControlPlane => "control_plane",
            Self::Starburst => "starburst",
            Self::Storage => "storage",
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestOutcome {
    /// 1xx to 3xx.
    Ok,
    /// 4xx but 429.
    ClientError,
    /// 429.
    Throttled,
    /// 5xx.
    ServerError,
    /// No answer at all.
    NoAnswer,
}

impl RequestOutcome {
    /// Every outcome, for metrics that start at 0.
    pub const ALL: [Self; 5] = [
        Self::Ok,
        Self::ClientError,
        Self::Throttled,
        Self::ServerError,
        Self::NoAnswer,
    ];

    /// Reads an HTTP status.
    pub fn from_status(status: u16) -> Self {
        match status {
            0..400 => Self::Ok,
            429 => Self::Throttled,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }

    /// The outcome as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ClientError => "client_error",
            Self::Throttled => "throttled",
            Self::ServerError => "server_error",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// Everything the worker counts and times. One per process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    outside_request_seconds: HistogramVec,
}

impl Metrics {
    /// Declares every metric, its counters at 0.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let registry = Registry::new();
        let outside_request_seconds = HistogramVec::new(
            HistogramOpts::new(
                "export_worker_outside_request_seconds",
                "Time from sending a request to the headers of its answer, by boundary and outcome",
            ),
            &["boundary", "outcome"],
        )?;
        registry.register(Box::new(outside_request_seconds.clone()))?;
        Ok(Arc::new(Self {
            registry,
            outside_request_seconds,
        }))
    }

    /// Starts the clock of one request to the outside.
    pub fn outside_request(&self, boundary: Boundary) -> OutsideRequest<'_> {
        OutsideRequest {
            metrics: self,
            boundary,
            started: Instant::now(),
        }
    }
}

/// A request under way.
#[must_use = "a request that is never done is never counted"]
#[derive(Debug)]
pub struct OutsideRequest<'a> {
    metrics: &'a Metrics,
    boundary: Boundary,
    started: Instant,
}

impl OutsideRequest<'_> {
    /// Stops the clock.
    pub fn done(self, outcome: RequestOutcome) {
        self.metrics
            .outside_request_seconds
            .with_label_values(&[self.boundary.as_str(), outcome.as_str()])
            .observe(self.started.elapsed().as_secs_f64());
    }
}
