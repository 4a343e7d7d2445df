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

use super::{App, answer::Refusal};
use crate::config::Access;

/// Lets through who carries the key. The comparison takes the same time wherever
/// the keys differ.
pub(super) async fn require_key(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let key = match &app.access {
        Access::Insecure => return next.run(request).await,
        Access::Key(key) => key,
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
