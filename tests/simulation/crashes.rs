use std::{sync::Arc, time::Duration};

use super::{
    SimulatedWorld,
    faults::{Fault, Faults},
};

/// Lets a replica die at every call it would make, with another going on.
async fn die_at_every_call(fault: Fault) {
    for run_time in [Duration::from_secs(1), Duration::from_secs(20)] {
        let mut number = 0;
        loop {
            let context = format!("{run_time:?}, {fault:?} at call {number}");
            let world = SimulatedWorld::new(run_time);
            let faulty = Arc::new(Faults::at(number, fault));
            let (replica, _) = world.start("a", &faulty);
            let crash = async {
                faulty.crashed.notified().await;
                replica.abort();
                let _ = (&mut { replica }).await;
                world.start("b", &Arc::default())
            };
            let (job, survivor) = tokio::join!(
                world.job_over(),
                tokio::time::timeout(Duration::from_secs(3600), crash)
            );
            world.assert_exported_once(&job, &context);
            if survivor.is_err() || !faulty.all_happened() {
                assert!(number > 8, "{context}: the run has more calls than this");
                break;
            }
            number += 1;
            if number > 60 {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_may_die_before_any_call() {
    die_at_every_call(Fault::CrashBefore).await;
}

#[tokio::test(start_paused = true)]
async fn a_replica_may_die_after_the_effect_of_any_call() {
    die_at_every_call(Fault::CrashAfter).await;
}
