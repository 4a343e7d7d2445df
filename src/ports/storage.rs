use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use thiserror::Error;

use super::{ErrorKind, Folder};

/// One object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// The bucket it lies in.
    pub bucket: String,
    /// Its whole name in the bucket.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub last_modified: DateTime<Utc>,
    /// Which writing of this name it is, where the store tells: a delete means
    /// this one and no later one.
    pub generation: Option<String>,
}

impl StoredObject {
    /// `gs://bucket/name`.
    pub fn url(&self) -> String {
        format!("gs://{}/{}", self.bucket, self.name)
    }

    /// The part of the name after the last slash; empty for a folder marker.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// What the end of an object says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footer {
    /// It is a Parquet file.
    Parquet {
        /// Rows, from its footer.
        rows: u64,
    },
    /// It does not end in Parquet's magic bytes.
    NotParquet,
}

/// The object store.
///
/// Every call retries transient failures in place by its policy (3 times: 0.5,
/// 1, 2 s) before it returns one.
#[async_trait]
pub trait Storage: Send + Sync {
    /// Lists a folder, all pages, in the order of names.
    fn list<'a>(&'a self, folder: &'a Folder) -> BoxStream<'a, Result<StoredObject, StorageError>>;

    /// Reads an object's footer: one ranged read, one more where the footer is larger than that.
    async fn footer(&self, object: &StoredObject) -> Result<Footer, StorageError>;

    /// Deletes one object, the very one that was listed. That it is gone already,
    /// or was written anew since, is no error: what is there now is another object.
    async fn delete(&self, object: &StoredObject) -> Result<(), StorageError>;

    /// Writes and deletes a small object in the folder: for `doctor`.
    async fn check_writable(&self, folder: &Folder) -> Result<(), StorageError>;
}

/// What the object store did not do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StorageError {
    /// Network, 5xx, 429, past the retries.
    #[error("storage did not {action} {url}: {cause}")]
    Unavailable {
        /// `list`, `read`, `delete`, `write`.
        action: &'static str,
        /// The object or folder.
        url: String,
        /// The store's own words.
        cause: String,
        /// `Retry-After`, clamped.
        retry_after: Option<Duration>,
    },
    /// 401, 403.
    #[error(
        "storage does not let us {action} {url}: {cause}; grant the worker's service account the role for it"
    )]
    Denied {
        /// `list`, `read`, `delete`, `write`.
        action: &'static str,
        /// The object or folder.
        url: String,
        /// The store's own words.
        cause: String,
    },
    /// 404: the bucket, or an object that a listing had named.
    #[error("storage has no {url}")]
    NotFound {
        /// The object or bucket.
        url: String,
    },
    /// Any other 3xx or 4xx: we sent what it does not take.
    #[error("storage refuses to {action} {url}: {cause}")]
    Refused {
        /// `list`, `read`, `delete`, `write`.
        action: &'static str,
        /// The object or folder.
        url: String,
        /// The store's own words.
        cause: String,
    },
    /// A Parquet file whose footer does not parse.
    #[error("{url} is not a readable parquet file: {problem}")]
    UnreadableParquet {
        /// The object.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The worker shuts down.
    #[error("interrupted by shutdown")]
    Interrupted,
}

impl StorageError {
    /// What happens to the job.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable { .. } => ErrorKind::Transient,
            Self::Denied { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::UnreadableParquet { .. } => ErrorKind::Permanent,
            Self::Interrupted => ErrorKind::Interrupted,
        }
    }
}
