use std::collections::HashSet;

use export_api::{
    ClaimRequest, ClaimToken, JobType, JobUpdate, NewJob, NewSnapshot, PollableRequest, SnapshotId,
};
use sha2::{Digest as _, Sha256};

use crate::{
    destination::Destination,
    limits::{
        MAX_ATTEMPTS, MAX_JOBS, MAX_LEASE_SECONDS, MAX_LIMIT, MAX_MESSAGE_CHARACTERS,
        MAX_NAME_CHARACTERS, MAX_RETRY_AFTER_SECONDS, MAX_SQL_CHARACTERS, MAX_URI_BYTES,
        MAX_WAIT_SECONDS,
    },
    store::{Draft, Taker, hex},
};

/// What is wrong with a request; names the field.
pub(crate) type Problem = String;

fn within(field: &str, value: u32, from: u32, to: u32) -> Result<u32, Problem> {
    if (from..=to).contains(&value) {
        Ok(value)
    } else {
        Err(format!(
            "{field} is {value}; it must be from {from} to {to}"
        ))
    }
}

fn name(field: &str, value: &str) -> Result<(), Problem> {
    if value.trim().is_empty() {
        return Err(format!("{field} is empty"));
    }
    if value.chars().count() > MAX_NAME_CHARACTERS {
        return Err(format!(
            "{field} is longer than {MAX_NAME_CHARACTERS} characters"
        ));
    }
    no_control_character(field, value)
}

/// PostgreSQL keeps no NUL, and none of the others belongs into a name.
fn no_control_character(field: &str, value: &str) -> Result<(), Problem> {
    if value.chars().any(char::is_control) {
        return Err(format!("{field} has a control character in it"));
    }
    Ok(())
}

/// Checks the id a list goes on behind.
pub(crate) fn before(id: &SnapshotId) -> Result<(), Problem> {
    no_control_character("before", id.as_str())
}

/// Checks a token. Never says what it is: it is a secret.
pub(crate) fn token(token: &ClaimToken) -> Result<(), Problem> {
    no_control_character("claim_token", token.as_str())
}

/// Checks a claim. Returns who takes, and how many seconds to wait.
pub(crate) fn claim(request: &ClaimRequest, lease: u32) -> Result<(Taker, u32), Problem> {
    name("worker_id", &request.worker_id)?;
    let wait = within(
        "wait_seconds",
        request.wait_seconds.unwrap_or(0),
        0,
        MAX_WAIT_SECONDS,
    )?;
    let taker = Taker {
        worker_id: request.worker_id.clone(),
        limit: within("limit", request.limit, 1, MAX_LIMIT)?,
        lease_seconds: within(
            "lease_seconds",
            request.lease_seconds.unwrap_or(lease),
            1,
            MAX_LEASE_SECONDS,
        )?,
    };
    Ok((taker, wait))
}

/// Checks a look for pollable jobs. Returns who takes them (nobody: it is a look
/// only), and how many seconds to wait.
pub(crate) fn pollable(
    request: &PollableRequest,
    lease: u32,
) -> Result<(Option<Taker>, u32), Problem> {
    let limit = within("limit", request.limit, 1, MAX_LIMIT)?;
    let wait = within(
        "wait_seconds",
        request.wait_seconds.unwrap_or(0),
        0,
        MAX_WAIT_SECONDS,
    )?;
    let lease_seconds = within(
        "lease_seconds",
        request.lease_seconds.unwrap_or(lease),
        1,
        MAX_LEASE_SECONDS,
    )?;
    let taker = match &request.worker_id {
        Some(worker_id) => {
            name("worker_id", worker_id)?;
            Some(Taker {
                worker_id: worker_id.clone(),
                limit,
                lease_seconds,
            })
        }
        None => None,
    };
    Ok((taker, wait))
}

/// Checks a job's update and shortens what is too long to keep.
pub(crate) fn update(mut update: JobUpdate) -> Result<JobUpdate, Problem> {
    match &mut update {
        JobUpdate::Submitted {
            query_id, next_uri, ..
        } => {
            name("starburst_query_id", query_id)?;
            uri(next_uri.expose())?;
        }
        JobUpdate::Running { next_uri, .. } => uri(next_uri.expose())?,
        JobUpdate::Failed { error_message, .. } => shorten(error_message),
        JobUpdate::GiveBack {
            error_message,
            retry_after_seconds,
            ..
        } => {
            shorten(error_message);
            within(
                "retry_after_seconds",
                *retry_after_seconds,
                0,
                MAX_RETRY_AFTER_SECONDS,
            )?;
        }
        JobUpdate::Heartbeat { lease_seconds } => {
            within("lease_seconds", *lease_seconds, 1, MAX_LEASE_SECONDS)?;
        }
        JobUpdate::Completed { .. } | JobUpdate::Cancelled { .. } => {}
    }
    Ok(update)
}

fn uri(next_uri: &str) -> Result<(), Problem> {
    if next_uri.is_empty() {
        return Err("next_uri is empty".to_owned());
    }
    if next_uri.len() > MAX_URI_BYTES || next_uri.contains('\0') {
        return Err(format!(
            "next_uri is longer than {MAX_URI_BYTES} bytes, or has a NUL in it"
        ));
    }
    Ok(())
}

/// PostgreSQL keeps no NUL.
fn shorten(message: &mut String) {
    if message.contains('\0') {
        *message = message.replace('\0', "\u{fffd}");
    }
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_CHARACTERS) {
        message.truncate(end);
        message.push('…');
    }
}

/// Checks a new snapshot: each job by itself, then all against each other.
pub(crate) fn draft(
    request: &NewSnapshot,
    idempotency_key: Option<String>,
    default_attempts: u32,
) -> Result<Draft, Problem> {
    if let Some(snapshot_name) = &request.name {
        name("name", snapshot_name)?;
    }
    if let Some(key) = &idempotency_key {
        name("header Idempotency-Key", key)?;
    }
    if request.jobs.is_empty() {
        return Err("jobs is empty; a snapshot needs at least one".to_owned());
    }
    if request.jobs.len() > MAX_JOBS {
        return Err(format!(
            "jobs has {} entries; a snapshot holds at most {MAX_JOBS}",
            request.jobs.len()
        ));
    }
    let max_attempts = within(
        "max_attempts",
        request.max_attempts.unwrap_or(default_attempts),
        1,
        MAX_ATTEMPTS,
    )?;
    let mut entities = HashSet::new();
    let mut jobs = Vec::with_capacity(request.jobs.len());
    for (index, job) in request.jobs.iter().enumerate() {
        let destination = new_job(job).map_err(|problem| format!("jobs[{index}].{problem}"))?;
        if !entities.insert((job.job_type.as_str(), job.entity_name.as_str())) {
            return Err(format!(
                "jobs[{index}].entity_name: there is another {} {:?} in this snapshot",
                job.job_type, job.entity_name
            ));
        }
        jobs.push((job.clone(), destination));
    }
    refuse_overlaps(&jobs)?;
    let body = serde_json::to_vec(request).map_err(|error| error.to_string())?;
    Ok(Draft {
        name: request.name.clone(),
        jobs,
        max_attempts,
        idempotency_key,
        digest: hex(&Sha256::digest(body)),
        follows_caller: false,
    })
}

fn new_job(job: &NewJob) -> Result<Destination, Problem> {
    match &job.job_type {
        JobType::Node | JobType::Edge => {}
        JobType::Unknown(other) => {
            return Err(format!("job_type is {other:?}; known are node and edge"));
        }
    }
    name("entity_name", &job.entity_name)?;
    if job.sql.trim().is_empty() {
        return Err("sql is empty".to_owned());
    }
    if job.sql.chars().count() > MAX_SQL_CHARACTERS {
        return Err(format!(
            "sql is longer than {MAX_SQL_CHARACTERS} characters"
        ));
    }
    if job.sql.contains('\0') {
        return Err("sql has a NUL in it".to_owned());
    }
    if job.column_names.is_empty() {
        return Err("column_names is empty".to_owned());
    }
    let mut seen = HashSet::new();
    for (index, column) in job.column_names.iter().enumerate() {
        name(&format!("column_names[{index}]"), column)?;
        if !seen.insert(column) {
            return Err(format!("column_names[{index}]: {column:?} is there twice"));
        }
    }
    for (field, value) in [
        ("starburst_catalog", &job.starburst_catalog),
        ("starburst_role", &job.starburst_role),
    ] {
        if let Some(value) = value {
            name(field, value)?;
        }
    }
    Destination::parse(&job.gcs_path).map_err(|problem| {
        format!(
            "gcs_path: {:?} {problem}; expected gs://bucket/folder",
            job.gcs_path
        )
    })
}

/// In order, folders that overlap stand next to each other.
fn refuse_overlaps(jobs: &[(NewJob, Destination)]) -> Result<(), Problem> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by(|a, b| jobs[*a].1.cmp(&jobs[*b].1));
    for pair in order.windows(2) {
        let (outer, inner) = (pair[0], pair[1]);
        if jobs[inner].1.overlaps(jobs[outer].1.as_str()) {
            return Err(format!(
                "jobs[{inner}].gcs_path: {} overlaps jobs[{outer}].gcs_path {}; give each job a folder of its own",
                jobs[inner].1, jobs[outer].1
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
