use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use export_api::JobId;

use super::Task;

/// Jobs without a lease that this process works on.
///
/// A Control Plane without leases hands the same job out again while it is
/// being polled; this keeps one process from following one nextUri twice. As
/// large as the loops are concurrent, no larger.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashSet<JobId>>);

/// A place among the jobs worked on; given up on drop.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    jobs: &'a InFlight,
    job: Option<JobId>,
}

impl InFlight {
    /// Takes the job on; `None` if this process works on it already. A leased
    /// job always enters: its lease says whose it is.
    pub(super) fn enter(&self, task: &Task) -> Option<Entry<'_>> {
        if task.token.is_some() {
            return Some(Entry {
                jobs: self,
                job: None,
            });
        }
        let job = task.id.clone();
        let is_new = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job.clone());
        is_new.then_some(Entry {
            jobs: self,
            job: Some(job),
        })
    }

    /// Whether this process works on a job that has no lease.
    pub fn contains(&self, job: &JobId) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(job)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(job) = &self.job {
            self.jobs
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(job);
        }
    }
}
