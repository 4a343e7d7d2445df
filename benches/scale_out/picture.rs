//! The curve as a picture: throughput above, what keeps the cores busy below.

use std::fmt::Write as _;

use super::{Points, processes::there_are, run::Point};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
/// Top and bottom of the two panels.
const THROUGHPUT: (f64, f64) = (56.0, 330.0);
const CORES: (f64, f64) = (400.0, 540.0);
const HEIGHT: f64 = 600.0;
const BAR: f64 = 34.0;

/// Readable on light and on dark ground.
const STYLE: &str = "
  text { font: 13px sans-serif; fill: #24292f }
  .title { font-weight: bold }
  .axis { stroke: #57606a } .grid { stroke: #d0d7de } .ideal { stroke: #8c959f; stroke-dasharray: 5 4 }
  .measured { stroke: #0969da; stroke-width: 2.5 } .range { stroke: #0969da; stroke-width: 1.5 }
  .dot { fill: #0969da } .cores { stroke: #cf222e; stroke-dasharray: 2 3 } path, line { fill: none }
  .workers { fill: #0969da } .control-plane { fill: #8250df } .postgresql { fill: #1a7f37 }
  .sandbox { fill: #bc8c00 } .others { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .axis { stroke: #8d96a0 } .grid { stroke: #30363d } .ideal { stroke: #6e7681 }
    .measured, .range { stroke: #58a6ff } .dot, .workers { fill: #58a6ff } .control-plane { fill: #bc8cff }
    .postgresql { fill: #3fb950 } .sandbox { fill: #d29922 } .cores { stroke: #ff7b72 }
  }";

/// What a core may be busy with: class, name, share of a point.
type Part = (&'static str, &'static str, fn(&Point) -> f64);

const PARTS: [Part; 5] = [
    ("workers", "workers", |point| point.cores.workers),
    ("control-plane", "Control Plane", |point| {
        point.cores.control_plane
    }),
    ("postgresql", "PostgreSQL", |point| point.cores.postgresql),
    ("sandbox", "sandbox", |point| point.cores.sandbox),
    ("others", "kernel and others", |point| {
        let used = point.cores;
        let ours = used.workers + used.control_plane + used.postgresql + used.sandbox;
        (used.machine - ours).max(0.0)
    }),
];

/// The picture as SVG.
pub fn draw(points: &[Points]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <title>Throughput and busy cores by number of workers</title>\n<style>{STYLE}\n</style>\n"
    );
    throughput(&mut svg, points);
    cores(&mut svg, points);
    svg.push_str("</svg>\n");
    svg
}

/// Each doubling of workers is one step to the right.
fn x(at: usize, of: usize) -> f64 {
    let step = (WIDTH - LEFT - RIGHT) / of as f64;
    LEFT + step * (at as f64 + 0.5)
}

fn text(svg: &mut String, class: &str, anchor: &str, at: (f64, f64), text: &str) {
    let (x, y) = at;
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

fn curve(svg: &mut String, class: &str, through: impl Iterator<Item = (f64, f64)>) {
    let corners: Vec<String> = through.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(
        svg,
        "<path class=\"{class}\" d=\"M{}\"/>",
        corners.join(" L")
    );
}

fn number_of_workers(svg: &mut String, points: &[Points], bottom: f64) {
    for (at, here) in points.iter().enumerate() {
        let place = (x(at, points.len()), bottom + 18.0);
        text(svg, "", "middle", place, &here.workers.to_string());
    }
    text(svg, "", "middle", (WIDTH / 2.0, bottom + 38.0), "workers");
}

/// Both axes double with each step, so that growth in proportion is a straight line.
fn throughput(svg: &mut String, points: &[Points]) {
    let (top, bottom) = THROUGHPUT;
    let first = points[0].jobs_per_second().median;
    let lowest = first.log2().floor();
    let doublings = points.len() as f64;
    let y = |jobs: f64| bottom - (jobs.log2() - lowest) / doublings * (bottom - top);
    text(
        svg,
        "title",
        "start",
        (16.0, 28.0),
        "Jobs per second, median and range of all rounds",
    );
    for step in 0..=points.len() {
        let jobs = (lowest + step as f64).exp2();
        line(svg, "grid", (LEFT, y(jobs)), (WIDTH - RIGHT, y(jobs)));
        text(
            svg,
            "",
            "end",
            (LEFT - 8.0, y(jobs) + 4.0),
            &jobs.to_string(),
        );
    }
    let ideal = |at: usize| (x(at, points.len()), y(first * f64::from(1_u32 << at)));
    curve(svg, "ideal", (0..points.len()).map(ideal));
    let (last_x, last_y) = ideal(points.len() - 1);
    text(
        svg,
        "",
        "end",
        (last_x - 14.0, last_y + 4.0),
        "twice the workers, twice the jobs",
    );
    let median = |at: usize| (x(at, points.len()), y(points[at].jobs_per_second().median));
    curve(svg, "measured", (0..points.len()).map(median));
    for (at, here) in points.iter().enumerate() {
        let spread = here.jobs_per_second();
        let (x, middle) = median(at);
        line(svg, "range", (x, y(spread.min)), (x, y(spread.max)));
        let _ = writeln!(
            svg,
            "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{middle:.1}\" r=\"4\"/>"
        );
        text(
            svg,
            "",
            "start",
            (x + 9.0, middle + 16.0),
            &format!("{:.0}", spread.median),
        );
    }
    line(svg, "axis", (LEFT, bottom), (WIDTH - RIGHT, bottom));
    number_of_workers(svg, points, bottom);
}

fn cores(svg: &mut String, points: &[Points]) {
    let (top, bottom) = CORES;
    let there_are = there_are();
    let y = |cores: f64| bottom - cores / there_are as f64 * (bottom - top);
    text(svg, "title", "start", (16.0, top - 14.0), "Cores kept busy");
    let mut legend = 150.0;
    for (class, name, _) in PARTS {
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{legend:.1}\" y=\"{:.1}\" width=\"11\" height=\"11\"/>",
            top - 24.0
        );
        text(svg, "", "start", (legend + 16.0, top - 14.0), name);
        legend += 32.0 + 7.2 * name.len() as f64;
    }
    for core in 0..=there_are {
        let height = y(core as f64);
        let class = if core == there_are { "cores" } else { "grid" };
        line(svg, class, (LEFT, height), (WIDTH - RIGHT, height));
        text(
            svg,
            "",
            "end",
            (LEFT - 8.0, height + 4.0),
            &core.to_string(),
        );
    }
    for (at, here) in points.iter().enumerate() {
        let mut used = 0.0;
        for (class, _, share) in PARTS {
            let share = here.spread(share).median;
            let (above, below) = (y(used + share), y(used));
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{above:.1}\" width=\"{BAR}\" height=\"{:.1}\"/>",
                x(at, points.len()) - BAR / 2.0,
                below - above
            );
            used += share;
        }
    }
    line(svg, "axis", (LEFT, bottom), (WIDTH - RIGHT, bottom));
    number_of_workers(svg, points, bottom);
}
