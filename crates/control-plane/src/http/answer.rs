use axum::{
    Json,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use export_api::{ApiError, Envelope, ErrorAnswer, ErrorCode, Meta};
use serde::Serialize;

use super::observe::request_id;
use crate::store::StoreError;

fn meta() -> Meta {
    Meta {
        request_id: request_id(),
    }
}

/// A success: `{"data": …, "meta": …}`.
#[derive(Debug)]
pub(super) struct Answer<T> {
    status: StatusCode,
    data: T,
}

impl<T> Answer<T> {
    /// 200.
    pub(super) fn ok(data: T) -> Self {
        Self {
            status: StatusCode::OK,
            data,
        }
    }

    /// 201.
    pub(super) fn created(data: T) -> Self {
        Self {
            status: StatusCode::CREATED,
            data,
        }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let body = Envelope {
            data: self.data,
            meta: meta(),
        };
        (self.status, Json(body)).into_response()
    }
}

/// A refusal: `{"error": …, "meta": …}`.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: ErrorCode,
    message: String,
}

impl Refusal {
    /// The request makes no sense.
    pub(super) fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code: ErrorCode::InvalidRequest,
            message: message.into(),
        }
    }

    /// What was sent can be read, but not be done.
    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::invalid(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    pub(super) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = ErrorAnswer {
            error: ApiError {
                code: self.code,
                message: self.message,
                details: None,
            },
            meta: meta(),
        };
        (self.status, Json(body)).into_response()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let (status, code) = match &error {
            StoreError::NoSuchJob(_) | StoreError::NoSuchSnapshot(_) => {
                (StatusCode::NOT_FOUND, ErrorCode::NotFound)
            }
            StoreError::LeaseLost { .. } => (StatusCode::CONFLICT, ErrorCode::LeaseLost),
            StoreError::InvalidTransition { .. } => {
                (StatusCode::CONFLICT, ErrorCode::InvalidTransition)
            }
            StoreError::DestinationInUse { .. } => {
                (StatusCode::CONFLICT, ErrorCode::DestinationInUse)
            }
            StoreError::IdempotencyConflict { .. } => {
                (StatusCode::CONFLICT, ErrorCode::IdempotencyConflict)
            }
            StoreError::TooLarge { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::InvalidRequest)
            }
            // The database's own words are for the log, not for callers.
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "refused a request");
                return Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    ErrorCode::Unavailable,
                    "the store does not answer; try again",
                );
            }
            StoreError::Internal(_) => {
                tracing::error!(%error, "a request failed");
                return Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    ErrorCode::Internal,
                    "the control plane failed; its log says why under this request id",
                );
            }
        };
        Self::new(status, code, error.to_string())
    }
}

/// 404 for a path nobody serves.
pub(super) async fn no_such_path(uri: Uri) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        ErrorCode::NotFound,
        format!("there is no path {}", uri.path()),
    )
}

/// 405 for a path that knows other methods.
pub(super) async fn no_such_method(method: Method, uri: Uri) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::MethodNotAllowed,
        format!("{} knows no method {method}", uri.path()),
    )
}
