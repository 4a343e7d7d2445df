use serde::{Deserialize, Serialize};

use crate::job::open_enum;
use serde::{Deserializer, Serializer};
use std::fmt;

/// Every success: `{"data": …, "meta": {"request_id": …}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// What was asked for.
    pub data: T,
    /// About the answer.
    #[serde(default)]
    pub meta: Meta,
}

/// About an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The request it answers.
    #[serde(default)]
    pub request_id: Option<String>,
}

/// Every error of the reference Control Plane: `{"error": {…}, "meta": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    /// What went wrong.
    pub error: ApiError,
    /// About the answer.
    #[serde(default)]
    pub meta: Meta,
}

/// What went wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// For machines.
    pub code: ErrorCode,
    /// For people: lowercase, without a full stop.
    pub message: String,
    /// The thing, where there is more to say than the message does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
}

open_enum!(
    /// Why a request was refused.
    ErrorCode {
        /// 400 or 422: the request makes no sense.
        InvalidRequest = "INVALID_REQUEST",
        /// 401: no API key, or a wrong one.
        Unauthorized = "UNAUTHORIZED",
        /// 404: no such job, snapshot or path.
        NotFound = "NOT_FOUND",
        /// 405: the path knows no such method.
        MethodNotAllowed = "METHOD_NOT_ALLOWED",
        /// 409: the claim token is stale; the write changed nothing.
        LeaseLost = "LEASE_LOST",
        /// 409: the state machine knows no such step.
        InvalidTransition = "INVALID_TRANSITION",
        /// 409: the destination is that of another live job, or lies in it or around it.
        DestinationInUse = "DESTINATION_IN_USE",
        /// 409: the idempotency key was used with another body.
        IdempotencyConflict = "IDEMPOTENCY_CONFLICT",
        /// 413: the body is too large.
        PayloadTooLarge = "PAYLOAD_TOO_LARGE",
        /// 500: look into the log.
        Internal = "INTERNAL",
        /// 503: the store does not answer; try again.
        Unavailable = "UNAVAILABLE",
    }
);
