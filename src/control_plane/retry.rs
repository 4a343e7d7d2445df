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

/// How far a request came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// There was no connection to send it over.
    Nothing,
    /// The connection was closed before any answer: as a rule it had been idle
    /// for too long, and the request crossed its end.
    ClosedConnection,
    /// Perhaps the other side acted on it.
    Perhaps,
}

impl Reached {
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            return Self::Nothing;
        }
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(error) = cause.downcast_ref::<hyper::Error>()
                && (error.is_incomplete_message() || error.is_closed() || error.is_canceled())
            {
                return Self::ClosedConnection;
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
                return Self::ClosedConnection;
            }
            source = cause.source();
        }
        Self::Perhaps
    }
}

/// A request that failed, and whether sending it again is safe.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ControlPlaneError,
    pub(super) reached: Reached,
}

impl From<ControlPlaneError> for Failure {
    fn from(error: ControlPlaneError) -> Self {
        Self {
            error,
            reached: Reached::Perhaps,
        }
    }
}

/// A claim that failed. Sent again it would claim more jobs, so only a claim
/// that cannot have been heard is; jobs of a claim whose answer was lost come
/// back when their lease expires.
#[derive(Debug)]
pub(super) struct ClaimFailure {
    pub(super) error: ControlPlaneError,
    pub(super) unheard: bool,
}

impl Retryable for ClaimFailure {
    fn is_transient(&self) -> bool {
        self.unheard && self.error.is_transient()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.error.retry_after()
    }

    fn interrupted() -> Self {
        Self {
            error: ControlPlaneError::Interrupted,
            unheard: false,
        }
    }
}
