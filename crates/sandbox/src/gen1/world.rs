use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Gen1Job, Gen1Snapshot, NewGen1Job};

/// Everything the Control Plane knows.
#[derive(Default)]
pub(super) struct World {
    pub(super) snapshots: BTreeMap<u64, Gen1Snapshot>,
    pub(super) jobs: BTreeMap<u64, Gen1Job>,
}

impl World {
    pub(super) fn create(&mut self, name: Option<String>, jobs: Vec<NewGen1Job>) -> u64 {
        let snapshot_id = self.snapshots.len() as u64 + 1;
        self.snapshots.insert(
            snapshot_id,
            Gen1Snapshot {
                id: snapshot_id,
                name,
                status: "pending".to_owned(),
                node_counts: None,
                edge_counts: None,
                size_bytes: None,
                error_message: None,
            },
        );
        for job in jobs {
            let id = self.jobs.len() as u64 + 1;
            self.jobs.insert(id, new_job(id, snapshot_id, job));
        }
        snapshot_id
    }

    pub(super) fn jobs_of(&self, snapshot: u64) -> Vec<Gen1Job> {
        self.jobs
            .values()
            .filter(|job| job.snapshot_id == snapshot)
            .cloned()
            .collect()
    }

    /// The oldest pending jobs.
    pub(super) fn pending(&self, limit: usize) -> Vec<u64> {
        self.jobs
            .values()
            .filter(|job| job.status == "pending")
            .map(|job| job.id)
            .take(limit)
            .collect()
    }

    /// Takes those of the jobs that nobody took meanwhile.
    pub(super) fn claim(&mut self, ids: &[u64], worker: &str, now: DateTime<Utc>) -> Vec<Gen1Job> {
        let mut claimed = Vec::new();
        for id in ids {
            if let Some(job) = self.jobs.get_mut(id)
                && job.status == "pending"
            {
                "claimed".clone_into(&mut job.status);
                job.claimed_by = Some(worker.to_owned());
                job.claimed_at = Some(now);
                job.updated_at = Some(now);
                claimed.push(job.clone());
            }
        }
        claimed
    }

    /// The submitted jobs that are due, oldest first.
    pub(super) fn pollable(&self, limit: usize, now: DateTime<Utc>) -> Vec<Gen1Job> {
        let mut due: Vec<&Gen1Job> = self
            .jobs
            .values()
            .filter(|job| job.status == "submitted" && job.next_poll_at.is_none_or(|at| at <= now))
            .collect();
        due.sort_by_key(|job| (job.submitted_at, job.id));
        due.into_iter().take(limit).cloned().collect()
    }
}

fn new_job(id: u64, snapshot_id: u64, job: NewGen1Job) -> Gen1Job {
    let now = Utc::now();
    Gen1Job {
        id,
        snapshot_id,
        job_type: job.job_type,
        entity_name: job.entity_name,
        status: "pending".to_owned(),
        sql: job.sql,
        column_names: job.column_names,
        starburst_catalog: job.starburst_catalog,
        data_source_id: None,
        claimed_by: None,
        claimed_at: None,
        starburst_query_id: None,
        next_uri: None,
        next_poll_at: None,
        poll_count: 0,
        gcs_path: job.gcs_path,
        row_count: None,
        size_bytes: None,
        submitted_at: None,
        completed_at: None,
        error_message: None,
        created_at: Some(now),
        updated_at: Some(now),
    }
}
