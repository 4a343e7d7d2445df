//! The simulated Control Plane: leases, fencing, attempts, as the reference one keeps them.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use export_api::{
    ClaimRequest, ClaimToken, ExportJob, JobId, JobStatus, JobUpdate, JobUpdated, PollableRequest,
    SnapshotAfterUpdate, SnapshotId, SnapshotPatch, SnapshotStatus, WireTime,
};
use export_worker::ports::{Claimed, ControlPlane, ControlPlaneError};

use super::{
    Replica,
    state::{Job, State},
};

fn lost() -> ControlPlaneError {
    ControlPlaneError::Unreachable {
        origin: "http://simulated".to_owned(),
        cause: "lost".to_owned(),
    }
}

fn token(number: u64) -> ClaimToken {
    ClaimToken::new(format!("token-{number}"))
}

fn lease(job: &mut Job, now: DateTime<Utc>, seconds: Option<u32>) -> ExportJob {
    job.token += 1;
    job.lease_until = Some(now + TimeDelta::seconds(seconds.unwrap_or(60).into()));
    let mut wire = job.wire.clone();
    wire.claim_token = Some(token(job.token));
    wire
}

fn claim(state: &mut State, now: DateTime<Utc>, request: &ClaimRequest) -> Vec<ExportJob> {
    let mut claimed = Vec::new();
    for job in &mut state.jobs {
        let expired = job.wire.status == JobStatus::Claimed
            && job.lease_until.is_some_and(|until| until <= now);
        let pending = job.wire.status == JobStatus::Pending && job.not_before <= now;
        if !(expired || pending) || claimed.len() == request.limit as usize {
            continue;
        }
        let attempt = job.wire.attempt.unwrap_or(0);
        if attempt == job.wire.max_attempts.unwrap_or(3) {
            end(job, JobStatus::Failed);
            continue;
        }
        job.wire.attempt = Some(attempt + 1);
        job.wire.status = JobStatus::Claimed;
        claimed.push(lease(job, now, request.lease_seconds));
    }
    claimed
}

fn pollable(state: &mut State, now: DateTime<Utc>, request: &PollableRequest) -> Vec<ExportJob> {
    state
        .jobs
        .iter_mut()
        .filter(|job| {
            job.wire.status == JobStatus::Submitted
                && job.lease_until.is_none_or(|until| until <= now)
                && job.wire.next_poll_at.is_none_or(|at| at.0 <= now)
        })
        .take(request.limit as usize)
        .map(|job| lease(job, now, request.lease_seconds))
        .collect()
}

fn end(job: &mut Job, status: JobStatus) {
    job.wire.status = status;
    job.lease_until = None;
    job.endings += 1;
}

fn update(
    state: &mut State,
    now: DateTime<Utc>,
    id: &JobId,
    given: Option<&ClaimToken>,
    update: JobUpdate,
) -> Result<JobUpdated, ControlPlaneError> {
    let job = state
        .jobs
        .iter_mut()
        .find(|job| job.wire.id == *id)
        .ok_or_else(|| ControlPlaneError::NotFound {
            message: id.to_string(),
        })?;
    if given != Some(&token(job.token)) || job.wire.status.is_terminal() {
        return Err(ControlPlaneError::LeaseLost);
    }
    match update {
        JobUpdate::Submitted {
            query_id,
            next_uri,
            next_poll_at,
            poll_count,
            submitted_at,
        } => {
            job.wire.status = JobStatus::Submitted;
            job.wire.starburst_query_id = Some(query_id);
            job.wire.next_uri = Some(next_uri);
            job.wire.next_poll_at = Some(next_poll_at);
            job.wire.poll_count = Some(poll_count);
            job.wire.submitted_at = Some(submitted_at);
        }
        JobUpdate::Running {
            next_uri,
            next_poll_at,
            poll_count,
        } => {
            job.wire.next_uri = Some(next_uri);
            job.wire.next_poll_at = Some(next_poll_at);
            job.wire.poll_count = Some(poll_count);
            job.lease_until = None;
        }
        JobUpdate::Completed {
            row_count,
            size_bytes,
            files,
            ..
        } => {
            job.wire.row_count = Some(row_count);
            job.wire.size_bytes = Some(size_bytes);
            job.wire.files = Some(files);
            end(job, JobStatus::Completed);
        }
        JobUpdate::Failed { error_message, .. } => {
            job.wire.error_message = Some(error_message);
            end(job, JobStatus::Failed);
        }
        JobUpdate::Cancelled { .. } => end(job, JobStatus::Cancelled),
        JobUpdate::GiveBack {
            error_message,
            retry_after_seconds,
            interrupted,
        } => {
            let attempt = job.wire.attempt.unwrap_or(0);
            job.wire.error_message = Some(error_message);
            job.lease_until = None;
            if interrupted {
                job.wire.attempt = Some(attempt.saturating_sub(1));
            }
            if !interrupted && attempt == job.wire.max_attempts.unwrap_or(3) {
                end(job, JobStatus::Failed);
            } else {
                job.wire.status = JobStatus::Pending;
                job.not_before = now + TimeDelta::seconds(retry_after_seconds.into());
            }
        }
        JobUpdate::Heartbeat { lease_seconds } => {
            job.lease_until = Some(now + TimeDelta::seconds(lease_seconds.into()));
        }
    }
    job.wire.updated_at = Some(WireTime(now));
    Ok(JobUpdated {
        snapshot: Some(snapshot_after(state)),
    })
}

fn snapshot_after(state: &mut State) -> SnapshotAfterUpdate {
    let remaining = state
        .jobs
        .iter()
        .filter(|job| !job.wire.status.is_terminal())
        .count();
    if !state.snapshot.is_terminal() {
        let completed = state
            .jobs
            .iter()
            .all(|job| job.wire.status == JobStatus::Completed);
        state.snapshot = match remaining {
            0 if completed => SnapshotStatus::Ready,
            0 => SnapshotStatus::Failed,
            _ => SnapshotStatus::Creating,
        };
    }
    SnapshotAfterUpdate {
        status: state.snapshot.clone(),
        remaining_jobs: remaining as u64,
    }
}

#[async_trait]
impl ControlPlane for Replica {
    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed, ControlPlaneError> {
        let jobs = self
            .call("claim", |state, now| Ok(claim(state, now, request)), lost)
            .await?;
        Ok(Claimed { jobs })
    }

    async fn pollable(&self, request: &PollableRequest) -> Result<Claimed, ControlPlaneError> {
        let jobs = self
            .call(
                "pollable",
                |state, now| Ok(pollable(state, now, request)),
                lost,
            )
            .await?;
        Ok(Claimed { jobs })
    }

    async fn update_job(
        &self,
        job: &JobId,
        token: Option<&ClaimToken>,
        change: JobUpdate,
    ) -> Result<JobUpdated, ControlPlaneError> {
        let name = match &change {
            JobUpdate::Submitted { .. } => "persist",
            JobUpdate::Running { .. } => "park",
            JobUpdate::Completed { .. } => "complete",
            JobUpdate::Failed { .. } => "fail",
            JobUpdate::Cancelled { .. } => "cancelled",
            JobUpdate::GiveBack { .. } => "give back",
            JobUpdate::Heartbeat { .. } => "heartbeat",
        };
        self.call(
            name,
            |state, now| update(state, now, job, token, change),
            lost,
        )
        .await
    }

    async fn snapshot_jobs(&self, _: &SnapshotId) -> Result<Vec<ExportJob>, ControlPlaneError> {
        let jobs =
            |state: &mut State, _| Ok(state.jobs.iter().map(|job| job.wire.clone()).collect());
        self.call("snapshot jobs", jobs, lost).await
    }

    async fn snapshot_status(&self, _: &SnapshotId) -> Result<SnapshotStatus, ControlPlaneError> {
        self.call(
            "snapshot status",
            |state, _| Ok(state.snapshot.clone()),
            lost,
        )
        .await
    }

    async fn update_snapshot(
        &self,
        _: &SnapshotId,
        _: &SnapshotPatch,
    ) -> Result<(), ControlPlaneError> {
        self.call("update snapshot", |_, _| Ok(()), lost).await
    }

    async fn check(&self) -> Result<(), ControlPlaneError> {
        Ok(())
    }
}
