//! The API over HTTP: one file per concern.

mod answer;
mod auth;
mod body;
mod front;
mod health;
mod id;
mod observe;
mod snapshots;
mod worker;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, patch, post},
};
use secrecy::SecretString;

use crate::{long_poll::LongPolls, metrics::Metrics, store::Store};

pub(crate) use front::Front;

/// What the handlers of the API share.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) metrics: Arc<Metrics>,
    /// The key every request must carry; nothing where everybody may come in.
    pub(crate) key: Option<SecretString>,
    pub(crate) lease_seconds: u32,
    pub(crate) max_attempts: u32,
    pub(crate) long_polls: LongPolls,
}

/// Every route.
pub(crate) fn router(front: Front) -> Router {
    let front = Arc::new(front);
    let internal = Router::new()
        .route("/export-jobs/claim", post(worker::claim))
        .route("/export-jobs/pollable", get(worker::pollable))
        .route(
            "/export-jobs/{id}",
            patch(worker::update_job).get(worker::job),
        )
        .route("/snapshots/{id}/export-jobs", get(worker::snapshot_jobs))
        .route(
            "/snapshots/{id}/status",
            get(worker::snapshot_status)
                .patch(worker::move_snapshot)
                .put(worker::move_snapshot),
        );
    let api = Router::new()
        .nest("/api/internal", internal)
        .route(
            "/api/snapshots",
            post(snapshots::create).get(snapshots::list),
        )
        .route("/api/snapshots/{id}", get(snapshots::one))
        .route("/api/snapshots/{id}/cancel", post(snapshots::cancel))
        .route(
            "/api/export-jobs/pending-count",
            get(snapshots::pending_count),
        )
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(&front),
            auth::require_key,
        ));
    Router::new()
        .merge(api)
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(answer::no_such_path)
        .method_not_allowed_fallback(answer::no_such_method)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&front),
            observe::observe,
        ))
        .with_state(front)
}
