use chrono::{DateTime, Utc};
use export_api::{
    ClaimToken, ExportJob, JobStatus, JobType, NextUri, Snapshot, SnapshotProgress, SnapshotStatus,
    WireTime,
};

use super::{StoreError, engine::Row};

/// The columns of `export_jobs` that [`job`] reads, `seq`, and the job's `traceparent`.
///
/// Named, never `*`: PostgreSQL refuses a prepared statement whose columns became more,
/// and so a later version's migration would stop every replica at work.
macro_rules! job_columns {
    () => {
        "seq, id, snapshot_id, job_type, entity_name, status, sql, column_names, \
         starburst_catalog, starburst_role, gcs_path, attempt, max_attempts, claim_token, \
         lease_expires_at, claimed_by, claimed_at, starburst_query_id, next_uri, next_poll_at, \
         poll_count, cancel_requested, row_count, size_bytes, files, submitted_at, completed_at, \
         error_message, created_at, updated_at, \
         (SELECT traceparent FROM job_traces WHERE job_id = export_jobs.id) AS traceparent"
    };
}
pub(super) use job_columns;

/// The columns of `snapshots` that [`snapshot`] reads; named for the same reason.
macro_rules! snapshot_columns {
    () => {
        "id, name, status, node_counts, edge_counts, size_bytes, error_message, created_at, \
         updated_at, completed_at"
    };
}
pub(super) use snapshot_columns;

/// What of a job an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// To the one who was given the lease: everything.
    Leased,
    /// To workers: all but the token.
    Worker,
    /// To people: neither token nor nextUri, for both are secrets.
    People,
}

/// An instant as the store keeps it.
pub(super) fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

/// The instant the store kept.
pub(super) fn instant(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| StoreError::Internal(format!("{micros} is no time in microseconds")))
}

/// A count as the store keeps it.
pub(super) fn stored(field: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::TooLarge { field, value })
}

fn time(row: &Row, name: &str) -> Result<Option<WireTime>, StoreError> {
    row.int_or_null(name)?
        .map(|value| Ok(WireTime(instant(value)?)))
        .transpose()
}

fn required_time(row: &Row, name: &str) -> Result<WireTime, StoreError> {
    Ok(WireTime(instant(row.int(name)?)?))
}

fn json<T: serde::de::DeserializeOwned>(row: &Row, name: &str) -> Result<Option<T>, StoreError> {
    row.text_or_null(name)?
        .map(|text| {
            serde_json::from_str(&text)
                .map_err(|error| StoreError::Internal(format!("{name} cannot be read: {error}")))
        })
        .transpose()
}

/// Reads a whole row of `export_jobs`, and `traceparent` beside it.
pub(super) fn job(row: &Row, view: View) -> Result<ExportJob, StoreError> {
    let (leased, worker) = match view {
        View::Leased => (true, true),
        View::Worker => (false, true),
        View::People => (false, false),
    };
    let token = row.text_or_null("claim_token")?.filter(|_| leased);
    let next_uri = row.text_or_null("next_uri")?.filter(|_| worker);
    Ok(ExportJob {
        id: row.text("id")?.into(),
        snapshot_id: row.text("snapshot_id")?.into(),
        job_type: JobType::from(row.text("job_type")?),
        entity_name: row.text("entity_name")?,
        status: JobStatus::from(row.text("status")?),
        sql: Some(row.text("sql")?),
        column_names: json(row, "column_names")?,
        starburst_catalog: row.text_or_null("starburst_catalog")?,
        data_source_id: None,
        claimed_by: row.text_or_null("claimed_by")?,
        claimed_at: time(row, "claimed_at")?,
        starburst_query_id: row.text_or_null("starburst_query_id")?,
        next_uri: next_uri.map(NextUri::new),
        next_poll_at: time(row, "next_poll_at")?,
        poll_count: Some(row.small_count("poll_count")?),
        gcs_path: Some(row.text("gcs_path")?),
        row_count: row.count_or_null("row_count")?,
        size_bytes: row.count_or_null("size_bytes")?,
        submitted_at: time(row, "submitted_at")?,
        completed_at: time(row, "completed_at")?,
        error_message: row.text_or_null("error_message")?,
        created_at: Some(required_time(row, "created_at")?),
        updated_at: Some(required_time(row, "updated_at")?),
        claim_token: token.map(ClaimToken::new),
        // On the wire in whole seconds, cut off: a worker never believes in a
        // lease longer than it is.
        lease_expires_at: time(row, "lease_expires_at")?,
        attempt: Some(row.small_count("attempt")?),
        max_attempts: Some(row.small_count("max_attempts")?),
        starburst_role: row.text_or_null("starburst_role")?,
        cancel_requested: Some(row.bool("cancel_requested")?),
        files: row.count_or_null("files")?,
        traceparent: row.text_or_null("traceparent")?,
    })
}

/// Reads a whole row of `snapshots`.
pub(super) fn snapshot(row: &Row, progress: SnapshotProgress) -> Result<Snapshot, StoreError> {
    Ok(Snapshot {
        id: row.text("id")?.into(),
        name: row.text_or_null("name")?,
        status: SnapshotStatus::from(row.text("status")?),
        node_counts: json(row, "node_counts")?,
        edge_counts: json(row, "edge_counts")?,
        size_bytes: row.count_or_null("size_bytes")?,
        error_message: row.text_or_null("error_message")?,
        progress,
        created_at: required_time(row, "created_at")?,
        updated_at: required_time(row, "updated_at")?,
        completed_at: time(row, "completed_at")?,
    })
}

/// Adds `count` jobs of one status to a progress.
pub(super) fn add(progress: &mut SnapshotProgress, status: &JobStatus, count: u64) {
    progress.total += count;
    match status {
        JobStatus::Pending => progress.pending += count,
        JobStatus::Claimed => progress.claimed += count,
        JobStatus::Submitted => progress.submitted += count,
        JobStatus::Completed => progress.completed += count,
        JobStatus::Failed => progress.failed += count,
        JobStatus::Cancelled => progress.cancelled += count,
        // The table's CHECK lets no other in.
        JobStatus::Unknown(_) => {}
    }
}
