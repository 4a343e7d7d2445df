use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ExportJob, JobType, SnapshotId, WireTime, job::open_enum};

open_enum!(
    /// Where a snapshot stands.
    SnapshotStatus {
        /// No query was registered yet.
        Pending = "pending",
        /// At least one was.
        Creating = "creating",
        /// Every job completed.
        Ready = "ready",
        /// A job failed and all are over.
        Failed = "failed",
        /// Somebody cancelled it.
        Cancelled = "cancelled",
    }
);

impl SnapshotStatus {
    /// Whether nothing can change this status any more.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Ready | Self::Failed | Self::Cancelled)
    }
}

/// `GET /snapshots/{id}/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotStatusAnswer {
    /// Where the snapshot stands.
    pub status: SnapshotStatus,
}

/// `PATCH` or `PUT /snapshots/{id}/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum SnapshotPatch {
    /// The first query was registered.
    Creating,
    /// Every job completed.
    Ready {
        /// Rows by node label.
        node_counts: BTreeMap<String, u64>,
        /// Rows by edge type.
        edge_counts: BTreeMap<String, u64>,
        /// Bytes of all files.
        size_bytes: u64,
    },
    /// A job failed and all are over.
    Failed {
        /// Which jobs failed, and why.
        error_message: String,
    },
}

/// `POST /api/snapshots`: what to export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSnapshot {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One job per node label or edge type; at least one.
    pub jobs: Vec<NewJob>,
    /// After how many attempts a job fails; the Control Plane's default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
}

/// One job of a new snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewJob {
    /// Node label or edge type.
    pub job_type: JobType,
    /// The node label or edge type itself; unique in the snapshot for its type.
    pub entity_name: String,
    /// The SELECT to export.
    pub sql: String,
    /// The columns of the export, in order.
    pub column_names: Vec<String>,
    /// The folder the Parquet files go to: `gs://bucket/prefix`.
    pub gcs_path: String,
    /// Session catalog of the query, in place of the worker's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starburst_catalog: Option<String>,
    /// Role of the query, in place of the worker's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starburst_role: Option<String>,
}

/// The answer to `POST /api/snapshots`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedSnapshot {
    /// The snapshot, new or found again by its idempotency key.
    pub snapshot: Snapshot,
}

/// A snapshot as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Names the snapshot.
    pub id: SnapshotId,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it stands.
    pub status: SnapshotStatus,
    /// Rows by node label, once ready.
    #[serde(default)]
    pub node_counts: Option<BTreeMap<String, u64>>,
    /// Rows by edge type, once ready.
    #[serde(default)]
    pub edge_counts: Option<BTreeMap<String, u64>>,
    /// Bytes of all files, once ready.
    #[serde(default)]
    pub size_bytes: Option<u64>,
    /// Why it failed.
    #[serde(default)]
    pub error_message: Option<String>,
    /// How many of its jobs stand where.
    pub progress: SnapshotProgress,
    /// When it was created.
    pub created_at: WireTime,
    /// When it changed last.
    pub updated_at: WireTime,
    /// When it ended.
    #[serde(default)]
    pub completed_at: Option<WireTime>,
}

/// How many jobs of a snapshot stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotProgress {
    /// All jobs.
    pub total: u64,
    /// Waiting for a worker.
    pub pending: u64,
    /// Leased to a worker that prepares the query.
    pub claimed: u64,
    /// With a query that Starburst knows.
    pub submitted: u64,
    /// Exported and counted.
    pub completed: u64,
    /// Over with an error.
    pub failed: u64,
    /// Over because the snapshot was cancelled.
    pub cancelled: u64,
}

/// The answer to `GET /api/snapshots/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotWithJobs {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Its jobs, in the order they were given. The nextUri is left out: it is a secret.
    pub jobs: Vec<ExportJob>,
}
