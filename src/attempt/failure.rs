use chrono::{DateTime, Utc};
use thiserror::Error;

use super::inventory::InventoryError;
use crate::{
    ports::{ControlPlaneError, ErrorKind, FolderError, QueryId, StarburstError, StorageError},
    starburst::UnloadError,
    telemetry::{Cause, ErrorSource},
};

/// A job that cannot be exported as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JobError {
    /// A field that an export needs is null.
    #[error("the job has no {0}; submit it again with one")]
    Missing(&'static str),
    /// The destination is no folder of a bucket.
    #[error(transparent)]
    Destination(#[from] FolderError),
    /// No statement can be made of its SELECT and columns.
    #[error(transparent)]
    Statement(#[from] UnloadError),
    /// Data at the destination that no attempt at this job wrote.
    #[error(
        "the destination holds data of somebody else: {url}, written {written}; choose an empty folder or remove it (nothing was touched)"
    )]
    ForeignData {
        /// The first such object.
        url: String,
        /// When it was written.
        written: DateTime<Utc>,
    },
}

/// Why an attempt did not come to its end.
#[derive(Debug, Error)]
pub enum Failure {
    /// The job itself.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The Control Plane.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    /// Starburst.
    #[error(transparent)]
    Starburst(#[from] StarburstError),
    /// The object store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The count of what was exported.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// A query of an earlier attempt that was cancelled and does not end.
    #[error("query {0} of an earlier attempt was cancelled and does not end")]
    Undead(QueryId),
    /// Two listings of the destination, a settling time apart, differ.
    #[error("the files at {0} still change after the query is over")]
    Unsettled(String),
    /// The coordinator lost the query.
    #[error("starburst no longer knows query {0}: it was purged, or the coordinator was restarted")]
    Forgotten(QueryId),
    /// The nextUri was lost while the query ran; it was cancelled.
    #[error("query {0} went on without its nextUri being kept, and was cancelled")]
    Orphaned(QueryId),
    /// The job is `submitted` and names no query.
    #[error("the job is submitted but names no query")]
    NoQuery,
}

impl Failure {
    /// What happens to the job.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Job(_) => ErrorKind::Permanent,
            Self::ControlPlane(error) => error.kind(),
            Self::Starburst(error) => error.kind(),
            Self::Storage(error) => error.kind(),
            Self::Inventory(error) => error.kind(),
            Self::Undead(_)
            | Self::Unsettled(_)
            | Self::Forgotten(_)
            | Self::Orphaned(_)
            | Self::NoQuery => ErrorKind::Transient,
        }
    }

    /// What log lines and metrics say of it.
    pub fn cause(&self) -> Cause {
        Cause {
            source: self.source_of(),
            kind: self.kind(),
            message: self.to_string(),
        }
    }

    pub(super) fn source_of(&self) -> ErrorSource {
        match self {
            Self::Job(_) => ErrorSource::Job,
            Self::ControlPlane(_) | Self::NoQuery => ErrorSource::ControlPlane,
            Self::Starburst(_) | Self::Undead(_) | Self::Forgotten(_) | Self::Orphaned(_) => {
                ErrorSource::Starburst
            }
            Self::Storage(_) | Self::Inventory(_) | Self::Unsettled(_) => ErrorSource::Storage,
        }
    }
}
