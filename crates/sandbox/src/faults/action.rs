use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::gate::Gate;

/// What happens to a request.
#[derive(Clone)]
pub(super) enum Action {
    /// Handled after a while.
    Delay(Duration),
    /// Answered without being handled.
    Answer {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    /// The connection is closed before anything happens.
    Drop,
    /// Handled; then the connection is closed instead of an answer.
    LoseAnswer,
    /// Handled; the answer is whole HTTP, but its body ends after so many bytes.
    Shorten(usize),
    /// Handled; the connection breaks after so many bytes of the body.
    Break(usize),
    /// Waits at a gate.
    Hold(Arc<Gate>),
}
