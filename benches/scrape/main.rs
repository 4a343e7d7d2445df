//! What a scrape of `/metrics` takes, over a real socket, and how many series it brings.
//!
//! The real binaries. `cargo bench --bench scrape -- worker` runs one part alone:
//! `worker`, `sqlite` or `postgres`; the last two are the Control Plane with 10,000
//! snapshots in its store, one of two over.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::match_wild_err_arm,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic, and what it shares with others serves them all"
)]

#[path = "../figures/mod.rs"]
mod figures;
#[path = "../../tests/harness/mod.rs"]
mod harness;

use harness::{api, process, world};

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Instant,
};

use export_control_plane::testing::Postgres;

use api::{Caller, KEY, regions};
use figures::{Figures, Spread, is_asked_for};
use process::{Process, control_plane_binary};
use world::World;

const SNAPSHOTS: usize = 10_000;
const RUNS: usize = 500;

/// One scrape on a connection of its own, as if it were the first.
fn scrape(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}

fn measure(table: &mut Figures, name: &str, address: SocketAddr) {
    let mut millis = Vec::new();
    for _ in 0..RUNS {
        let began = Instant::now();
        scrape(address);
        millis.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let answer = scrape(address);
    let lines = answer.lines();
    let series = lines.filter(|line| line.starts_with("export_")).count();
    let [min, median, max] = Spread::of(millis).cells(2);
    let name = format!("{name}, ms ({series} series)");
    table.row([name.as_str(), &min, &median, &max, "5"]);
}

async fn worker(table: &mut Figures) {
    let world = World::start().await;
    let worker = world.worker("worker-1");
    let id = world.caller.submit(vec![regions("Region", "r")]).await;
    world.until_over(&id).await;
    let address = worker.address("address").await.parse().unwrap();
    measure(table, "worker", address);
}

async fn control_plane(table: &mut Figures, name: &str, variable: &str, value: String) {
    let variables = [
        ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
        (variable, value),
        ("GRAPH_OLAP_INTERNAL_API_KEY", KEY.to_owned()),
    ];
    let variables: HashMap<String, String> = variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let binary = control_plane_binary();
    let process = Process::start("control plane", &binary, &["serve"], &variables);
    let address: SocketAddr = process.address("addr").await.parse().unwrap();
    let caller = Caller::new(&format!("http://{address}"));
    for number in 0..SNAPSHOTS {
        let job = regions("Region", &number.to_string());
        let id = caller.submit(vec![job]).await;
        if number % 2 == 0 {
            caller.cancel(&id).await;
        }
    }
    let unfinished = format!(
        "export_control_plane_snapshots{{status=\"pending\"}} {}\n",
        SNAPSHOTS / 2
    );
    while !scrape(address).contains(&unfinished) {}
    measure(table, name, address);
}

#[tokio::main]
async fn main() {
    // As the worker does: whoever comes first installs the one provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let title = format!("A scrape of /metrics, {RUNS} runs");
    let header = ["what is scraped", "min", "median", "max", "target"];
    let mut table = Figures::new(&title, &header);
    if is_asked_for("worker") {
        worker(&mut table).await;
    }
    if is_asked_for("sqlite") {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("queue.db").display().to_string();
        let name = "Control Plane on SQLite, 10000 snapshots";
        control_plane(&mut table, name, "SQLITE_PATH", file).await;
    }
    if is_asked_for("postgres") {
        let postgres = Postgres::start().unwrap();
        let url = postgres.create_database().await.unwrap();
        let name = "Control Plane on PostgreSQL, 10000 snapshots";
        control_plane(&mut table, name, "DATABASE_URL", url).await;
    }
    table.print();
}
