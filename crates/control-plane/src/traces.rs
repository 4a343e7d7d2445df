//! The Control Plane's part in the trace of each job: where it begins, who was given
//! the job, what was asked about it.

use std::sync::Arc;

use axum::http::HeaderMap;
use export_api::ExportJob;
use export_traces::{Attribute, Exporting, Kind, Settings, Span, TraceParent, Under};
use url::Url;

use crate::{metrics::Metrics, secret::Secret};

/// Where spans go.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// The collector.
    pub endpoint: Url,
    /// Headers it wants; from a file, read before each request.
    pub headers: Option<Secret>,
    /// What this service is called.
    pub service: String,
    /// The share of traces kept, from 0 to 1.
    pub share: f64,
}

/// Switches traces on. What keeps them off is logged, and nothing else depends on it.
pub(crate) fn start(config: TracesConfig, metrics: &Arc<Metrics>) -> Option<Exporting> {
    let metrics = Arc::clone(metrics);
    let headers = config.headers;
    let started = export_traces::start(Settings {
        endpoint: config.endpoint,
        // What is wrong with its file shows in the collector's answer.
        headers: Arc::new(move || headers.as_ref()?.read().ok()),
        service: config.service,
        version: env!("CARGO_PKG_VERSION"),
        instance: std::env::var("HOSTNAME").ok(),
        share: config.share,
        on_dropped: Arc::new(move |spans| metrics.spans_dropped(spans)),
    });
    started
        .inspect_err(|error| tracing::warn!(%error, "going on without traces"))
        .ok()
}

/// A request that belongs to a trace, or that begins some. Any other is nobody's
/// work: workers that look for jobs would fill the collector with nothing. `method` is
/// that of the metrics, for a caller may make up his own.
pub(crate) fn request(method: &'static str, route: &str, headers: &HeaderMap, id: &str) -> Span {
    let parent = TraceParent::of_headers(headers);
    let begins_traces = method == "POST" && route == "/api/snapshots";
    if !route.starts_with("/api") || (parent.is_none() && !begins_traces) {
        return Span::none();
    }
    let name = format!("{method} {route}");
    let span = Span::begin(name, Kind::Server, Under::Parent(parent.as_ref()));
    span.set(Attribute::METHOD, method);
    span.set(Attribute::ROUTE, route.to_owned());
    span.set(Attribute::REQUEST_ID, id.to_owned());
    span
}

/// How a request was answered.
pub(crate) fn answered(span: &Span, status: u16) {
    span.set(Attribute::STATUS, i64::from(status));
    if status >= 500 {
        span.fail(format!("status {status}"));
    }
}

/// A job comes into being: its trace begins here, or is the one of its caller.
pub(crate) fn new_job(follows_caller: bool, snapshot: &str, job: &str, entity: &str) -> Span {
    let request = Span::current();
    let under = if follows_caller {
        Under::Current
    } else {
        Under::Nothing {
            linked_to: &request,
        }
    };
    let span = Span::begin("create job", Kind::Producer, under);
    span.set(Attribute::JOB_ID, job.to_owned());
    span.set(Attribute::SNAPSHOT_ID, snapshot.to_owned());
    span.set(Attribute::ENTITY, entity.to_owned());
    span
}

/// A worker was given a job, to prepare its query (`claim job`) or to ask for it
/// (`lease job`). It shows who had the job even if that worker never tells.
pub(crate) fn given_out(name: &'static str, job: &ExportJob, worker: &str) {
    let Some(parent) = job.traceparent.as_deref().and_then(TraceParent::parse) else {
        return;
    };
    let span = Span::begin(name, Kind::Producer, Under::Parent(Some(&parent)));
    span.set(Attribute::JOB_ID, job.id.as_str().to_owned());
    span.set(Attribute::SNAPSHOT_ID, job.snapshot_id.as_str().to_owned());
    span.set(Attribute::ENTITY, job.entity_name.clone());
    span.set(Attribute::WORKER_ID, worker.to_owned());
    if let Some(attempt) = job.attempt {
        span.set(Attribute::ATTEMPT, i64::from(attempt));
    }
    if let Some(query) = &job.starburst_query_id {
        span.set(Attribute::QUERY_ID, query.clone());
    }
}

/// The trace of a job, for its log lines.
pub(crate) fn trace_id(job: &ExportJob) -> Option<String> {
    Some(TraceParent::parse(job.traceparent.as_deref()?)?.trace_id())
}
