use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use export_api::NewJob;
use serde::{Deserialize, Serialize, Serializer};

/// First-generation answers write the offset out: `2026-11-22T03:05:07+00:00`.
#[allow(clippy::ref_option, reason = "serde calls it so")]
fn with_offset<S: Serializer>(
    instant: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    instant
        .map(|instant| instant.to_rfc3339_opts(SecondsFormat::Secs, false))
        .serialize(serializer)
}

/// One job of a new snapshot; what may be missing, may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of the wire")]
pub struct NewGen1Job {
    pub job_type: String,
    pub entity_name: String,
    #[serde(default)]
    pub sql: Option<String>,
    #[serde(default)]
    pub column_names: Option<Vec<String>>,
    #[serde(default)]
    pub gcs_path: Option<String>,
    #[serde(default)]
    pub starburst_catalog: Option<String>,
}

impl From<NewJob> for NewGen1Job {
    fn from(job: NewJob) -> Self {
        Self {
            job_type: job.job_type.as_str().to_owned(),
            entity_name: job.entity_name,
            sql: Some(job.sql),
            column_names: Some(job.column_names),
            gcs_path: Some(job.gcs_path),
            starburst_catalog: job.starburst_catalog,
        }
    }
}

/// An export job as a first-generation Control Plane keeps and shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are those of the wire")]
pub struct Gen1Job {
    pub id: u64,
    pub snapshot_id: u64,
    pub job_type: String,
    pub entity_name: String,
    pub status: String,
    pub sql: Option<String>,
    pub column_names: Option<Vec<String>>,
    pub starburst_catalog: Option<String>,
    pub data_source_id: Option<u64>,
    pub claimed_by: Option<String>,
    #[serde(serialize_with = "with_offset")]
    pub claimed_at: Option<DateTime<Utc>>,
    pub starburst_query_id: Option<String>,
    pub next_uri: Option<String>,
    #[serde(serialize_with = "with_offset")]
    pub next_poll_at: Option<DateTime<Utc>>,
    /// 0 for ever.
    pub poll_count: u32,
    pub gcs_path: Option<String>,
    pub row_count: Option<u64>,
    pub size_bytes: Option<u64>,
    #[serde(serialize_with = "with_offset")]
    pub submitted_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "with_offset")]
    pub completed_at: Option<DateTime<Utc>>,
    pub error_message: Option<String>,
    #[serde(serialize_with = "with_offset")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "with_offset")]
    pub updated_at: Option<DateTime<Utc>>,
}

/// A snapshot as a first-generation Control Plane keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are those of the wire")]
pub struct Gen1Snapshot {
    pub id: u64,
    pub name: Option<String>,
    pub status: String,
    pub node_counts: Option<BTreeMap<String, u64>>,
    pub edge_counts: Option<BTreeMap<String, u64>>,
    pub size_bytes: Option<u64>,
    pub error_message: Option<String>,
}
