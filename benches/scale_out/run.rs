//! One point: so many workers at a full queue, in a world of its own.

use std::time::{Duration, Instant};

use export_api::NewJob;
use export_sandbox::faults::Service;

use super::{api::regions, process::Process, processes::Used, world::World};

const LATENCY: Duration = Duration::from_millis(200);
const QUERY: Duration = Duration::from_millis(500);
/// Jobs that one worker has under way at once.
const UNDER_WAY: usize = 32;
/// Until every worker has as many jobs under way as it may, and in every step.
const WARM_UP: Duration = Duration::from_secs(8);
const WINDOW: Duration = Duration::from_secs(12);
/// A round trip of latency for each request of a job, and its query: no worker does
/// more than its share of jobs in this time.
const FASTEST_JOB: Duration = Duration::from_millis(2_500);
/// Jobs of one snapshot, so that several are under way at once.
const JOBS_EACH: usize = 50;

const CLAIM: &str = "POST /api/internal/export-jobs/claim";
const UPDATE: &str = "PATCH /api/internal/export-jobs/{id}";
/// `submitted` and `completed`.
const UPDATES_PER_JOB: f64 = 2.0;

/// What one run measured.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub jobs_per_second: f64,
    /// Cores kept busy.
    pub cores: Used,
}

pub fn title() -> String {
    format!(
        "Scale-out: {UNDER_WAY} jobs under way per worker, {} ms before each request to Starburst, store and \
         Control Plane, queries of {} ms, Control Plane on PostgreSQL; {} s after {} s",
        LATENCY.as_millis(),
        QUERY.as_millis(),
        WINDOW.as_secs(),
        WARM_UP.as_secs()
    )
}

/// Fills the queue with more than so many workers can do.
async fn fill(world: &World, workers: usize) {
    let lasts = WARM_UP + WINDOW + Duration::from_secs(2);
    let one_after_the_other = lasts.as_millis() / FASTEST_JOB.as_millis() + 1;
    let jobs = workers * UNDER_WAY * usize::try_from(one_after_the_other).unwrap();
    for snapshot in 0..=jobs / JOBS_EACH {
        let job = |number| regions(&format!("Region{number}"), &format!("{snapshot}/{number}"));
        let jobs: Vec<NewJob> = (0..JOBS_EACH).map(job).collect();
        world.caller.submit(jobs).await;
    }
}

fn start(world: &World, number: usize) -> Process {
    let under_way = UNDER_WAY.to_string();
    let variables = [
        ("SUBMIT_CONCURRENCY", under_way.as_str()),
        ("POLL_CONCURRENCY", under_way.as_str()),
        ("LOG_LEVEL", "info"),
        ("STARBURST_SETTLE_SECONDS", "10"),
    ];
    world.worker_with(&format!("worker-{number}"), &variables)
}

/// Jobs per second, and what they cost, once so many workers are at full load.
pub async fn run(workers: usize) -> Point {
    let world = World::start_on_postgres().await;
    world.sandbox.standin().warm_up().await.unwrap();
    world.sandbox.standin().switches().set_duration(QUERY);
    for service in [Service::Starburst, Service::Store, Service::ControlPlane] {
        world.faults().latency(service, LATENCY);
    }
    fill(&world, workers).await;
    let _workers: Vec<Process> = (0..workers).map(|number| start(&world, number)).collect();
    world
        .faults()
        .called(Service::ControlPlane, CLAIM, workers as u64)
        .await;
    tokio::time::sleep(WARM_UP).await;

    let updates = || world.faults().count(Service::ControlPlane, UPDATE);
    let (updates_before, used_before) = (updates(), Used::now());
    let began = Instant::now();
    tokio::time::sleep(WINDOW).await;
    let span = began.elapsed();
    let (made, used) = (updates() - updates_before, Used::now());

    assert!(
        world.caller.pending_count().await > 0,
        "the queue ran empty"
    );
    Point {
        jobs_per_second: made as f64 / UPDATES_PER_JOB / span.as_secs_f64(),
        cores: used.cores_since(used_before, span),
    }
}
