use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use export_api::REQUEST_ID_HEADER;
use tracing::{Instrument as _, field::Empty};
use uuid::Uuid;

use super::Front;
use crate::traces;

tokio::task_local! {
    /// The id of the request being answered.
    static REQUEST_ID: String;
}

/// Characters of a request id we take over.
const MAX_REQUEST_ID: usize = 128;

/// The id of the request being answered.
pub(super) fn request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}

/// Gives every request an id, a span, a place in the metrics and a log line.
pub(super) async fn observe(
    State(front): State<Arc<Front>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = request
        .headers()
        .get(REQUEST_ID_HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= MAX_REQUEST_ID)
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let method = method_label(request.method());
    // The route's pattern, never the path: labels come from a closed set.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request_id = %id, method, route, trace_id = Empty);
    let trace = traces::request(method, &route, request.headers(), &id);
    if let Some(trace_id) = trace.trace_id() {
        span.record("trace_id", trace_id);
    }
    let answering = REQUEST_ID
        .scope(id.clone(), next.run(request))
        .instrument(span.clone());
    let mut response = trace.around(answering).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    let status = response.status().as_u16();
    let seconds = started.elapsed().as_secs_f64();
    front.metrics.request(&route, method, status, seconds);
    traces::answered(&trace, status);
    span.in_scope(|| tracing::debug!(status, seconds, "answered"));
    response
}

fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
