//! How throughput grows with the number of workers.
//!
//! The real binaries: so many workers, one Control Plane on PostgreSQL, and the
//! sandbox round them, in which every request waits for 200 ms. Each worker may
//! have so few jobs under way that it waits nearly all of the time; what is
//! measured is whether workers get in each other's way.
//!
//! Prints its figures, and draws them into `docs/scale-out.svg`. With numbers of
//! workers as arguments, `cargo bench --bench scale_out -- 1 2`, it measures those,
//! in one round, and draws nothing.

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

#[path = "../../tests/blackbox/api.rs"]
mod api;
#[path = "../figures/mod.rs"]
mod figures;
mod picture;
#[path = "../../tests/blackbox/process.rs"]
mod process;
mod processes;
mod run;
#[path = "../../tests/blackbox/world.rs"]
mod world;

use figures::{Figures, Spread};
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

fn growth(fewer: &Points, more: &Points) -> Spread {
    let rounds = fewer.rounds.iter().zip(&more.rounds);
    Spread::of(rounds.map(|(fewer, more)| more.jobs_per_second / fewer.jobs_per_second))
}

fn print_throughput(points: &[Points]) {
    let rounds = points[0].rounds.len();
    let title = format!("{}; {rounds} rounds", run::title());
    let header = [
        "workers",
        "jobs/s min",
        "median",
        "max",
        "× of half as many, min",
        "median",
        "max",
        "target",
    ];
    let mut table = Figures::new(&title, &header);
    for (at, here) in points.iter().enumerate() {
        let [min, median, max] = here.jobs_per_second().cells(1);
        let mut row = vec![here.workers.to_string(), min, median, max];
        match at.checked_sub(1) {
            Some(fewer) => {
                row.extend(growth(&points[fewer], here).cells(2));
                row.push(TARGET.to_string());
            }
            None => row.extend(["", "", "", ""].map(str::to_owned)),
        }
        table.row(row);
    }
    table.print();
}

fn print_cores(points: &[Points]) {
    let title = "Cores kept busy, medians; a job's processor time is that of all there is";
    let header = [
        "workers",
        "all workers",
        "Control Plane",
        "PostgreSQL",
        "sandbox",
        "machine",
        "ms per job",
    ];
    let mut table = Figures::new(title, &header);
    for here in points {
        let median = |figure: fn(&Point) -> f64| format!("{:.2}", here.spread(figure).median);
        table.row([
            here.workers.to_string(),
            median(|point| point.cores.workers),
            median(|point| point.cores.control_plane),
            median(|point| point.cores.postgresql),
            median(|point| point.cores.sandbox),
            median(|point| point.cores.machine),
            median(|point| point.cores.machine / point.jobs_per_second * 1e3),
        ]);
    }
    table.print();
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
    print_throughput(&points);
    print_cores(&points);
    if is_whole {
        picture::write(&points);
    }
}
