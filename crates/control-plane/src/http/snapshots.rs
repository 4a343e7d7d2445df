use std::sync::Arc;

use axum::{Json, extract::State, http::HeaderMap};
use export_api::{
    CreatedSnapshot, IDEMPOTENCY_KEY_HEADER, NewSnapshot, PendingCount, Snapshot, SnapshotId,
    SnapshotWithJobs,
};
use serde::{Deserialize, Serialize};

use super::{
    App,
    answer::{Answer, Refusal},
    body::{Asked, Body},
    id::PathId,
};
use crate::{
    limits::{MAX_LIMIT, MAX_SNAPSHOT_BYTES},
    metrics::JobEnd,
    validation,
};

/// `POST /api/snapshots`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(request): Body<NewSnapshot, MAX_SNAPSHOT_BYTES>,
) -> Result<Answer<CreatedSnapshot>, Refusal> {
    let key = headers
        .get(IDEMPOTENCY_KEY_HEADER)
        .map(|value| value.to_str().map(str::to_owned))
        .transpose()
        .map_err(|_| Refusal::unprocessable("header Idempotency-Key is not ASCII"))?;
    let draft =
        validation::draft(&request, key, app.max_attempts).map_err(Refusal::unprocessable)?;
    let created = app.store.create_snapshot(&draft).await?;
    let answer = CreatedSnapshot {
        snapshot: created.snapshot,
    };
    if created.new {
        tracing::info!(snapshot_id = %answer.snapshot.id, jobs = draft.jobs.len(), "snapshot created");
        Ok(Answer::created(answer))
    } else {
        Ok(Answer::ok(answer))
    }
}

/// Which snapshots to list.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    #[serde(default = "default_limit")]
    limit: u32,
    before: Option<SnapshotId>,
}

fn default_limit() -> u32 {
    20
}

/// Snapshots, the newest first.
#[derive(Debug, Serialize)]
pub(super) struct Snapshots {
    snapshots: Vec<Snapshot>,
}

/// `GET /api/snapshots`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Asked(page): Asked<Page>,
) -> Result<Answer<Snapshots>, Refusal> {
    if !(1..=MAX_LIMIT).contains(&page.limit) {
        return Err(Refusal::unprocessable(format!(
            "limit is {}; it must be from 1 to {MAX_LIMIT}",
            page.limit
        )));
    }
    if let Some(before) = &page.before {
        validation::before(before).map_err(Refusal::unprocessable)?;
    }
    let snapshots = app
        .store
        .snapshots(page.before.as_ref(), page.limit)
        .await?;
    Ok(Answer::ok(Snapshots { snapshots }))
}

/// `GET /api/snapshots/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    PathId(id): PathId<SnapshotId>,
) -> Result<Answer<SnapshotWithJobs>, Refusal> {
    Ok(Answer::ok(app.store.snapshot(&id).await?))
}

/// `POST /api/snapshots/{id}/cancel`
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    PathId(id): PathId<SnapshotId>,
) -> Result<Answer<SnapshotWithJobs>, Refusal> {
    let ended = app.store.cancel_snapshot(&id).await?;
    app.metrics.ended(JobEnd::Cancelled, ended);
    tracing::info!(snapshot_id = %id, "snapshot cancelled");
    Ok(Answer::ok(app.store.snapshot(&id).await?))
}

/// How much work there is, for scalers.
#[derive(Debug, Serialize)]
pub(super) struct WorkCount {
    #[serde(flatten)]
    pending: PendingCount,
    /// With the jobs in work: workers must stay while these are there.
    #[serde(rename = "liveCount")]
    live_count: u64,
}

/// `GET /api/export-jobs/pending-count`; no envelope, for KEDA's metrics-api scaler reads it.
pub(super) async fn pending_count(State(app): State<Arc<App>>) -> Result<Json<WorkCount>, Refusal> {
    let live = app.store.live_jobs().await?;
    Ok(Json(WorkCount {
        pending: PendingCount {
            pending_count: live.pending,
        },
        live_count: live.pending + live.claimed + live.submitted,
    }))
}
