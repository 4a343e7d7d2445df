//! Log lines: JSON with flat fields for machines, plain text for people.

use std::{fmt, io};

use thiserror::Error;
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _, registry::Registry,
};

use super::json_lines::JsonLines;

/// For whom log lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// What is logged: a level, or directives of tracing's `EnvFilter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(String);

/// A level that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "is no log level; expected error, warn, info, debug, trace, off or directives such as info,export_worker=debug"
)]
pub struct LogLevelError;

impl LogLevel {
    /// Reads a level in any case, or directives.
    pub fn parse(text: &str) -> Result<Self, LogLevelError> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        for directive in text.split(',').map(str::trim) {
            // A bare word that is no level would be taken for the name of a module, and
            // silence everything else.
            let bare = !directive.contains(['=', ':', '[']);
            let word = directive.to_ascii_lowercase();
            if bare && word != "warning" && !LEVELS.contains(&word.as_str()) {
                return Err(LogLevelError);
            }
        }
        let text = if text.eq_ignore_ascii_case("warning") {
            "warn"
        } else {
            text
        };
        EnvFilter::try_new(text).map_err(|_| LogLevelError)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the HTTP stack may log this much. Below `info` its crates log whole
/// URLs and headers, and those hold nextUris and credentials.
fn is_discreet(target: &str, level: Level) -> bool {
    const HTTP_STACK: [&str; 8] = [
        "hyper",
        "hyper_util",
        "h2",
        "reqwest",
        "rustls",
        "object_store",
        "google_cloud_auth",
        "tower_http",
    ];
    let root = target.split("::").next().unwrap_or(target);
    level <= Level::INFO || !HTTP_STACK.contains(&root)
}

/// Starts logging to standard error; `worker_id` stands in every JSON line. The
/// first call of a process holds.
pub fn init(level: &LogLevel, format: LogFormat, worker_id: Option<&str>) {
    let subscriber = subscriber(level, format, worker_id, io::stderr);
    // A test that starts several workers in one process keeps its first subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The subscriber of the process, writing wherever `writer` says.
pub fn subscriber<W>(
    level: &LogLevel,
    format: LogFormat,
    worker_id: Option<&str>,
    writer: W,
) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&level.0).unwrap_or_else(|_| EnvFilter::new("info"));
    let discreet = filter_fn(|metadata| is_discreet(metadata.target(), *metadata.level()));
    let registry = Registry::default().with(filter);
    match format {
        LogFormat::Json => {
            Box::new(registry.with(JsonLines::new(writer, worker_id).with_filter(discreet)))
        }
        LogFormat::Text => Box::new(
            registry.with(
                tracing_subscriber::fmt::layer()
                    .with_writer(writer)
                    .with_ansi(false)
                    .with_filter(discreet),
            ),
        ),
    }
}
