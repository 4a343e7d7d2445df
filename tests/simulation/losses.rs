use std::{sync::Arc, time::Duration};

use super::{
    SimulatedWorld,
    faults::{Fault, Faults},
};

/// Short enough to be over in the submitter's sprint, and long enough for polls.
const RUN_TIMES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(20)];

/// The calls of a run in which nothing goes wrong, until the job is over.
async fn calls_of(run_time: Duration) -> Vec<&'static str> {
    let world = SimulatedWorld::new(run_time);
    let faults = Arc::<Faults>::default();
    let _replica = world.start("a", &faults);
    world.job_over().await;
    let calls = faults.calls();
    let end = calls
        .iter()
        .position(|call| *call == "complete")
        .expect("the job completes");
    calls[..=end].to_vec()
}

async fn every_call(fault: Fault, replicas: &[&str]) {
    for run_time in RUN_TIMES {
        for (number, name) in calls_of(run_time).await.into_iter().enumerate() {
            let context = format!("{run_time:?}, {fault:?} at call {number} ({name})");
            let world = SimulatedWorld::new(run_time);
            let faulty = Arc::new(Faults::at(number, fault));
            let _first = world.start("a", &faulty);
            let _others: Vec<_> = replicas
                .iter()
                .map(|name| world.start(name, &Arc::default()))
                .collect();
            let job = world.job_over().await;
            world.assert_exported_once(&job, &context);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_request_may_be_lost() {
    every_call(Fault::RequestLost, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn any_answer_may_be_lost_after_its_effect() {
    every_call(Fault::AnswerLost, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn the_lease_may_be_lost_at_any_step_with_another_replica_waiting() {
    every_call(Fault::LeaseLost, &["b"]).await;
}

#[tokio::test(start_paused = true)]
async fn any_request_may_be_lost_with_another_replica_waiting() {
    every_call(Fault::RequestLost, &["b"]).await;
}
