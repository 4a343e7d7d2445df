//! An object store that speaks the XML API of Google Cloud Storage, as far as
//! `object_store` uses it: put, multipart upload, get with range, head, list in
//! pages with delimiter, delete.
//!
//! s3s carries the protocol: that API is S3's with other header names, which
//! the adapter translates. The objects are kept here and not by s3s-fs, because
//! a file system is not a flat list of names: there `a` and `a/b` exclude one
//! another, `a//b` is `a/b`, folder markers do not show in listings, long names
//! do not fit, and every page walks the whole bucket.

mod adapter;
mod client;
mod gcs;
mod listing;
mod objects;
pub mod samples;
mod upload;

#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use axum::Router;
use bytes::Bytes;
use futures::stream;
use tempfile::TempDir;

use objects::Objects;
use upload::Uploads;

pub use client::client;
pub(crate) use client::clients;
pub use objects::StoreError;
pub use samples::{broken_footer, claiming_rows, large_footer, magic_only, parquet, truncated};

/// Objects a page of a listing holds at most, as with GCS.
const PAGE_SIZE: usize = 1000;

/// The object store. Its objects lie in a directory; their names, in memory.
pub struct Store {
    objects: Objects,
    uploads: Uploads,
    page_size: AtomicUsize,
    directory: PathBuf,
    // Removes the directory in the end, where it is a temporary one.
    _temporary: Option<TempDir>,
}

/// One object, as [`Store::objects`] lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its whole name in the bucket.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: SystemTime,
}

impl Store {
    /// An empty store with these buckets, in `directory` or a temporary one.
    ///
    /// The directory must be new or empty: the names of the objects are not
    /// kept on disk.
    pub fn open(directory: Option<&Path>, buckets: &[String]) -> io::Result<Arc<Self>> {
        let (directory, temporary) = if let Some(directory) = directory {
            std::fs::create_dir_all(directory)?;
            if std::fs::read_dir(directory)?.next().is_some() {
                let shown = directory.display();
                return Err(io::Error::new(
                    io::ErrorKind::DirectoryNotEmpty,
                    format!("the store's directory {shown} is not empty; name a new one"),
                ));
            }
            (directory.to_owned(), None)
        } else {
            let temporary = tempfile::Builder::new()
                .prefix("sandbox-store-")
                .tempdir()?;
            (temporary.path().to_owned(), Some(temporary))
        };
        let store = Self {
            objects: Objects::new(&directory)?,
            uploads: Uploads::default(),
            page_size: AtomicUsize::new(PAGE_SIZE),
            directory,
            _temporary: temporary,
        };
        for bucket in buckets {
            store.create_bucket(bucket);
        }
        Ok(Arc::new(store))
    }

    /// The store's HTTP side.
    pub fn router(self: &Arc<Self>) -> Router {
        adapter::router(Arc::clone(self))
    }

    /// Where the objects lie, for people who look at them with other tools.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Creates a bucket; nothing happens if there is one.
    pub fn create_bucket(&self, bucket: &str) {
        self.objects.create_bucket(bucket);
    }

    /// How many objects a page of a listing holds at most, from now on.
    pub fn set_page_size(&self, objects: usize) {
        self.page_size.store(objects.max(1), Ordering::Release);
    }

    /// Writes an object past the network.
    pub async fn put(&self, bucket: &str, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        let body = stream::iter([Ok::<_, io::Error>(bytes)]);
        self.objects.put(bucket, name, None, None, body).await?;
        Ok(())
    }

    /// Changes when an object was written, so that a test can have old ones.
    pub fn set_modified(&self, bucket: &str, name: &str, at: SystemTime) -> Result<(), StoreError> {
        self.objects.set_modified(bucket, name, at)
    }

    /// The objects of a bucket whose names begin with `prefix`, past the
    /// network, in the order of names. An unknown bucket has none.
    pub fn objects(&self, bucket: &str, prefix: &str) -> Vec<Stored> {
        self.objects.all(bucket, prefix)
    }

    fn page_size(&self) -> usize {
        self.page_size.load(Ordering::Acquire)
    }
}
