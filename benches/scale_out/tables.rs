//! The figures as tables.

use super::{
    Points, TARGET,
    figures::{Figures, Spread},
    processes::there_are,
    run::{self, Point},
};

fn growth(fewer: &Points, more: &Points) -> Spread {
    let rounds = fewer.rounds.iter().zip(&more.rounds);
    Spread::of(rounds.map(|(fewer, more)| more.jobs_per_second / fewer.jobs_per_second))
}

/// Throughput, and how it grew from the row above, round by round.
pub fn throughput(points: &[Points]) -> Figures {
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
    table
}

/// Whose processor time it took.
pub fn cores(points: &[Points]) -> Figures {
    let title = format!(
        "Cores kept busy, of {}, medians; the time of a job is that of the whole machine",
        there_are()
    );
    let header = [
        "workers",
        "all workers",
        "Control Plane",
        "PostgreSQL",
        "sandbox",
        "machine",
        "ms per job",
    ];
    let mut table = Figures::new(&title, &header);
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
    table
}
