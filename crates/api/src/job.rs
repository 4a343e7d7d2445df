use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ClaimToken, JobId, NextUri, SnapshotId, WireTime};

/// Writes and reads an enum of names, keeping names it does not know.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A name this version does not know, kept as it came.
            Unknown(String),
        }

        impl $name {
            /// The name on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Unknown(text),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    };
}
pub(crate) use open_enum;

open_enum!(
    /// Where an export job stands.
    JobStatus {
        /// Waits for a worker.
        Pending = "pending",
        /// Leased to a worker that prepares its query.
        Claimed = "claimed",
        /// Its query is known to Starburst; any poller may go on with it.
        Submitted = "submitted",
        /// Exported and counted.
        Completed = "completed",
        /// Over, with an error message.
        Failed = "failed",
        /// Over, because its snapshot was cancelled.
        Cancelled = "cancelled",
    }
);

impl JobStatus {
    /// Whether nothing can change this status any more.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

open_enum!(
    /// What of a graph a job exports.
    JobType {
        /// A node label.
        Node = "node",
        /// An edge type.
        Edge = "edge",
    }
);

/// One export job, as `claim`, `pollable` and the lists of a snapshot show it.
///
/// The fields after `updated_at` are extensions; a first-generation Control
/// Plane leaves them out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportJob {
    /// Names the job.
    pub id: JobId,
    /// The snapshot it belongs to.
    pub snapshot_id: SnapshotId,
    /// Node label or edge type.
    pub job_type: JobType,
    /// The node label or edge type itself.
    pub entity_name: String,
    /// Where the job stands.
    pub status: JobStatus,
    /// The SELECT to export. A job without one fails alone.
    #[serde(default)]
    pub sql: Option<String>,
    /// The columns of the export, in order. A job without them fails alone.
    #[serde(default)]
    pub column_names: Option<Vec<String>>,
    /// Session catalog of the query, in place of the worker's default.
    #[serde(default)]
    pub starburst_catalog: Option<String>,
    /// Where the data comes from, for people.
    #[serde(default)]
    pub data_source_id: Option<serde_json::Value>,
    /// The worker that claimed the job last.
    #[serde(default)]
    pub claimed_by: Option<String>,
    /// When it was claimed last.
    #[serde(default)]
    pub claimed_at: Option<WireTime>,
    /// The query of the newest attempt, also after that attempt was given up.
    #[serde(default)]
    pub starburst_query_id: Option<String>,
    /// Where the newest query goes on.
    #[serde(default)]
    pub next_uri: Option<NextUri>,
    /// When to ask for the query again.
    #[serde(default)]
    pub next_poll_at: Option<WireTime>,
    /// How often it was asked for.
    #[serde(default)]
    pub poll_count: Option<u32>,
    /// The folder the Parquet files go to: `gs://bucket/prefix`.
    #[serde(default)]
    pub gcs_path: Option<String>,
    /// Rows exported, once completed.
    #[serde(default)]
    pub row_count: Option<u64>,
    /// Bytes exported, once completed.
    #[serde(default)]
    pub size_bytes: Option<u64>,
    /// When the newest query was registered.
    #[serde(default)]
    pub submitted_at: Option<WireTime>,
    /// When the job ended.
    #[serde(default)]
    pub completed_at: Option<WireTime>,
    /// Why the job failed, or why its last attempt was given up.
    #[serde(default)]
    pub error_message: Option<String>,
    /// When the job was created.
    #[serde(default)]
    pub created_at: Option<WireTime>,
    /// When the job changed last.
    #[serde(default)]
    pub updated_at: Option<WireTime>,

    /// Fences every write of the lease that came with this answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_token: Option<ClaimToken>,
    /// When that lease ends unless a heartbeat renews it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_expires_at: Option<WireTime>,
    /// Which attempt this is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// After how many attempts the job fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Role of the query, in place of the worker's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starburst_role: Option<String>,
    /// Set when somebody cancelled the snapshot while the query ran: cancel the
    /// query, then report the job `cancelled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested: Option<bool>,
    /// Parquet files exported, once completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// W3C trace context: where the trace of the job goes on, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}
