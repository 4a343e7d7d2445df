use export_traces::parse_headers;
use secrecy::ExposeSecret as _;
use url::Url;

use super::{
    reader::Reader,
    setting::{Default, Group, Kind, Setting},
};
use crate::secret::Secret;

/// Where traces go.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector, without `/v1/traces`.
    pub endpoint: Url,
    /// `OTEL_EXPORTER_OTLP_HEADERS` or its `_FILE`, default none: headers the collector wants.
    pub headers: Option<Secret>,
    /// `OTEL_SERVICE_NAME`, default `export-worker`: what this service is called.
    pub service: String,
    /// `OTEL_TRACES_SAMPLER_ARG`, default `1`: the share of traces kept, from 0 to 1.
    pub share: f64,
}

const ENDPOINT: Setting = Setting {
    variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
    kind: Kind::Url,
    default: Default::Otherwise("no traces"),
    help: "OpenTelemetry collector that takes OTLP over http/protobuf, without /v1/traces",
};
const HEADERS: Setting = Setting {
    variable: "OTEL_EXPORTER_OTLP_HEADERS",
    kind: Kind::Secret,
    default: Default::Otherwise("none"),
    help: "headers the collector wants: name=value, with commas between them",
};
const SERVICE_NAME: Setting = Setting {
    variable: "OTEL_SERVICE_NAME",
    kind: Kind::Text,
    default: Default::Value("export-worker"),
    help: "name of this service in traces",
};
const SHARE: Setting = Setting {
    variable: "OTEL_TRACES_SAMPLER_ARG",
    kind: Kind::Share,
    default: Default::Value("1"),
    help: "share of the traces that begin here that is kept; a job that comes with a traceparent brings its own decision",
};

/// The settings of this section.
pub(super) const GROUP: Group = Group {
    title: "Traces",
    settings: &[ENDPOINT, HEADERS, SERVICE_NAME, SHARE],
};

impl TracesConfig {
    /// `None` within `Some`: there are to be no traces.
    #[allow(clippy::option_option, reason = "a reader's None is a problem noted")]
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<Self>> {
        let service = reader.text(&SERVICE_NAME);
        let share = reader.share(&SHARE);
        let headers = reader.secret(&HEADERS);
        // A file may come later, or be mended: the exporter reads it before each request.
        if reader.is_set(&HEADERS)
            && let Some(headers) = &headers
            && let Ok(headers) = headers.current()
            && let Err(error) = parse_headers(headers.expose_secret())
        {
            reader.problem(&HEADERS, error.to_string());
        }
        if !reader.is_set(&ENDPOINT) {
            return Some(None);
        }
        let endpoint = reader.url(&ENDPOINT);
        Some(Some(Self {
            endpoint: endpoint?,
            headers,
            service: service?,
            share: share?,
        }))
    }
}
