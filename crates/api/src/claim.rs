use serde::{Deserialize, Serialize};

use crate::ExportJob;

/// `POST /export-jobs/claim`: gives me work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// Who claims.
    pub worker_id: String,
    /// How many jobs at most, from 1 to 100.
    pub limit: u32,
    /// Long poll: how many seconds to wait for a first job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u32>,
    /// How long the claim holds without a heartbeat, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<u32>,
}

/// `GET /export-jobs/pollable`, its query string: gives me queries to ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollableRequest {
    /// How many jobs at most, from 1 to 100; beyond that the answer is 422.
    pub limit: u32,
    /// Who polls. With it the jobs are leased; without it the answer is a look only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<String>,
    /// How long the lease holds without a heartbeat, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<u32>,
    /// Long poll: how many seconds to wait for a first job to become due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u32>,
}

/// A list of jobs: the answer to `claim` and `pollable`, and of ours to
/// `GET /snapshots/{id}/export-jobs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jobs {
    /// The jobs.
    pub jobs: Vec<ExportJob>,
}

/// `GET /api/export-jobs/pending-count`, in the shape KEDA's metrics-api scaler reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingCount {
    /// Jobs that wait for a worker.
    #[serde(rename = "pendingCount")]
    pub pending_count: u64,
}
