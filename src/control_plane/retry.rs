use std::{error::Error as _, io, time::Duration};

use crate::{ports::ControlPlaneError, retry::Retryable};

impl Retryable for ControlPlaneError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Busy { .. }
            | Self::ServerError { .. }
            | Self::Credential(_)
            | Self::Unreadable { .. } => true,
            // The credential was read again already; seconds will not mend it.
            Self::Unauthorized { .. }
            | Self::LeaseLost
            | Self::Conflict { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::CountTooLarge { .. }
            | Self::Interrupted => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            Self::Unreachable { .. }
            | Self::ServerError { .. }
            | Self::Unauthorized { .. }
            | Self::Credential(_)
            | Self::LeaseLost
            | Self::Conflict { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::Unreadable { .. }
            | Self::CountTooLarge { .. }
            | Self::Interrupted => None,
        }
    }

    fn interrupted() -> Self {
        Self::Interrupted
    }
}

/// A request that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ControlPlaneError,
    /// The connection was closed before any answer: as a rule it had been idle
    /// for too long, and the request crossed its end.
    pub(super) crossed_a_close: bool,
}

impl From<ControlPlaneError> for Failure {
    fn from(error: ControlPlaneError) -> Self {
        Self {
            error,
            crossed_a_close: false,
        }
    }
}

/// As a look at the queue sees it. Sent again it would lease more jobs, so only
/// one that was not heard is; jobs of an answer that was lost come back when
/// their lease expires.
impl Retryable for Failure {
    fn is_transient(&self) -> bool {
        self.crossed_a_close && self.error.is_transient()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.error.retry_after()
    }

    fn interrupted() -> Self {
        ControlPlaneError::Interrupted.into()
    }
}

/// Whether an established connection was closed before any answer came.
pub(super) fn crossed_a_close(error: &reqwest::Error) -> bool {
    if error.is_connect() {
        return false;
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<hyper::Error>()
            && (error.is_incomplete_message() || error.is_closed() || error.is_canceled())
        {
            return true;
        }
        if let Some(error) = cause.downcast_ref::<io::Error>()
            && matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof
            )
        {
            return true;
        }
        source = cause.source();
    }
    false
}
