use std::{io::IsTerminal, time::Duration};

use export_api::JobStatus;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{
    board::{Change, Entry, Row},
    table::grouped,
};

/// Shows what happens while it happens: a bar per job on a terminal, a line per
/// change elsewhere.
pub(super) enum Progress {
    Bars(Bars),
    Lines,
}

/// Steps of a job's bar.
const STEPS: u64 = 3;
/// How often the clock below the bars moves.
const TICK: Duration = Duration::from_millis(100);

impl Progress {
    pub(super) fn new() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Bars(Bars::new())
        } else {
            Self::Lines
        }
    }

    pub(super) fn show(&mut self, entries: &[Entry], change: &Change) {
        let entry = &entries[change.snapshot];
        let row = &entry.rows[change.job];
        let name = format!(
            "{:<11} {:<4} {}",
            entry.planned.title,
            row.job.job_type.as_str(),
            row.job.entity_name
        );
        match self {
            Self::Lines => println!("{name:<30} {}", state(row)),
            Self::Bars(bars) => bars.show(entries, change, name, row),
        }
    }

    /// Leaves the terminal as it stands.
    pub(super) fn end(&self) {
        if let Self::Bars(bars) = self {
            for (_, bar) in &bars.jobs {
                bar.abandon();
            }
            bars.clock.finish_and_clear();
        }
    }
}

/// A job's state, in words.
fn state(row: &Row) -> String {
    let job = &row.job;
    let mut state = job.status.to_string();
    if job.cancel_requested == Some(true) && !job.status.is_terminal() {
        state.push_str(", cancel asked for");
    }
    if let (Some(rows), JobStatus::Completed) = (job.row_count, &job.status) {
        state = format!("{state}, {} rows", grouped(rows));
    }
    if let Some(took) = row.took {
        state = format!("{state}, {:.1} s", took.as_secs_f64());
    }
    state
}

/// The bars, and a clock below them.
pub(super) struct Bars {
    all: MultiProgress,
    jobs: Vec<((usize, usize), ProgressBar)>,
    clock: ProgressBar,
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::new();
        let clock = all.add(ProgressBar::new_spinner());
        clock.set_style(style("{spinner:.cyan} {msg}, {elapsed}"));
        clock.set_message("submitted");
        clock.enable_steady_tick(TICK);
        Self {
            all,
            jobs: Vec::new(),
            clock,
        }
    }

    fn show(&mut self, entries: &[Entry], change: &Change, name: String, row: &Row) {
        let key = (change.snapshot, change.job);
        let at = self.jobs.iter().position(|(shown, _)| *shown == key);
        let at = at.unwrap_or_else(|| {
            let bar = ProgressBar::new(STEPS).with_prefix(name);
            self.jobs
                .push((key, self.all.insert_before(&self.clock, bar)));
            self.jobs.len() - 1
        });
        let bar = &self.jobs[at].1;
        let (step, colour) = look(&row.job.status);
        bar.set_style(style(&format!(
            "{{prefix:30}} {{bar:12.{colour}/black.bright}} {{msg}}"
        )));
        bar.set_position(step);
        bar.set_message(state(row));
        if row.job.status.is_terminal() {
            bar.abandon();
        }
        let rows = || entries.iter().flat_map(|entry| &entry.rows);
        let over = rows().filter(|row| row.job.status.is_terminal()).count();
        self.clock
            .set_message(format!("{over} of {} jobs over", rows().count()));
    }
}

/// How far a job's bar is, and its colour.
fn look(status: &JobStatus) -> (u64, &'static str) {
    match status {
        JobStatus::Pending => (0, "cyan"),
        JobStatus::Claimed => (1, "cyan"),
        JobStatus::Submitted => (2, "cyan"),
        JobStatus::Completed => (STEPS, "green"),
        JobStatus::Failed => (STEPS, "red"),
        JobStatus::Cancelled | JobStatus::Unknown(_) => (STEPS, "yellow"),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
