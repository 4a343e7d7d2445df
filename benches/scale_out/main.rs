//! How throughput grows with the number of workers.
//!
//! The real binaries: so many workers, one Control Plane on PostgreSQL, and the
//! sandbox round them, in which every request waits for 200 ms. Each worker may
//! have so few jobs under way that it waits nearly all of the time; what is
//! measured is whether workers get in each other's way.
//!
//! Prints its figures, puts them into `docs/benchmarks.md` and draws `docs/scale-out.svg`. With numbers of
//! workers as arguments, `cargo bench --bench scale_out -- 1 2`, it measures those,
//! in one round, and writes nothing.

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

mod document;
#[path = "../figures/mod.rs"]
mod figures;
#[path = "../../tests/harness/mod.rs"]
mod harness;
mod picture;
mod processes;
mod run;
mod tables;

use harness::{api, process, world};

use figures::Spread;
use run::{Point, run};

/// Workers, each time twice as many.
const WORKERS: [usize; 5] = [1, 2, 4, 8, 16];
const ROUNDS: usize = 5;
/// What throughput is to grow by, per doubling, while there are cores left.
const TARGET: f64 = 1.8;

/// What every round measured at one number of workers.
pub struct Points {
    pub workers: usize,
    pub rounds: Vec<Point>,
}

impl Points {
    pub fn jobs_per_second(&self) -> Spread {
        self.spread(|point| point.jobs_per_second)
    }

    pub fn spread(&self, figure: impl Fn(&Point) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(figure))
    }
}

/// The numbers of workers that were asked for.
fn asked_for() -> Vec<usize> {
    let arguments = std::env::args().skip(1);
    arguments
        .filter_map(|argument| argument.parse().ok())
        .collect()
}

#[tokio::main]
async fn main() {
    let asked_for = asked_for();
    let is_whole = asked_for.is_empty();
    let (workers, rounds) = if is_whole {
        (WORKERS.to_vec(), ROUNDS)
    } else {
        (asked_for, 1)
    };
    let begin = |workers| Points {
        workers,
        rounds: Vec::new(),
    };
    let mut points: Vec<Points> = workers.into_iter().map(begin).collect();
    for round in 1..=rounds {
        for here in &mut points {
            let point = run(here.workers).await;
            eprintln!(
                "round {round}: {} workers: {:.1} jobs/s, {:.2} cores busy",
                here.workers, point.jobs_per_second, point.cores.machine
            );
            here.rounds.push(point);
        }
    }
    let tables = [tables::throughput(&points), tables::cores(&points)];
    for table in &tables {
        table.print();
    }
    if is_whole {
        document::write(&points, &tables);
    }
}
