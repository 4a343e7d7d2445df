//! The client against a real socket that answers as scripted.

mod cancel;
mod credentials;
mod fixtures;
mod look_up;
mod origins;
mod run;
mod server;
mod statuses;

use std::time::Duration;

use export_api::NextUri;
use server::{Canned, Coordinator};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::*;
use crate::{
    http::{HttpClient, TlsSettings},
    ports::{Fate, QueryId, Starburst, StarburstError, Statement},
    retry::RetryPolicy,
    telemetry::Metrics,
};

const QUERY: &str = "20261122_030507_00042_abcde";
/// What the fixtures call the coordinator.
const RECORDED: &str = "http://coordinator.example:8080";

/// A page as it was recorded, at the origin of `coordinator`.
fn recorded(coordinator: &Coordinator, name: &str) -> String {
    let path = format!(
        "{}/fixtures/starburst/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .replace(RECORDED, coordinator.origin())
}

/// The same settings as in production, retries a thousand times sooner.
fn settings(coordinator: &Coordinator) -> StarburstSettings {
    let soon = Duration::from_millis(1);
    StarburstSettings {
        submission_retry: RetryPolicy::exponential(soon, 3),
        follow_retry: RetryPolicy::exponential(soon, 2),
        ..StarburstSettings::new(Url::parse(coordinator.origin()).unwrap(), "exporter")
    }
}

fn client_with(settings: StarburstSettings) -> StarburstClient {
    let http = HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap();
    StarburstClient::new(settings, &http, CancellationToken::new()).unwrap()
}

fn client(coordinator: &Coordinator) -> StarburstClient {
    client_with(settings(coordinator))
}

fn statement(sql: &str) -> Statement {
    Statement {
        sql: sql.to_owned(),
        catalog: None,
        role: None,
        trace_token: "job-1".to_owned(),
    }
}

fn next_uri(coordinator: &Coordinator) -> NextUri {
    NextUri::new(format!(
        "{}/v1/statement/executing/{QUERY}/slug/3",
        coordinator.origin()
    ))
}

fn query() -> QueryId {
    QueryId::new(QUERY)
}
