use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use export_api::ErrorCode;
use serde_json::{Value, json};

use super::{
    App,
    answer::{Answer, Refusal},
};

/// How long the store may take to say that it is there.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// The process runs.
pub(super) async fn alive() -> Answer<Value> {
    Answer::ok(json!({"status": "ok"}))
}

/// The store answers and no shutdown is under way.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Answer<Value>, Refusal> {
    let unready = |message| {
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Unavailable,
            message,
        )
    };
    if app.shutdown.is_cancelled() {
        return Err(unready("shutting down"));
    }
    match tokio::time::timeout(STORE_TIMEOUT, app.store.ping()).await {
        Ok(Ok(())) => Ok(Answer::ok(json!({"status": "ready"}))),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Err(unready("the store does not answer, or lacks its tables"))
        }
        Err(_) => Err(unready("the store takes too long to answer")),
    }
}

/// The metrics in Prometheus' text format. Asks the store for nothing.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    match app.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
