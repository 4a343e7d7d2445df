//! Replicas come and go while jobs are under way.

mod replicas;

use std::time::Duration;

use export_api::{NewJob, NewSnapshot, SnapshotId};
use export_sandbox::faults::Service;
use fastrand::Rng;
use tokio::time::interval;

use super::{api::node, exactly_once::account, world::World};
use replicas::Replicas;

/// The scenario's clock.
const SECOND: Duration = Duration::from_secs(1);
const SECONDS: u32 = 60;
/// Replicas are added and removed so often.
const EVERY: u32 = 2;
const MOST: usize = 6;
const JOBS_A_SECOND: u32 = 8;
/// A replica that is killed costs the jobs it had claimed an attempt each.
const MAX_ATTEMPTS: u32 = 20;
/// Of every request, so that replicas are struck in the middle of one.
const LATENCY: Duration = Duration::from_millis(200);
const QUERY: Duration = Duration::from_millis(500);
/// Long enough for a query to see several replicas come and go.
const LONG_QUERY: Duration = Duration::from_secs(7);

/// Tables of 5, 25, 100 and 1500 rows; the last one's queries are long.
const TABLES: [(&str, [&str; 2]); 4] = [
    ("region", ["regionkey", "name"]),
    ("nation", ["nationkey", "name"]),
    ("supplier", ["suppkey", "name"]),
    ("customer", ["custkey", "name"]),
];

fn jobs(rng: &mut Rng, second: u32) -> Vec<NewJob> {
    let job = |number| {
        let (table, columns) = rng.choice(TABLES).unwrap();
        let sql = format!("SELECT {} FROM {table}", columns.join(", "));
        let folder = format!("churn/{second}/{number}");
        node(&format!("Node{number}"), &columns, &sql, &folder)
    };
    (0..JOBS_A_SECOND).map(job).collect()
}

/// One or two more, one or two fewer; at least one stays, and at most `MOST`.
fn churn(rng: &mut Rng, replicas: &mut Replicas) {
    for _ in 0..rng.usize(1..=2) {
        replicas.add();
    }
    let fewest = replicas.alive().saturating_sub(MOST).max(1);
    let most = (replicas.alive() - 1).min(fewest + 1);
    for _ in 0..rng.usize(fewest..=most) {
        replicas.remove(rng.usize(0..replicas.alive()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_is_lost_or_done_twice_while_replicas_come_and_go() {
    let seed = match std::env::var("CHURN_SEED") {
        Ok(seed) => seed.parse().expect("CHURN_SEED is a number"),
        Err(_) => fastrand::u64(..),
    };
    println!("churn: CHURN_SEED={seed} makes the same choices again");
    let mut rng = Rng::with_seed(seed);
    let world = World::start_on_postgres().await;
    let standin = world.sandbox.standin();
    standin.warm_up().await.unwrap();
    standin.switches().set_duration(QUERY);
    let is_long = |sql: &str| sql.contains("customer");
    standin.switches().set_duration_where(is_long, LONG_QUERY);
    for service in [Service::Starburst, Service::Store, Service::ControlPlane] {
        world.faults().latency(service, LATENCY);
    }

    let mut replicas = Replicas::new(&world);
    replicas.add();
    let mut snapshots: Vec<SnapshotId> = Vec::new();
    let mut clock = interval(SECOND);
    for second in 0..SECONDS {
        clock.tick().await;
        let snapshot = NewSnapshot {
            name: None,
            jobs: jobs(&mut rng, second),
            max_attempts: Some(MAX_ATTEMPTS),
        };
        snapshots.push(world.caller.submit_snapshot(&snapshot).await);
        if second % EVERY == 0 {
            churn(&mut rng, &mut replicas);
        }
    }
    replicas.assert_ended_well().await;
    for service in [Service::Starburst, Service::Store, Service::ControlPlane] {
        world.faults().latency(service, Duration::ZERO);
    }
    let account = account(&world, &snapshots).await;
    println!("churn: {account}; {replicas}");
    assert_eq!(account.jobs, snapshots.len() * JOBS_A_SECOND as usize);
    assert!(
        account.retried > 0,
        "no replica was struck at work: {account}"
    );
}
