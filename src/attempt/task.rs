use chrono::{DateTime, Utc};
use export_api::{ClaimToken, ExportJob, JobId, NextUri, SnapshotId};

use super::JobError;
use crate::{
    ports::{Folder, QueryId},
    telemetry::JobFacts,
};

/// One export job as an attempt needs it: read once from the wire, so that no
/// step meets a field that is not there.
#[derive(Clone, Debug)]
pub struct Task {
    /// Names the job.
    pub id: JobId,
    /// Its snapshot.
    pub snapshot_id: SnapshotId,
    /// What log lines and metrics say of it.
    pub facts: JobFacts,
    /// Where the files go.
    pub destination: Folder,
    /// Fences every write, where the Control Plane knows leases.
    pub token: Option<ClaimToken>,
    /// Which attempt this is, where the Control Plane counts them.
    pub attempt: Option<u32>,
    /// When the job was created: what is older at its destination is not its own.
    pub created_at: Option<DateTime<Utc>>,
    /// The query of the newest attempt: this one's once it is submitted, an
    /// earlier one's before that.
    pub query: Option<QueryId>,
    /// Where that query goes on.
    pub next_uri: Option<NextUri>,
    /// How often it was asked for.
    pub poll_count: u32,
    /// When it was registered.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Somebody cancelled the snapshot while the query ran.
    pub cancel_requested: bool,
}

impl Task {
    /// Reads a job. Fails if its destination is none.
    pub fn of(job: &ExportJob) -> Result<Self, JobError> {
        let path = job
            .gcs_path
            .as_deref()
            .ok_or(JobError::Missing("gcs_path"))?;
        Ok(Self {
            id: job.id.clone(),
            snapshot_id: job.snapshot_id.clone(),
            facts: JobFacts::of(job),
            destination: Folder::parse(path)?,
            token: job.claim_token.clone(),
            attempt: job.attempt,
            created_at: job.created_at.map(|at| at.0),
            query: job
                .starburst_query_id
                .as_deref()
                .filter(|id| !id.is_empty())
                .map(QueryId::new),
            next_uri: job.next_uri.clone().filter(|uri| !uri.expose().is_empty()),
            poll_count: job.poll_count.unwrap_or(0),
            submitted_at: job.submitted_at.map(|at| at.0),
            cancel_requested: job.cancel_requested.unwrap_or(false),
        })
    }

    /// Whether no attempt at this job can have written anything yet: the
    /// Control Plane counts attempts, and this is the first.
    pub fn is_first_attempt(&self) -> bool {
        self.attempt == Some(1)
    }
}
