use std::sync::Arc;

use axum::extract::State;
use export_api::{
    ClaimRequest, ExportJob, JobId, JobPatch, JobStatus, JobUpdate, JobUpdated, Jobs,
    PollableRequest, SnapshotId, SnapshotPatch, SnapshotStatusAnswer,
};
use serde::Deserialize;

use super::{
    App,
    answer::{Answer, Refusal},
    body::{Asked, Body},
    id::PathId,
};
use crate::{
    limits::MAX_BODY_BYTES,
    metrics::JobEnd,
    store::{Queue, StoreError},
    validation,
};

type Reply<T> = Result<Answer<T>, Refusal>;

/// `POST /export-jobs/claim`
pub(super) async fn claim(
    State(app): State<Arc<App>>,
    Body(request): Body<ClaimRequest, MAX_BODY_BYTES>,
) -> Reply<Jobs> {
    let (taker, wait) =
        validation::claim(&request, app.lease_seconds).map_err(Refusal::unprocessable)?;
    let offer = app
        .long_polls
        .wait(&app.store, &app.metrics, Queue::Pending, wait, || {
            app.store.claim(&taker)
        })
        .await?;
    app.metrics.claimed(offer.jobs.len());
    for job in &offer.jobs {
        tracing::info!(job_id = %job.id, snapshot_id = %job.snapshot_id, worker_id = taker.worker_id, attempt = job.attempt, "claimed");
    }
    Ok(Answer::ok(Jobs { jobs: offer.jobs }))
}

/// `GET /export-jobs/pollable`
pub(super) async fn pollable(
    State(app): State<Arc<App>>,
    Asked(request): Asked<PollableRequest>,
) -> Reply<Jobs> {
    let (taker, wait) =
        validation::pollable(&request, app.lease_seconds).map_err(Refusal::unprocessable)?;
    let look = || async {
        match &taker {
            Some(taker) => app.store.lease_pollable(taker).await,
            None => app.store.look_pollable(request.limit).await,
        }
    };
    let offer = app
        .long_polls
        .wait(&app.store, &app.metrics, Queue::Pollable, wait, look)
        .await?;
    Ok(Answer::ok(Jobs { jobs: offer.jobs }))
}

/// `GET /export-jobs/{id}`
pub(super) async fn job(
    State(app): State<Arc<App>>,
    PathId(id): PathId<JobId>,
) -> Reply<ExportJob> {
    Ok(Answer::ok(app.store.job(&id).await?))
}

/// `PATCH /export-jobs/{id}`
pub(super) async fn update_job(
    State(app): State<Arc<App>>,
    PathId(id): PathId<JobId>,
    Body(mut patch): Body<JobPatch, MAX_BODY_BYTES>,
) -> Reply<JobUpdated> {
    let token = patch.claim_token.take();
    if let Some(token) = &token {
        validation::token(token).map_err(Refusal::unprocessable)?;
    }
    let update =
        JobUpdate::try_from(patch).map_err(|error| Refusal::unprocessable(error.to_string()))?;
    let update = validation::update(update).map_err(Refusal::unprocessable)?;
    let updated = app
        .store
        .update_job(&id, token.as_ref(), &update)
        .await
        .inspect_err(|error| {
            if matches!(error, StoreError::LeaseLost { .. }) {
                app.metrics.lease_lost();
            }
        })?;
    match updated.status {
        Some(JobStatus::Completed) => app.metrics.ended(JobEnd::Completed, 1),
        Some(JobStatus::Failed) => app.metrics.ended(JobEnd::Failed, 1),
        Some(JobStatus::Cancelled) => app.metrics.ended(JobEnd::Cancelled, 1),
        Some(
            JobStatus::Pending | JobStatus::Claimed | JobStatus::Submitted | JobStatus::Unknown(_),
        )
        | None => {}
    }
    if let Some(snapshot) = &updated.answer.snapshot {
        tracing::info!(job_id = %id, update = update_name(&update), snapshot_status = %snapshot.status, remaining_jobs = snapshot.remaining_jobs, "updated");
    }
    Ok(Answer::ok(updated.answer))
}

fn update_name(update: &JobUpdate) -> &'static str {
    match update {
        JobUpdate::Submitted { .. } => "submitted",
        JobUpdate::Running { .. } => "running",
        JobUpdate::Completed { .. } => "completed",
        JobUpdate::Failed { .. } => "failed",
        JobUpdate::Cancelled { .. } => "cancelled",
        JobUpdate::GiveBack { .. } => "given back",
        JobUpdate::Heartbeat { .. } => "heartbeat",
    }
}

/// Which jobs of a snapshot to show; the first generation of workers writes `status_filter`.
#[derive(Debug, Deserialize)]
pub(super) struct StatusFilter {
    status: Option<JobStatus>,
    status_filter: Option<JobStatus>,
}

/// `GET /snapshots/{id}/export-jobs`
pub(super) async fn snapshot_jobs(
    State(app): State<Arc<App>>,
    PathId(id): PathId<SnapshotId>,
    Asked(filter): Asked<StatusFilter>,
) -> Reply<Jobs> {
    let mut jobs = app.store.snapshot_jobs(&id).await?;
    if let Some(status) = filter.status.or(filter.status_filter) {
        if let JobStatus::Unknown(other) = &status {
            return Err(Refusal::unprocessable(format!(
                "status is {other:?}; known are pending, claimed, submitted, completed, failed and cancelled"
            )));
        }
        jobs.retain(|job| job.status == status);
    }
    Ok(Answer::ok(Jobs { jobs }))
}

/// `GET /snapshots/{id}/status`
pub(super) async fn snapshot_status(
    State(app): State<Arc<App>>,
    PathId(id): PathId<SnapshotId>,
) -> Reply<SnapshotStatusAnswer> {
    let status = app.store.snapshot_status(&id).await?;
    Ok(Answer::ok(SnapshotStatusAnswer { status }))
}

/// `PATCH` and `PUT /snapshots/{id}/status`
pub(super) async fn move_snapshot(
    State(app): State<Arc<App>>,
    PathId(id): PathId<SnapshotId>,
    Body(patch): Body<SnapshotPatch, MAX_BODY_BYTES>,
) -> Reply<SnapshotStatusAnswer> {
    let status = app.store.move_snapshot(&id, &patch).await?;
    Ok(Answer::ok(SnapshotStatusAnswer { status }))
}
