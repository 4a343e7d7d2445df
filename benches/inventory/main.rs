//! How long the inventory of a folder takes behind 20 ms of latency.
//!
//! The real client and the real inventory against the sandbox's store, which
//! delays and counts every request. The figure that counts is the ratio to the
//! floor: so many round trips as there must be, one after the other.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic, and what it shares with others serves them all"
)]

#[path = "../figures/mod.rs"]
mod figures;

use std::time::{Duration, Instant};

use bytes::Bytes;
use export_sandbox::{Sandbox, SandboxConfig, faults::Service, store as samples};
use export_worker::{
    attempt::inventory,
    config::{CountConfig, Sources},
    http::{HttpClient, TlsSettings},
    ports::Folder,
    storage::{Endpoint, StorageClient, StorageSettings},
    telemetry::Metrics,
};
use figures::{Figures, Spread};
use tokio_util::sync::CancellationToken;

const LATENCY: Duration = Duration::from_millis(20);
const FILE_BYTES: usize = 10_000;
/// Objects on a page of a listing, with Google as in the sandbox.
const PAGE: usize = 1_000;
/// Files in the folder, and how often its inventory is taken.
const FOLDERS: [(usize, usize); 4] = [(1, 20), (50, 20), (500, 10), (5_000, 5)];

/// A Parquet file of about [`FILE_BYTES`], and its rows.
fn file() -> (Bytes, u64) {
    (1..FILE_BYTES as u64 / 100)
        .map(|hundreds| hundreds * 100)
        .map(|rows| (samples::parquet(rows).unwrap(), rows))
        .find(|(file, _)| file.len() >= FILE_BYTES)
        .unwrap()
}

/// A client whose connections are all still to be opened.
fn client(sandbox: &Sandbox) -> StorageClient {
    let http = HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap();
    let endpoint = Endpoint::emulator(&sandbox.store_url()).unwrap();
    StorageClient::new(
        StorageSettings::new(endpoint),
        &http,
        CancellationToken::new(),
    )
    .unwrap()
}

/// The default of `COUNT_CONCURRENCY`.
fn default_concurrency() -> usize {
    let config = CountConfig::load(&Sources::default()).unwrap();
    config.storage.count_concurrency
}

struct Measured {
    seconds: Spread,
    requests: u64,
}

async fn measure(sandbox: &Sandbox, concurrency: usize, files: usize, runs: usize) -> Measured {
    let (file, rows) = file();
    let name = format!("inventory/{files}");
    for part in 0..files {
        let object = format!("{name}/part-{part:05}.parquet");
        let put = sandbox.store().put(sandbox.bucket(), &object, file.clone());
        put.await.unwrap();
    }
    let folder = Folder::parse(&format!("gs://{}/{name}", sandbox.bucket())).unwrap();
    let mut seconds = Vec::new();
    let mut requests = 0;
    for _ in 0..runs {
        let client = client(sandbox);
        sandbox.faults().reset_counts();
        let began = Instant::now();
        let found = inventory::take(&client, &folder, None, concurrency).await;
        seconds.push(began.elapsed().as_secs_f64());
        let found = found.unwrap();
        assert_eq!(
            (found.files, found.rows),
            (files as u64, rows * files as u64)
        );
        requests = requests.max(sandbox.faults().total(Service::Store));
    }
    Measured {
        seconds: Spread::of(seconds),
        requests,
    }
}

#[tokio::main]
async fn main() {
    // As the worker does: whoever comes first installs the one provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    sandbox.faults().latency(Service::Store, LATENCY);
    let concurrency = default_concurrency();
    let title = format!(
        "Inventory: files of {FILE_BYTES} bytes, {} ms of latency, {concurrency} at once, cold connections",
        LATENCY.as_millis()
    );
    let mut table = Figures::new(
        &title,
        &[
            "files",
            "runs",
            "requests",
            "floor",
            "floor ms",
            "min ms",
            "median ms",
            "max ms",
            "median / floor",
            "target",
            "ms per file",
        ],
    );
    for (files, runs) in FOLDERS {
        let measured = measure(&sandbox, concurrency, files, runs).await;
        let trips = files.div_ceil(PAGE) + files.div_ceil(concurrency);
        let floor = trips as f64 * LATENCY.as_secs_f64();
        let [min, median, max] = [
            measured.seconds.min,
            measured.seconds.median,
            measured.seconds.max,
        ]
        .map(|seconds| format!("{:.0}", seconds * 1e3));
        table.row([
            files.to_string(),
            runs.to_string(),
            format!("{} of {}", measured.requests, files.div_ceil(PAGE) + files),
            format!("{trips} trips"),
            format!("{:.0}", floor * 1e3),
            min,
            median,
            max,
            format!("{:.2}", measured.seconds.median / floor),
            "2.00".to_owned(),
            format!("{:.2}", measured.seconds.median * 1e3 / files as f64),
        ]);
    }
    table.print();
}
