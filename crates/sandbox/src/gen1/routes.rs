use axum::{
    Json, Router,
    extract::{Path, Query, Request, State, rejection::JsonRejection},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use chrono::Utc;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    CLAIM_WINDOW, Gen1, answer,
    answer::{Refusal, json_body, no_job, no_snapshot},
    patch::Patch,
    public,
};

type Answer = Result<Response, Refusal>;

/// The worker's side of the API, and the little there is for people.
pub(super) fn router(gen1: Gen1) -> Router {
    let internal = Router::new()
        .route("/export-jobs/claim", post(claim))
        .route("/export-jobs/pollable", get(pollable))
        .route("/export-jobs/{id}", patch(patch_job))
        .route("/snapshots/{id}/export-jobs", get(jobs))
        .route("/snapshots/{id}/status", get(status).patch(patch_status));
    Router::new()
        .nest("/api/internal", internal)
        .route("/api/snapshots", post(public::create))
        .route("/api/snapshots/{id}", get(public::read))
        .fallback(|| async { Refusal::NotFound("Not Found".to_owned()) })
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .layer(middleware::from_fn_with_state(gen1.clone(), authorize))
        .with_state(gen1)
}

async fn authorize(State(gen1): State<Gen1>, request: Request, next: Next) -> Response {
    if let Some(key) = &gen1.shared.api_key {
        let given = request.headers().get(export_api::API_KEY_HEADER);
        if given.is_none_or(|given| given.as_bytes() != key.as_bytes()) {
            return Refusal::Unauthorized.into_response();
        }
    }
    next.run(request).await
}

async fn claim(
    State(gen1): State<Gen1>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Answer {
    let body = json_body(body)?;
    let Some(worker) = body["worker_id"].as_str() else {
        return Err(Refusal::invalid("worker_id", "field required"));
    };
    let limit = match &body["limit"] {
        Value::Null => 10,
        limit => limit
            .as_u64()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| Refusal::invalid("limit", "not from 1 to 100"))?,
    };
    // At most 100, so it fits.
    let found = if gen1.loses_race() {
        Vec::new()
    } else {
        gen1.world().pending(usize::try_from(limit).unwrap_or(100))
    };
    tokio::time::sleep(CLAIM_WINDOW).await;
    let claimed = gen1.change(|world| world.claim(&found, worker, Utc::now()));
    Ok(answer::data(&headers, json!({ "jobs": claimed })))
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<String>,
}

async fn pollable(
    State(gen1): State<Gen1>,
    headers: HeaderMap,
    Query(query): Query<Limit>,
) -> Answer {
    let limit = match query.limit {
        None => 10,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| Refusal::invalid("limit", "not from 1 to 100"))?,
    };
    let jobs = gen1.world().pollable(limit, Utc::now());
    Ok(answer::data(&headers, json!({ "jobs": jobs })))
}

async fn patch_job(
    State(gen1): State<Gen1>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Answer {
    let patch = Patch::read(&json_body(body)?)?;
    let Some(id) = id.parse().ok().filter(|id| gen1.job(*id).is_some()) else {
        return Err(no_job(id));
    };
    if patch.finds_nothing() {
        return Err(no_job(id));
    }
    if patch.overflows() {
        return Err(Refusal::Internal);
    }
    let job = gen1.change(|world| {
        let job = world.jobs.get_mut(&id)?;
        patch.apply(job, Utc::now());
        Some(job.clone())
    });
    Ok(answer::data(&headers, job.ok_or_else(|| no_job(id))?))
}

#[derive(Deserialize)]
struct StatusFilter {
    status: Option<String>,
    status_filter: Option<String>,
}

async fn jobs(
    State(gen1): State<Gen1>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Query(filter): Query<StatusFilter>,
) -> Answer {
    let Some(id) = id.parse().ok().filter(|id| gen1.snapshot(*id).is_some()) else {
        return Err(no_snapshot(id));
    };
    let wanted = filter.status.or(filter.status_filter);
    let mut jobs = gen1.jobs(id);
    jobs.retain(|job| wanted.as_ref().is_none_or(|wanted| *wanted == job.status));
    Ok(answer::data(&headers, jobs))
}

async fn status(State(gen1): State<Gen1>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let snapshot = id.parse().ok().and_then(|id| gen1.snapshot(id));
    let snapshot = snapshot.ok_or_else(|| no_snapshot(id))?;
    Ok(answer::data(&headers, json!({ "status": snapshot.status })))
}

async fn patch_status(
    State(gen1): State<Gen1>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Answer {
    let body = json_body(body)?;
    let status = body["status"].as_str().unwrap_or_default().to_owned();
    if !["pending", "creating", "ready", "failed", "cancelled"].contains(&status.as_str()) {
        return Err(Refusal::invalid("status", "unknown status"));
    }
    let counts = |field| serde_json::from_value(body[field].clone()).ok();
    let snapshot = gen1.change(|world| {
        let snapshot = world.snapshots.get_mut(&id.parse().ok()?)?;
        snapshot.status = status;
        snapshot.node_counts = counts("node_counts").or(snapshot.node_counts.take());
        snapshot.edge_counts = counts("edge_counts").or(snapshot.edge_counts.take());
        snapshot.size_bytes = body["size_bytes"].as_u64().or(snapshot.size_bytes);
        if let Some(message) = body["error_message"].as_str() {
            snapshot.error_message = Some(message.to_owned());
        }
        Some(snapshot.clone())
    });
    let snapshot = snapshot.ok_or_else(|| no_snapshot(id))?;
    Ok(answer::data(&headers, snapshot))
}
