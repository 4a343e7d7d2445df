use std::{collections::HashMap, io::IsTerminal};

use export_api::JobStatus;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::board::{Change, Entry};

/// Shows what happens while it happens: a bar per job on a terminal, a line per
/// change elsewhere.
pub(super) enum Progress {
    Bars {
        all: MultiProgress,
        by_job: HashMap<(usize, usize), ProgressBar>,
    },
    Lines,
}

/// Steps of a job's bar.
const STEPS: u64 = 3;

impl Progress {
    pub(super) fn new() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Bars {
                all: MultiProgress::new(),
                by_job: HashMap::new(),
            }
        } else {
            Self::Lines
        }
    }

    pub(super) fn show(&mut self, entries: &[Entry], change: &Change) {
        let entry = &entries[change.snapshot];
        let row = &entry.rows[change.job];
        let job = &row.job;
        let name = format!(
            "{:<11} {:<4} {}",
            entry.planned.title,
            job.job_type.as_str(),
            job.entity_name
        );
        let mut state = job.status.to_string();
        if let (Some(rows), JobStatus::Completed) = (job.row_count, &job.status) {
            state = format!("{state}, {rows} rows");
        }
        if let Some(took) = row.took {
            state = format!("{state}, {:.1} s", took.as_secs_f64());
        }
        match self {
            Self::Lines => println!("{name:<30} {state}"),
            Self::Bars { all, by_job } => {
                let bar = by_job
                    .entry((change.snapshot, change.job))
                    .or_insert_with(|| all.add(bar(name)));
                bar.set_position(step(&job.status));
                bar.set_message(state);
                if job.status.is_terminal() {
                    bar.abandon();
                }
            }
        }
    }

    /// Leaves the terminal as it stands.
    pub(super) fn end(&self) {
        if let Self::Bars { by_job, .. } = self {
            for bar in by_job.values() {
                bar.abandon();
            }
            println!();
        }
    }
}

fn step(status: &JobStatus) -> u64 {
    match status {
        JobStatus::Pending => 0,
        JobStatus::Claimed => 1,
        JobStatus::Submitted => 2,
        JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled | JobStatus::Unknown(_) => {
            STEPS
        }
    }
}

fn bar(name: String) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:30} {bar:12} {msg}");
    let bar = ProgressBar::new(STEPS).with_prefix(name);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
