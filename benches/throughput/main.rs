//! A hundred short jobs, from their submission to the last report.
//!
//! The real binaries: one worker on its default settings, the reference Control
//! Plane on SQLite, and the sandbox around them, which delays every request to
//! Starburst, store and Control Plane by 20 ms and counts it.

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
mod requests;

use harness::{api, world};

use std::time::{Duration, Instant};

use api::regions;
use export_api::{NewJob, SnapshotId, SnapshotStatus};
use export_sandbox::{SandboxConfig, faults::Service, starburst::StandinConfig};
use figures::{Figures, Spread};
use futures::future;
use requests::Requests;
use world::World;

const SNAPSHOTS: usize = 10;
const JOBS_EACH: usize = 10;
pub const JOBS: usize = SNAPSHOTS * JOBS_EACH;
const QUERY: Duration = Duration::from_millis(500);
const LATENCY: Duration = Duration::from_millis(20);
const RUNS: usize = 5;

const CLAIM: &str = "POST /api/internal/export-jobs/claim";
const POLLABLE: &str = "GET /api/internal/export-jobs/pollable";
const UPDATE: &str = "PATCH /api/internal/export-jobs/{id}";

/// Where the settings that tests hasten stand by default.
const DEFAULTS: [(&str, &str); 2] = [("LOG_LEVEL", "info"), ("STARBURST_SETTLE_SECONDS", "10")];

fn jobs(snapshot: usize) -> Vec<NewJob> {
    (0..JOBS_EACH)
        .map(|job| regions(&format!("Region{job}"), &format!("{snapshot}/{job}")))
        .collect()
}

/// Waits until every snapshot is ready. It looks only once so many updates have
/// come that all can be: looking costs the processor that is being measured.
async fn all_ready(world: &World, snapshots: &[SnapshotId]) {
    world
        .faults()
        .called(Service::ControlPlane, UPDATE, 2 * JOBS as u64)
        .await;
    for id in snapshots {
        world.until_status(id, SnapshotStatus::Ready).await;
    }
}

/// One run in a world of its own: seconds from submission to the last report,
/// and what it took.
async fn run(finished_pages: u32) -> (f64, Requests) {
    let world = World::start_with(SandboxConfig {
        starburst: StandinConfig {
            finished_pages,
            ..StandinConfig::default()
        },
        ..SandboxConfig::default()
    })
    .await;
    world.sandbox.standin().warm_up().await.unwrap();
    world.sandbox.standin().switches().set_duration(QUERY);
    for service in [Service::Starburst, Service::Store, Service::ControlPlane] {
        world.faults().latency(service, LATENCY);
    }
    let _worker = world.worker_with("worker-1", &DEFAULTS);
    // It waits for work in its long polls.
    for endpoint in [CLAIM, POLLABLE] {
        let called = world.faults().called(Service::ControlPlane, endpoint, 1);
        called.await;
    }
    world.faults().reset_counts();
    world.faults().keep_log(100 * JOBS);
    let began = Instant::now();
    let submissions = (0..SNAPSHOTS).map(|snapshot| world.caller.submit(jobs(snapshot)));
    let snapshots = future::join_all(submissions).await;
    all_ready(&world, &snapshots).await;
    let seconds = began.elapsed().as_secs_f64();
    (seconds, Requests::of(world.faults()))
}

async fn measure(finished_pages: u32) {
    let mut seconds = Vec::new();
    let mut requests = Vec::new();
    for _ in 0..RUNS {
        let (took, made) = run(finished_pages).await;
        seconds.push(took);
        requests.push(made);
    }
    let title = format!(
        "Throughput: {JOBS} jobs in {SNAPSHOTS} snapshots, queries of {} ms, {} ms of latency, \
         FINISHED pages that name another: {finished_pages}; {RUNS} runs",
        QUERY.as_millis(),
        LATENCY.as_millis()
    );
    let mut table = Figures::new(&title, &["figure", "min", "median", "max", "target"]);
    let mut row = |name: &str, spread: Spread, target: &str| {
        let [min, median, max] = spread.cells(2);
        table.row([name, &min, &median, &max, target]);
    };
    row("submission to last report, s", Spread::of(seconds), "4");
    for figure in requests::FIGURES {
        let per_job = requests
            .iter()
            .map(|made| (figure.count)(made) as f64 / JOBS as f64);
        row(figure.name, Spread::of(per_job), figure.target);
    }
    table.print();
}

#[tokio::main]
async fn main() {
    // The protocol's least, then what the stand-in does unless told otherwise.
    for finished_pages in [0, 2] {
        measure(finished_pages).await;
    }
}
