use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use export_api::{API_KEY_HEADER, ErrorCode};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::{Front, answer::Refusal};

/// Waits for the start to be over, and lets through who carries the key. The comparison takes the same time wherever
/// the keys differ.
pub(super) async fn require_key(
    State(front): State<Arc<Front>>,
    mut request: Request,
    next: Next,
) -> Response {
    let app = match front.app().await {
        Ok(app) => app,
        Err(refusal) => return refusal.into_response(),
    };
    request.extensions_mut().insert(Arc::clone(&app));
    let Some(key) = &app.key else {
        return next.run(request).await;
    };
    let problem = match request.headers().get(API_KEY_HEADER) {
        Some(given) if bool::from(given.as_bytes().ct_eq(key.expose_secret().as_bytes())) => {
            return next.run(request).await;
        }
        Some(_) => format!("the key in header {API_KEY_HEADER} is wrong"),
        None => format!("header {API_KEY_HEADER} is missing"),
    };
    Refusal::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, problem).into_response()
}
