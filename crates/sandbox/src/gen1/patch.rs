use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Map, Value};

use super::{Gen1Job, answer::Refusal};

/// The largest count a first-generation database holds.
const LARGEST_COUNT: u64 = i32::MAX as u64;
/// The statuses a PATCH can set.
const SETTABLE: [&str; 4] = ["claimed", "submitted", "completed", "failed"];

/// A PATCH that passed validation. Fields nobody knows are ignored.
pub(super) struct Patch {
    status: Option<String>,
    starburst_query_id: Option<String>,
    next_uri: Option<String>,
    next_poll_at: Option<DateTime<Utc>>,
    submitted_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    row_count: Option<u64>,
    size_bytes: Option<u64>,
    error_message: Option<String>,
}

impl Patch {
    /// Reads and validates a body.
    pub(super) fn read(body: &Value) -> Result<Self, Refusal> {
        let Value::Object(fields) = body else {
            return Err(Refusal::invalid("body", "not an object"));
        };
        let status = text(fields, "status")?;
        if let Some(status) = &status
            && !SETTABLE.contains(&status.as_str())
        {
            let problem = format!("{status} is not one of {}", SETTABLE.join(", "));
            return Err(Refusal::invalid("status", problem));
        }
        Ok(Self {
            status,
            starburst_query_id: text(fields, "starburst_query_id")?,
            next_uri: text(fields, "next_uri")?,
            next_poll_at: instant(fields, "next_poll_at")?,
            submitted_at: instant(fields, "submitted_at")?,
            completed_at: instant(fields, "completed_at")?,
            row_count: count(fields, "row_count")?,
            size_bytes: count(fields, "size_bytes")?,
            error_message: text(fields, "error_message")?,
        })
    }

    /// Whether it would change anything: without a status and a nextUri the
    /// update finds no row, which is answered as if there were no job.
    pub(super) fn finds_nothing(&self) -> bool {
        self.status.is_none() && self.next_uri.is_none()
    }

    /// Whether a count does not fit into the database.
    pub(super) fn overflows(&self) -> bool {
        [self.row_count, self.size_bytes]
            .into_iter()
            .flatten()
            .any(|count| count > LARGEST_COUNT)
    }

    pub(super) fn apply(self, job: &mut Gen1Job, now: DateTime<Utc>) {
        job.updated_at = Some(now);
        if self.next_uri.is_some() {
            job.next_uri = self.next_uri;
        }
        // Still running: nothing else is stored.
        let Some(status) = self.status else {
            return;
        };
        job.status = status;
        job.starburst_query_id = self.starburst_query_id.or(job.starburst_query_id.take());
        job.next_poll_at = self.next_poll_at.or(job.next_poll_at);
        job.submitted_at = self.submitted_at.or(job.submitted_at);
        job.completed_at = self.completed_at.or(job.completed_at);
        job.row_count = self.row_count.or(job.row_count);
        job.size_bytes = self.size_bytes.or(job.size_bytes);
        job.error_message = self.error_message.or(job.error_message.take());
    }
}

fn text(fields: &Map<String, Value>, field: &'static str) -> Result<Option<String>, Refusal> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::invalid(field, "not a string")),
    }
}

fn count(fields: &Map<String, Value>, field: &'static str) -> Result<Option<u64>, Refusal> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(count) => Ok(Some(count)),
            None => Err(Refusal::invalid(field, "not a count")),
        },
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ` and nothing else.
fn instant(
    fields: &Map<String, Value>,
    field: &'static str,
) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = text(fields, field)? else {
        return Ok(None);
    };
    // chrono takes shorter forms too, so the length is part of the pattern.
    match NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%SZ") {
        Ok(instant) if text.len() == 20 => Ok(Some(instant.and_utc())),
        _ => Err(Refusal::invalid(
            field,
            "does not match YYYY-MM-DDTHH:MM:SSZ",
        )),
    }
}
