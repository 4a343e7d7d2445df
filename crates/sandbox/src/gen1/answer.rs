use axum::{
    Json,
    extract::rejection::JsonRejection,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(export_api::REQUEST_ID_HEADER)
        .and_then(|id| id.to_str().ok())
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// `{"data": …, "meta": {"request_id": …}}`.
pub(super) fn data(headers: &HeaderMap, data: impl Serialize) -> Response {
    let meta = json!({ "request_id": request_id(headers) });
    Json(json!({ "data": data, "meta": meta })).into_response()
}

/// What a request is refused with. First-generation errors come in three shapes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 401, `{"detail": "text"}`.
    Unauthorized,
    /// 404, `{"detail": {"code", "message"}}`.
    NotFound(String),
    /// 405, `{"detail": "text"}`.
    MethodNotAllowed,
    /// 422, `{"error": {"code", "message", "details"}}`.
    Invalid {
        field: &'static str,
        problem: String,
    },
    /// 500, `{"error": …}`, which says nothing.
    Internal,
}

impl Refusal {
    pub(super) fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self::Invalid { field, problem }
    }

    fn body(self) -> (StatusCode, Value) {
        match self {
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                json!({ "detail": "Invalid or missing API key" }),
            ),
            Self::NotFound(message) => (
                StatusCode::NOT_FOUND,
                json!({ "detail": { "code": "NOT_FOUND", "message": message } }),
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                json!({ "detail": "Method Not Allowed" }),
            ),
            Self::Invalid { field, problem } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({ "error": {
                    "code": "VALIDATION_ERROR",
                    "message": format!("Validation failed: {field}: {problem}"),
                    "details": { "field": field },
                }, "meta": {} }),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                json!({ "error": {
                    "code": "INTERNAL_ERROR",
                    "message": "An unexpected error occurred",
                    "details": {},
                }, "meta": {} }),
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = self.body();
        (status, Json(body)).into_response()
    }
}

/// A body as JSON, whatever its content type says.
pub(super) fn json_body(body: Result<Json<Value>, JsonRejection>) -> Result<Value, Refusal> {
    match body {
        Ok(Json(body)) => Ok(body),
        Err(rejection) => Err(Refusal::invalid("body", rejection.body_text())),
    }
}

pub(super) fn no_job(id: impl std::fmt::Display) -> Refusal {
    Refusal::NotFound(format!("Export job {id} not found"))
}

pub(super) fn no_snapshot(id: impl std::fmt::Display) -> Refusal {
    Refusal::NotFound(format!("Snapshot {id} not found"))
}
