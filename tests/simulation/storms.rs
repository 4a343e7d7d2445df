//! Several things go wrong in one run, drawn from a seed. A failure names its
//! seed; `SIMULATION_SEED` runs that one alone, `SIMULATION_RUNS` more of them.

use std::{env, sync::Arc, time::Duration};

use super::{
    SimulatedWorld,
    faults::{Fault, Faults},
};

const RUNS: u64 = 120;
const FAULTS: [Fault; 5] = [
    Fault::RequestLost,
    Fault::AnswerLost,
    Fault::CrashBefore,
    Fault::CrashAfter,
    Fault::LeaseLost,
];

fn number(variable: &str) -> Option<u64> {
    env::var(variable)
        .ok()
        .map(|value| value.parse().expect("a number"))
}

/// A replica that is started again whenever it dies, as Kubernetes does.
async fn keep_running(world: SimulatedWorld, name: &'static str, faults: Arc<Faults>) {
    loop {
        let (mut replica, _) = world.start(name, &faults);
        tokio::select! {
            () = faults.crashed.notified() => {}
            ended = &mut replica => ended.expect("the replica does not panic"),
        }
        replica.abort();
        let _ = replica.await;
    }
}

async fn storm(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let world = SimulatedWorld::new(Duration::from_secs(random.u64(0..200)));
    // Each give-back may cost an attempt: what ends a job here is never their number.
    {
        let mut state = world.state.lock().unwrap();
        state.jobs[0].wire.max_attempts = Some(100);
        state.has_anonymous_files = random.bool();
    }
    let mut replicas = Vec::new();
    for name in ["a", "b"] {
        let plan = (0..random.usize(1..5)).map(|_| {
            let fault = FAULTS[random.usize(..FAULTS.len())];
            (random.usize(..40), fault)
        });
        let faults = Arc::new(Faults::planned(plan));
        replicas.push(tokio::spawn(keep_running(world.clone(), name, faults)));
    }
    let job = world.job_over().await;
    world.assert_exported_once(&job, &format!("seed {seed}"));
    for replica in replicas {
        replica.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_together_the_job_is_exported_once() {
    if let Some(seed) = number("SIMULATION_SEED") {
        return storm(seed).await;
    }
    for seed in 0..number("SIMULATION_RUNS").unwrap_or(RUNS) {
        storm(seed).await;
    }
}
