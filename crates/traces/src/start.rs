use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use opentelemetry::{
    KeyValue,
    trace::{SpanKind, TraceId, TracerProvider as _},
};
use opentelemetry_otlp::{
    Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SamplingDecision, SdkTracer, SdkTracerProvider, ShouldSample as _},
};
use secrecy::SecretString;
use thiserror::Error;
use url::Url;

use crate::{collector::Collector, exporter::batched};

/// How long one request to the collector may take, its repeats included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
static ON: OnceLock<On> = OnceLock::new();

struct On {
    tracer: SdkTracer,
    share: Sampler,
}

/// Where spans go, and what they say of this process.
#[derive(Clone)]
pub struct Settings {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector, without `/v1/traces`.
    pub endpoint: Url,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: read before each request. See [`crate::parse_headers`].
    pub headers: Arc<dyn Fn() -> Option<SecretString> + Send + Sync>,
    /// `OTEL_SERVICE_NAME`.
    pub service: String,
    /// The version that runs.
    pub version: &'static str,
    /// Which replica this is, where it has a name.
    pub instance: Option<String>,
    /// `OTEL_TRACES_SAMPLER_ARG`: the share of traces kept, from 0 to 1, of those that
    /// begin here.
    pub share: f64,
    /// Told how many spans were dropped.
    pub on_dropped: Arc<dyn Fn(u64) + Send + Sync>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("endpoint", &self.endpoint.as_str())
            .field("service", &self.service)
            .field("share", &self.share)
            .finish_non_exhaustive()
    }
}

/// Traces that could not be switched on.
#[derive(Debug, Error)]
pub enum StartError {
    /// The HTTP client could not be built.
    #[error("the http client for the collector could not be built: {0}")]
    Client(#[from] reqwest::Error),
    /// The exporter could not be built, as when a variable of OpenTelemetry asks for
    /// what is not built in.
    #[error("the exporter of spans could not be built: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// A process has one set of traces.
    #[error("traces are on already")]
    Twice,
}

/// Traces that are on. [`Exporting::finish`] sends what still waits.
#[derive(Debug)]
#[must_use = "spans that wait at the end are lost unless it is finished"]
pub struct Exporting(SdkTracerProvider);

/// Switches traces on. Must be called within a tokio runtime of several threads.
pub fn start(settings: Settings) -> Result<Exporting, StartError> {
    let endpoint = format!(
        "{}/v1/traces",
        settings.endpoint.as_str().trim_end_matches('/')
    );
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(REQUEST_TIMEOUT)
        .with_retry_policy(RetryPolicy::disabled())
        .with_http_client(Collector::new(REQUEST_TIMEOUT, settings.headers)?)
        .build()?;
    let mut about = vec![KeyValue::new("service.version", settings.version)];
    if let Some(instance) = settings.instance {
        about.push(KeyValue::new("service.instance.id", instance));
    }
    let resource = Resource::builder()
        .with_service_name(settings.service)
        .with_attributes(about)
        .build();
    let share = Sampler::TraceIdRatioBased(settings.share);
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(share.clone())))
        .with_resource(resource)
        .with_span_processor(batched(exporter, settings.on_dropped))
        .build();
    let tracer = provider.tracer("export");
    ON.set(On { tracer, share })
        .map_err(|_| StartError::Twice)?;
    Ok(Exporting(provider))
}

pub(crate) fn tracer() -> Option<&'static SdkTracer> {
    ON.get().map(|on| &on.tracer)
}

/// Whether a trace that begins here would be kept. The same for every process that
/// keeps the same share.
pub(crate) fn keeps(trace: TraceId) -> Option<bool> {
    let share = &ON.get()?.share;
    let result = share.should_sample(None, trace, "", &SpanKind::Internal, &[], &[]);
    Some(result.decision == SamplingDecision::RecordAndSample)
}

impl Exporting {
    /// Sends the spans that wait, for so long at most. Spans that end later are lost.
    pub async fn finish(self, within: Duration) {
        // It waits by blocking its thread.
        let finishing = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(within));
        if let Ok(Err(error)) = finishing.await {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}
