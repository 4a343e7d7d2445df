//! A worker that has nothing to do.

use std::time::Duration;

use export_sandbox::faults::Service;

use super::{
    DEFAULTS,
    figures::{Figures, Spread},
    proc,
    world::World,
};

const RUNS: usize = 3;
const SPAN: Duration = Duration::from_secs(30);

pub async fn measure(table: &mut Figures) {
    let world = World::start().await;
    let worker = world.worker_with("worker-1", &DEFAULTS);
    let claim = "POST /api/internal/export-jobs/claim";
    let called = world.faults().called(Service::ControlPlane, claim, 1);
    called.await;
    let mut percent = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..RUNS {
        let before = proc::processor_time(worker.pid());
        tokio::time::sleep(SPAN).await;
        percent.push(proc::percent_of_a_core(worker.pid(), before, SPAN));
        resident.push(proc::resident(worker.pid()));
    }
    let name = format!("idle, % of a core ({RUNS} × {} s)", SPAN.as_secs());
    let [min, median, max] = Spread::of(percent).cells(2);
    table.row([name.as_str(), &min, &median, &max, "0.5"]);
    let [min, median, max] = Spread::of(resident).cells(1);
    table.row(["idle, resident MiB", &min, &median, &max, ""]);
}
