use std::time::Duration;

use async_trait::async_trait;
use export_api::{
    ClaimRequest, ClaimToken, ExportJob, JobId, JobUpdate, JobUpdated, PollableRequest, SnapshotId,
    SnapshotPatch, SnapshotStatus,
};
use thiserror::Error;

use super::ErrorKind;

/// The answer to a claim or a look for pollable jobs. Jobs that cannot be read
/// at all (no id, say) are left out, logged and counted; the others are here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The jobs.
    pub jobs: Vec<ExportJob>,
}

/// The job queue, in either dialect.
///
/// Updates and reads of a snapshot retry transient failures in place (5 times,
/// a second apart) before they return one. [`ControlPlane::claim`] and
/// [`ControlPlane::pollable`] do not: the loop that looks asks again.
#[async_trait]
pub trait ControlPlane: Send + Sync {
    /// Claims jobs, with a lease where the Control Plane knows leases.
    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed, ControlPlaneError>;

    /// Lists jobs whose query is due to be asked for, leased where the request names a worker.
    async fn pollable(&self, request: &PollableRequest) -> Result<Claimed, ControlPlaneError>;

    /// Changes one job, fenced by `token` where there is one.
    async fn update_job(
        &self,
        job: &JobId,
        token: Option<&ClaimToken>,
        update: JobUpdate,
    ) -> Result<JobUpdated, ControlPlaneError>;

    /// All jobs of a snapshot.
    async fn snapshot_jobs(
        &self,
        snapshot: &SnapshotId,
    ) -> Result<Vec<ExportJob>, ControlPlaneError>;

    /// Where a snapshot stands.
    async fn snapshot_status(
        &self,
        snapshot: &SnapshotId,
    ) -> Result<SnapshotStatus, ControlPlaneError>;

    /// Moves a snapshot on.
    async fn update_snapshot(
        &self,
        snapshot: &SnapshotId,
        patch: &SnapshotPatch,
    ) -> Result<(), ControlPlaneError>;

    /// Asks whether the Control Plane is there and takes our credentials, changing nothing.
    async fn check(&self) -> Result<(), ControlPlaneError>;
}

/// A request the Control Plane did not grant.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ControlPlaneError {
    /// No answer: connection refused, reset, timed out, name not known.
    #[error("control plane at {origin} does not answer: {cause}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// The network's own words.
        cause: String,
    },
    /// 429 or 503 with or without a `Retry-After`, 502, 504.
    #[error("control plane is busy: status {status}{}", message_suffix(.message))]
    Busy {
        /// HTTP status.
        status: u16,
        /// `Retry-After`, clamped.
        retry_after: Option<Duration>,
        /// Its own words.
        message: String,
    },
    /// 500 and other 5xx.
    #[error("control plane failed: status {status}{}", message_suffix(.message))]
    ServerError {
        /// HTTP status.
        status: u16,
        /// Its own words.
        message: String,
    },
    /// 401 or 403, also after the credential was read again.
    #[error("control plane refuses our credentials: status {status}{}; check GRAPH_OLAP_INTERNAL_API_KEY or the service account", message_suffix(.message))]
    Unauthorized {
        /// HTTP status.
        status: u16,
        /// Its own words.
        message: String,
    },
    /// Our own credential could not be had: no key file, no metadata server.
    #[error("no credential for the control plane: {0}")]
    Credential(String),
    /// 409 `LEASE_LOST`: the write changed nothing.
    #[error("the lease was lost: another worker has the job, or it was cancelled")]
    LeaseLost,
    /// 409 of another code: the state machine knows no such step, as when the job is over already.
    #[error("control plane refuses the step: {message}")]
    Conflict {
        /// Its own words.
        message: String,
    },
    /// 404: no such job or snapshot.
    #[error("control plane knows no such thing: {message}")]
    NotFound {
        /// Its own words.
        message: String,
    },
    /// Any other 4xx: we sent what it does not take.
    #[error("control plane refuses the request: status {status}{}", message_suffix(.message))]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its own words.
        message: String,
    },
    /// An answer that is no Control Plane's: HTML, an empty body, other JSON.
    #[error("{url} does not answer like a control plane: {problem}; check CONTROL_PLANE_URL")]
    Unreadable {
        /// What was asked.
        url: String,
        /// What came instead.
        problem: String,
    },
    /// A count that a first-generation Control Plane cannot store.
    #[error(
        "control plane cannot store {row_count} rows and {size_bytes} bytes: status 500, and it is of a generation that stores no more than 2147483647; export fewer rows per job or upgrade the control plane"
    )]
    CountTooLarge {
        /// Rows.
        row_count: u64,
        /// Bytes.
        size_bytes: u64,
    },
    /// The worker shuts down.
    #[error("interrupted by shutdown")]
    Interrupted,
}

fn message_suffix(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

impl ControlPlaneError {
    /// What happens to the job.
    pub fn kind(&self) -> ErrorKind {
        match self {
            // A proxy's HTML in place of an answer passes as a rule; nothing was decided.
            // Credentials are the operator's matter, never the job's: the job waits.
            Self::Unreachable { .. }
            | Self::Busy { .. }
            | Self::ServerError { .. }
            | Self::Unauthorized { .. }
            | Self::Credential(_)
            | Self::Unreadable { .. } => ErrorKind::Transient,
            Self::LeaseLost | Self::Conflict { .. } | Self::NotFound { .. } => ErrorKind::LeaseLost,
            Self::Refused { .. } | Self::CountTooLarge { .. } => ErrorKind::Permanent,
            Self::Interrupted => ErrorKind::Interrupted,
        }
    }
}
