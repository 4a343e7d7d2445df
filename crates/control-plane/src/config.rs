//! What can be configured, and by which variable.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

use crate::{
    clock::Clock,
    limits::{MAX_ATTEMPTS, MAX_LEASE_SECONDS},
    secret::Secret,
    store::{StoreConfig, is_postgres},
    traces::TracesConfig,
};

/// Where the queue lives.
#[derive(Args, Clone, Debug)]
pub struct StoreArgs {
    /// PostgreSQL database, `postgres://user:password@host/database`; without it the queue lives in a file (`SQLITE_PATH`)
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<SecretString>,
    /// File that holds this URL; it may come later than this process
    #[arg(
        long,
        env = "DATABASE_URL_FILE",
        value_name = "FILE",
        conflicts_with = "database_url"
    )]
    pub database_url_file: Option<PathBuf>,
    /// File of the embedded store; made where there is none
    #[arg(
        long,
        env = "SQLITE_PATH",
        value_name = "FILE",
        default_value = "export-control-plane.db"
    )]
    pub sqlite_path: PathBuf,
    /// PostgreSQL connections at most; one of them listens
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(2..=500))]
    pub database_max_connections: u32,
}

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Address to listen on; with port 0 the system chooses one, and the first log line (`listening`, field `addr`) says which
    #[arg(
        long,
        env = "LISTEN_ADDR",
        value_name = "ADDR",
        default_value = "0.0.0.0:8080"
    )]
    pub listen_addr: SocketAddr,
    /// Key every request to /api must carry in X-Internal-API-Key
    #[arg(
        long,
        env = "GRAPH_OLAP_INTERNAL_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub api_key: Option<SecretString>,
    /// File that holds this key; it may come later than this process
    #[arg(
        long,
        env = "GRAPH_OLAP_INTERNAL_API_KEY_FILE",
        value_name = "FILE",
        conflicts_with = "api_key"
    )]
    pub api_key_file: Option<PathBuf>,
    /// Serve without any key: everybody who reaches the port may do everything
    #[arg(long, env = "INSECURE", conflicts_with_all = ["api_key", "api_key_file"])]
    pub insecure: bool,
    /// Leave the tables of PostgreSQL as they are; bring them up to date with `migrate`
    #[arg(long, env = "NO_MIGRATE")]
    pub no_migrate: bool,
    /// How long a lease holds, in seconds, where the worker does not say
    #[arg(long, env = "LEASE_SECONDS", value_name = "SECONDS", default_value_t = 300,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LEASE_SECONDS)))]
    pub lease_seconds: u32,
    /// After how many attempts a job fails, where its snapshot does not say
    #[arg(long, env = "MAX_ATTEMPTS", value_name = "COUNT", default_value_t = 3,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ATTEMPTS)))]
    pub max_attempts: u32,
    /// How often to look for leases that expired, in seconds
    #[arg(long, env = "REAP_INTERVAL_SECONDS", value_name = "SECONDS", default_value_t = 2,
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub reap_interval_seconds: u32,
    /// How many of the oldest unfinished snapshots have metrics of their own; 0 turns these off
    #[arg(long, env = "METRICS_SNAPSHOTS", value_name = "COUNT", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(..=1000))]
    pub metrics_snapshots: u32,
    /// How long requests under way may take to end at shutdown, in seconds
    #[arg(
        long,
        env = "SHUTDOWN_GRACE_SECONDS",
        value_name = "SECONDS",
        default_value_t = 10
    )]
    pub shutdown_grace_seconds: u32,
}

/// Where traces go.
#[derive(Args, Clone, Debug)]
pub struct TracesArgs {
    /// OpenTelemetry collector that takes OTLP over http/protobuf, without `/v1/traces`; without it there are no traces
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// Headers the collector wants, `name=value` with commas between them
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_HEADERS",
        hide_env_values = true,
        value_name = "HEADERS"
    )]
    pub otel_exporter_otlp_headers: Option<SecretString>,
    /// File that holds these headers
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_HEADERS_FILE",
        value_name = "FILE",
        conflicts_with = "otel_exporter_otlp_headers"
    )]
    pub otel_exporter_otlp_headers_file: Option<PathBuf>,
    /// Name of this service in traces
    #[arg(
        long,
        env = "OTEL_SERVICE_NAME",
        value_name = "NAME",
        default_value = "export-control-plane"
    )]
    pub otel_service_name: String,
    /// Share of the traces that begin here that is kept, from 0 to 1; who sends a traceparent decides for its own
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER_ARG",
        value_name = "SHARE",
        default_value = "1"
    )]
    pub otel_traces_sampler_arg: f64,
}

/// How to log.
#[derive(Args, Clone, Debug)]
pub struct LogArgs {
    /// How log lines look
    #[arg(long, env = "LOG_FORMAT", global = true, value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace, or directives as `info,sqlx=debug`
    #[arg(
        long,
        env = "LOG_LEVEL",
        global = true,
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log_level: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object each.
    Json,
    /// For people.
    Text,
}

/// Who may use the API.
#[derive(Clone, Debug)]
pub enum Access {
    /// Whoever carries this key.
    Key(Secret),
    /// Everybody.
    Insecure,
}

/// All a server needs to know. What a test hands to [`serve`](crate::serve).
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the queue lives.
    pub store: StoreConfig,
    /// Whether to bring its tables up to date first.
    pub migrate: bool,
    /// Who may use the API.
    pub access: Access,
    /// How long a lease holds where the worker does not say, in seconds.
    pub lease_seconds: u32,
    /// After how many attempts a job fails where its snapshot does not say.
    pub max_attempts: u32,
    /// How often to look for leases that expired.
    pub reap_interval: Duration,
    /// How many of the oldest unfinished snapshots have metrics of their own.
    pub metrics_snapshots: u32,
    /// How long requests under way may take to end at shutdown.
    pub shutdown_grace: Duration,
    /// What time it is.
    pub clock: Clock,
    /// Where traces go, if anywhere. A process serves one such configuration.
    pub traces: Option<TracesConfig>,
}

impl Config {
    /// The defaults, for a store and a key.
    pub fn new(store: StoreConfig, access: Access) -> Self {
        Self {
            store,
            migrate: true,
            access,
            lease_seconds: 300,
            max_attempts: 3,
            reap_interval: Duration::from_secs(2),
            metrics_snapshots: 20,
            shutdown_grace: Duration::from_secs(10),
            clock: Clock::system(),
            traces: None,
        }
    }
}

/// A configuration that cannot be served. Exit code 64.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// No key and no word that none is wanted.
    #[error(
        "no API key: set GRAPH_OLAP_INTERNAL_API_KEY or GRAPH_OLAP_INTERNAL_API_KEY_FILE, or pass --insecure to let everybody in"
    )]
    NoKey,
    /// An empty key.
    #[error("GRAPH_OLAP_INTERNAL_API_KEY is empty")]
    EmptyKey,
    /// A key that no HTTP header can carry.
    #[error("GRAPH_OLAP_INTERNAL_API_KEY has characters in it that no HTTP header can carry")]
    UnsendableKey,
    /// No URL of a collector.
    #[error(
        "OTEL_EXPORTER_OTLP_ENDPOINT: {0:?} is no URL; expected http://host:4318 or https://host:4318"
    )]
    Collector(String),
    /// Headers for the collector that are none.
    #[error("OTEL_EXPORTER_OTLP_HEADERS {0}")]
    CollectorHeaders(#[from] export_traces::HeadersError),
    /// No share.
    #[error("OTEL_TRACES_SAMPLER_ARG: {0} is no share; expected a number from 0 to 1")]
    Share(f64),
    /// Another database.
    #[error("DATABASE_URL is no postgres:// URL; for the embedded store set SQLITE_PATH instead")]
    DatabaseUrl,
}

impl StoreArgs {
    /// Where the queue lives, by these arguments.
    pub fn store(&self) -> Result<StoreConfig, ConfigError> {
        let url = match (&self.database_url, &self.database_url_file) {
            (Some(url), _) if is_postgres(url) => Secret::Given(url.clone()),
            (Some(_), _) => return Err(ConfigError::DatabaseUrl),
            (None, Some(path)) => Secret::File {
                variable: "DATABASE_URL_FILE",
                path: path.clone(),
            },
            (None, None) => {
                return Ok(StoreConfig::Sqlite {
                    path: self.sqlite_path.clone(),
                });
            }
        };
        Ok(StoreConfig::Postgres {
            url,
            max_connections: self.database_max_connections,
        })
    }
}

impl TracesArgs {
    /// Where traces go, by these arguments.
    fn traces(&self) -> Result<Option<TracesConfig>, ConfigError> {
        if !(0.0..=1.0).contains(&self.otel_traces_sampler_arg) {
            return Err(ConfigError::Share(self.otel_traces_sampler_arg));
        }
        let headers = match (
            &self.otel_exporter_otlp_headers,
            &self.otel_exporter_otlp_headers_file,
        ) {
            (Some(value), _) => {
                export_traces::parse_headers(value.expose_secret())?;
                Some(Secret::Given(value.clone()))
            }
            (None, Some(path)) => Some(Secret::File {
                variable: "OTEL_EXPORTER_OTLP_HEADERS_FILE",
                path: path.clone(),
            }),
            (None, None) => None,
        };
        // A template leaves an empty value where nobody filled one in.
        let Some(text) = self
            .otel_exporter_otlp_endpoint
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
        else {
            return Ok(None);
        };
        let endpoint = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| ConfigError::Collector(without_credentials(text)))?;
        Ok(Some(TracesConfig {
            endpoint,
            headers,
            service: self.otel_service_name.clone(),
            share: self.otel_traces_sampler_arg,
        }))
    }
}

/// What stands before an @ may be a password.
fn without_credentials(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => url.to_owned(),
    }
}

impl ServeArgs {
    /// The configuration, by these arguments.
    pub fn config(&self, store: &StoreArgs, traces: &TracesArgs) -> Result<Config, ConfigError> {
        let store = store.store()?;
        Ok(Config {
            migrate: !self.no_migrate || matches!(store, StoreConfig::Sqlite { .. }),
            lease_seconds: self.lease_seconds,
            max_attempts: self.max_attempts,
            reap_interval: Duration::from_secs(u64::from(self.reap_interval_seconds)),
            shutdown_grace: Duration::from_secs(u64::from(self.shutdown_grace_seconds)),
            metrics_snapshots: self.metrics_snapshots,
            traces: traces.traces()?,
            ..Config::new(store, self.access()?)
        })
    }

    fn access(&self) -> Result<Access, ConfigError> {
        let key = match (&self.api_key, &self.api_key_file) {
            (Some(key), _) => key.clone(),
            (None, Some(path)) => {
                return Ok(Access::Key(Secret::File {
                    variable: "GRAPH_OLAP_INTERNAL_API_KEY_FILE",
                    path: path.clone(),
                }));
            }
            (None, None) if self.insecure => return Ok(Access::Insecure),
            (None, None) => return Err(ConfigError::NoKey),
        };
        if key.expose_secret().trim().is_empty() {
            return Err(ConfigError::EmptyKey);
        }
        if http::HeaderValue::from_str(key.expose_secret()).is_err() {
            return Err(ConfigError::UnsendableKey);
        }
        Ok(Access::Key(Secret::Given(key)))
    }
}
