#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use export_api::{ExportJob, JobStatus, SnapshotId, SnapshotStatus, SnapshotWithJobs};

use super::graph::{Expectation, Planned};

/// A snapshot of the demo as it was last seen.
pub(super) struct Entry {
    pub(super) id: SnapshotId,
    pub(super) planned: Planned,
    pub(super) rows: Vec<Row>,
    pub(super) seen: Option<SnapshotWithJobs>,
    since: Instant,
    cancelled: bool,
}

/// A job of the demo as it was last seen.
pub(super) struct Row {
    pub(super) job: ExportJob,
    /// From the submission of its snapshot to its end.
    pub(super) took: Option<Duration>,
}

/// A job that changed its state, or is to be cancelled now.
pub(super) struct Change {
    pub(super) snapshot: usize,
    pub(super) job: usize,
}

impl Entry {
    pub(super) fn new(id: SnapshotId, planned: Planned) -> Self {
        Self {
            id,
            planned,
            rows: Vec::new(),
            seen: None,
            since: Instant::now(),
            cancelled: false,
        }
    }

    pub(super) fn status(&self) -> Option<&SnapshotStatus> {
        self.seen.as_ref().map(|seen| &seen.snapshot.status)
    }

    /// Whether the snapshot and every job of it are over.
    pub(super) fn is_over(&self) -> bool {
        self.status().is_some_and(SnapshotStatus::is_terminal)
            && self.rows.iter().all(|row| row.job.status.is_terminal())
    }

    /// Whether now is the time to cancel it: once, when all its queries run.
    pub(super) fn is_to_be_cancelled(&mut self) -> bool {
        let now = self.planned.expectation == Expectation::Cancelled
            && !self.cancelled
            && !self.rows.is_empty()
            && self
                .rows
                .iter()
                .all(|row| row.job.status == JobStatus::Submitted);
        self.cancelled |= now;
        now
    }

    /// Takes in what the Control Plane says now; answers the jobs that changed.
    pub(super) fn observe(&mut self, seen: SnapshotWithJobs) -> Vec<usize> {
        let mut changed = Vec::new();
        for (at, job) in seen.jobs.iter().enumerate() {
            let before = self.rows.get(at).map(|row| &row.job);
            let before = before.map(|job| (&job.status, job.cancel_requested));
            if before != Some((&job.status, job.cancel_requested)) {
                changed.push(at);
            }
            let took = self.rows.get(at).and_then(|row| row.took);
            let row = Row {
                took: took.or_else(|| job.status.is_terminal().then(|| self.since.elapsed())),
                job: job.clone(),
            };
            if at < self.rows.len() {
                self.rows[at] = row;
            } else {
                self.rows.push(row);
            }
        }
        self.seen = Some(seen);
        changed
    }
}
