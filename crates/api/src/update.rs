use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ClaimToken, JobStatus, NextUri, SnapshotStatus, WireTime};

/// What Starburst said of a query, for people who tune it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryStats {
    /// Rows read.
    pub processed_rows: u64,
    /// Bytes read.
    pub processed_bytes: u64,
    /// CPU time, in milliseconds.
    pub cpu_millis: u64,
    /// Peak memory, in bytes.
    pub peak_memory_bytes: u64,
    /// Time since the query began, in milliseconds.
    pub elapsed_millis: u64,
    /// Time spent waiting in a resource group, in milliseconds.
    pub queued_millis: u64,
}

/// One change of a job: the only changes there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobUpdate {
    /// The query is registered and may be kicked. The lease stays.
    Submitted {
        /// The query's id.
        query_id: String,
        /// Its first page.
        next_uri: NextUri,
        /// When a poller should take over.
        next_poll_at: WireTime,
        /// 0, unless the statement is one a poller already asked for.
        poll_count: u32,
        /// When the query was registered.
        submitted_at: WireTime,
    },
    /// The query still runs. Ends the lease: the next poller may take the job when it is due.
    Running {
        /// Where the query goes on.
        next_uri: NextUri,
        /// When to ask again.
        next_poll_at: WireTime,
        /// How often it was asked for.
        poll_count: u32,
    },
    /// Exported and counted. Terminal.
    Completed {
        /// Rows, from the Parquet footers.
        row_count: u64,
        /// Bytes, from the listing.
        size_bytes: u64,
        /// Parquet files.
        files: u64,
        /// When the job ended.
        completed_at: WireTime,
        /// What the query cost, where it is known.
        stats: Option<QueryStats>,
    },
    /// Over with an error. Terminal.
    Failed {
        /// What went wrong and what to do.
        error_message: String,
        /// When the job ended.
        completed_at: WireTime,
    },
    /// Over, its query cancelled as somebody asked. Terminal. An extension.
    Cancelled {
        /// When the job ended.
        completed_at: WireTime,
    },
    /// Back to `pending`: a transient failure past its retries, or a shutdown.
    /// The query id stays, so that the next attempt can bury it.
    GiveBack {
        /// Why.
        error_message: String,
        /// Not before so many seconds.
        retry_after_seconds: u32,
        /// Cut by a shutdown: this attempt is not counted.
        interrupted: bool,
    },
    /// Still at it: the lease holds for so many seconds from now.
    Heartbeat {
        /// Seconds from now.
        lease_seconds: u32,
    },
}

/// The body of `PATCH /export-jobs/{id}`: one [`JobUpdate`], fenced by a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the fields are those of JobUpdate")]
pub struct JobPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_token: Option<ClaimToken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<JobStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starburst_query_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_uri: Option<NextUri>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_poll_at: Option<WireTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<WireTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<QueryStats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<WireTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<u32>,
}

/// A PATCH that is no [`JobUpdate`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatchError {
    /// A field the update needs is absent.
    #[error("{update} needs the field {field}")]
    Missing {
        /// The kind of update.
        update: &'static str,
        /// The absent field.
        field: &'static str,
    },
    /// A status no PATCH can set.
    #[error(
        "status {0:?} cannot be set; known are submitted, completed, failed, cancelled and pending"
    )]
    Status(String),
    /// Neither a status, nor a nextUri, nor a heartbeat.
    #[error("nothing to update: expected a status, a next_uri or lease_seconds")]
    Empty,
}

impl JobUpdate {
    /// The body that carries this update, fenced by `claim_token` where there is one.
    pub fn into_patch(self, claim_token: Option<ClaimToken>) -> JobPatch {
        let empty = JobPatch {
            claim_token,
            ..JobPatch::default()
        };
        match self {
            Self::Submitted {
                query_id,
                next_uri,
                next_poll_at,
                poll_count,
                submitted_at,
            } => JobPatch {
                status: Some(JobStatus::Submitted),
                starburst_query_id: Some(query_id),
                next_uri: Some(next_uri),
                next_poll_at: Some(next_poll_at),
                poll_count: Some(poll_count),
                submitted_at: Some(submitted_at),
                ..empty
            },
            Self::Running {
                next_uri,
                next_poll_at,
                poll_count,
            } => JobPatch {
                next_uri: Some(next_uri),
                next_poll_at: Some(next_poll_at),
                poll_count: Some(poll_count),
                ..empty
            },
            Self::Completed {
                row_count,
                size_bytes,
                files,
                completed_at,
                stats,
            } => JobPatch {
                status: Some(JobStatus::Completed),
                row_count: Some(row_count),
                size_bytes: Some(size_bytes),
                files: Some(files),
                completed_at: Some(completed_at),
                stats,
                ..empty
            },
            Self::Failed {
                error_message,
                completed_at,
            } => JobPatch {
                status: Some(JobStatus::Failed),
                error_message: Some(error_message),
                completed_at: Some(completed_at),
                ..empty
            },
            Self::Cancelled { completed_at } => JobPatch {
                status: Some(JobStatus::Cancelled),
                completed_at: Some(completed_at),
                ..empty
            },
            Self::GiveBack {
                error_message,
                retry_after_seconds,
                interrupted,
            } => JobPatch {
                status: Some(JobStatus::Pending),
                error_message: Some(error_message),
                retry_after_seconds: Some(retry_after_seconds),
                interrupted,
                ..empty
            },
            Self::Heartbeat { lease_seconds } => JobPatch {
                lease_seconds: Some(lease_seconds),
                ..empty
            },
        }
    }
}

fn need<T>(value: Option<T>, update: &'static str, field: &'static str) -> Result<T, PatchError> {
    value.ok_or(PatchError::Missing { update, field })
}

impl TryFrom<JobPatch> for JobUpdate {
    type Error = PatchError;

    /// Reads the update out of a body. The token is not part of it.
    fn try_from(patch: JobPatch) -> Result<Self, PatchError> {
        match patch.status {
            Some(JobStatus::Submitted) => Ok(Self::Submitted {
                query_id: need(patch.starburst_query_id, "submitted", "starburst_query_id")?,
                next_uri: need(patch.next_uri, "submitted", "next_uri")?,
                next_poll_at: need(patch.next_poll_at, "submitted", "next_poll_at")?,
                poll_count: patch.poll_count.unwrap_or(0),
                submitted_at: need(patch.submitted_at, "submitted", "submitted_at")?,
            }),
            Some(JobStatus::Completed) => Ok(Self::Completed {
                row_count: need(patch.row_count, "completed", "row_count")?,
                size_bytes: need(patch.size_bytes, "completed", "size_bytes")?,
                files: patch.files.unwrap_or(0),
                completed_at: need(patch.completed_at, "completed", "completed_at")?,
                stats: patch.stats,
            }),
            Some(JobStatus::Failed) => Ok(Self::Failed {
                error_message: need(patch.error_message, "failed", "error_message")?,
                completed_at: need(patch.completed_at, "failed", "completed_at")?,
            }),
            Some(JobStatus::Cancelled) => Ok(Self::Cancelled {
                completed_at: need(patch.completed_at, "cancelled", "completed_at")?,
            }),
            Some(JobStatus::Pending) => Ok(Self::GiveBack {
                error_message: patch.error_message.unwrap_or_default(),
                retry_after_seconds: patch.retry_after_seconds.unwrap_or(0),
                interrupted: patch.interrupted,
            }),
            Some(other @ (JobStatus::Claimed | JobStatus::Unknown(_))) => {
                Err(PatchError::Status(other.as_str().to_owned()))
            }
            None => match (patch.next_uri, patch.lease_seconds) {
                (Some(next_uri), _) => Ok(Self::Running {
                    next_uri,
                    next_poll_at: need(patch.next_poll_at, "still running", "next_poll_at")?,
                    poll_count: need(patch.poll_count, "still running", "poll_count")?,
                }),
                (None, Some(lease_seconds)) => Ok(Self::Heartbeat { lease_seconds }),
                (None, None) => Err(PatchError::Empty),
            },
        }
    }
}

/// The answer to `PATCH /export-jobs/{id}`. First-generation Control Planes answer with the job instead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobUpdated {
    /// How the job's snapshot stands after the update; absent in first-generation answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotAfterUpdate>,
}

/// How a snapshot stands after one of its jobs changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotAfterUpdate {
    /// Where it stands. The reference Control Plane finalises the snapshot in the
    /// transaction of its last job's terminal update, so this may be terminal already.
    pub status: SnapshotStatus,
    /// Jobs that are not over yet.
    pub remaining_jobs: u64,
}
