use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Gen1, NewGen1Job, answer,
    answer::{Refusal, json_body, no_snapshot},
};

#[derive(Deserialize)]
struct NewSnapshot {
    name: Option<String>,
    jobs: Vec<NewGen1Job>,
}

/// `POST /api/snapshots`, in the shape of the reference Control Plane.
pub(super) async fn create(
    State(gen1): State<Gen1>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Refusal> {
    let body = json_body(body)?;
    let new: NewSnapshot = serde_json::from_value(body)
        .map_err(|error| Refusal::invalid("body", error.to_string()))?;
    let id = gen1.create_snapshot(new.name, new.jobs);
    let answer = answer::data(&headers, json!({ "snapshot": gen1.snapshot(id) }));
    Ok((StatusCode::CREATED, answer).into_response())
}

/// `GET /api/snapshots/{id}`: the snapshot with its jobs.
pub(super) async fn read(
    State(gen1): State<Gen1>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let snapshot = id.parse().ok().and_then(|id| gen1.snapshot(id));
    let snapshot = snapshot.ok_or_else(|| no_snapshot(id))?;
    let jobs = gen1.jobs(snapshot.id);
    let data = json!({ "snapshot": snapshot, "jobs": jobs });
    Ok(answer::data(&headers, data))
}
