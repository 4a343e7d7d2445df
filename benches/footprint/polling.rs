//! A worker that polls ten thousand queries, all of which run on.

use std::time::{Duration, Instant};

use export_api::{JobStatus, SnapshotId};
use export_sandbox::faults::Service;

use super::{
    DEFAULTS,
    api::regions,
    figures::{Figures, Spread},
    proc,
    world::World,
};

const SNAPSHOTS: usize = 10;
/// As many as a snapshot may have.
const JOBS_EACH: usize = 1_000;
const JOBS: usize = SNAPSHOTS * JOBS_EACH;
const POLLING: Duration = Duration::from_secs(90);
const EVERY: Duration = Duration::from_secs(1);
/// Long beyond the measurement.
const QUERY: Duration = Duration::from_secs(3_600);

async fn submit(world: &World) -> Vec<SnapshotId> {
    let mut snapshots = Vec::new();
    for snapshot in 0..SNAPSHOTS {
        let jobs = (0..JOBS_EACH)
            .map(|job| regions(&format!("Region{job}"), &format!("{snapshot}/{job}")))
            .collect();
        snapshots.push(world.caller.submit(jobs).await);
    }
    snapshots
}

/// How many jobs have a query that runs.
async fn submitted(world: &World, snapshots: &[SnapshotId]) -> usize {
    let mut submitted = 0;
    for id in snapshots {
        let jobs = world.caller.snapshot(id).await.jobs;
        submitted += jobs
            .iter()
            .filter(|job| job.status == JobStatus::Submitted)
            .count();
    }
    submitted
}

pub async fn measure(table: &mut Figures) {
    let world = World::start().await;
    world.sandbox.standin().warm_up().await.unwrap();
    world.sandbox.standin().switches().set_duration(QUERY);
    let snapshots = submit(&world).await;

    let began = Instant::now();
    let worker = world.worker_with("worker-1", &DEFAULTS);
    let mut submitting = Vec::new();
    while world.caller.pending_count().await > 0 {
        tokio::time::sleep(EVERY).await;
        submitting.push(proc::resident(worker.pid()));
    }
    while submitted(&world, &snapshots).await < JOBS {
        tokio::time::sleep(EVERY).await;
    }
    let brought = began.elapsed().as_secs_f64();

    let polls = "GET /v1/statement/executing";
    let polls = || world.faults().count(Service::Starburst, polls);
    let (polls_before, cpu_before) = (polls(), proc::processor_time(worker.pid()));
    let began = Instant::now();
    let mut polling = Vec::new();
    while began.elapsed() < POLLING {
        tokio::time::sleep(EVERY).await;
        polling.push(proc::resident(worker.pid()));
    }
    let span = began.elapsed();
    let seconds = span.as_secs_f64();
    let polled = (polls() - polls_before) as f64 / seconds;
    let used = proc::percent_of_a_core(worker.pid(), cpu_before, span);
    let most = proc::most_resident(worker.pid());
    assert_eq!(submitted(&world, &snapshots).await, JOBS, "all run on");

    let mut row = |name: &str, spread: Spread, target: &str| {
        let [min, median, max] = spread.cells(1);
        table.row([name, &min, &median, &max, target]);
    };
    let what = format!("{JOBS} jobs");
    row(
        &format!("{what} being submitted ({brought:.0} s), resident MiB"),
        Spread::of(submitting),
        "",
    );
    row(
        &format!("{what} submitted and polled ({seconds:.0} s), resident MiB"),
        Spread::of(polling),
        "40",
    );
    let mut single = |name: &str, figure: f64| {
        let figure = format!("{figure:.1}");
        table.row([name, "", &figure, "", ""]);
    };
    single("· most resident memory since its start, MiB", most);
    single("· polls per second", polled);
    single("· % of a core", used);
}
