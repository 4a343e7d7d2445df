use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use thiserror::Error;
use tokio::io::AsyncWriteExt;

use super::{
    Stored,
    listing::{self, Page, Query},
};

/// Directory of what is being written.
const INCOMING: &str = ".incoming";
/// Directory of objects whose names do not fit into the file system.
const ASIDE: &str = ".aside";

/// What the store did not do.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The bucket was never created.
    #[error("no bucket {0}")]
    NoSuchBucket(String),
    /// No object of that name.
    #[error("no object {0}")]
    NoSuchObject(String),
    /// The object's generation is not the one the request asked for.
    #[error("object {0} has another generation")]
    Precondition(String),
    /// The directory of the store, or the body of the request, gave up.
    #[error("store: {0}")]
    Io(#[from] io::Error),
}

/// What is known of an object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) size: u64,
    pub(super) modified: SystemTime,
    /// Grows with every write of the store.
    pub(super) generation: u64,
    pub(super) content_type: Option<String>,
    file: PathBuf,
}

impl Object {
    pub(super) fn etag(&self) -> String {
        format!("{:016x}", self.generation)
    }
}

type Bucket = BTreeMap<String, Object>;

/// Names in memory, bytes in files.
pub(super) struct Objects {
    directory: PathBuf,
    buckets: Mutex<BTreeMap<String, Bucket>>,
    generation: AtomicU64,
}

impl Objects {
    pub(super) fn new(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir(directory.join(INCOMING))?;
        std::fs::create_dir(directory.join(ASIDE))?;
        Ok(Self {
            directory: directory.to_owned(),
            buckets: Mutex::default(),
            generation: AtomicU64::new(1),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn create_bucket(&self, bucket: &str) {
        self.lock().entry(bucket.to_owned()).or_default();
    }

    pub(super) fn check_bucket(&self, bucket: &str) -> Result<(), StoreError> {
        if self.lock().contains_key(bucket) {
            return Ok(());
        }
        Err(StoreError::NoSuchBucket(bucket.to_owned()))
    }

    /// Writes bytes to a file nobody sees yet.
    pub(super) async fn receive<E: Into<io::Error>>(
        &self,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Incoming, StoreError> {
        let file = self
            .directory
            .join(INCOMING)
            .join(self.next_generation().to_string());
        let mut incoming = Incoming { file, size: 0 };
        let mut writer = tokio::fs::File::create(&incoming.file).await?;
        let mut body = std::pin::pin!(body);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(Into::into)?;
            writer.write_all(&chunk).await?;
            incoming.size += chunk.len() as u64;
        }
        writer.flush().await?;
        Ok(incoming)
    }

    /// Writes an object; it shows all at once, when its last byte is there.
    ///
    /// `if_generation` is the generation it must have before, 0 for none at all.
    pub(super) async fn put<E: Into<io::Error>>(
        &self,
        bucket: &str,
        name: &str,
        content_type: Option<String>,
        if_generation: Option<u64>,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Object, StoreError> {
        self.check_bucket(bucket)?;
        let incoming = self.receive(body).await?;
        self.publish(bucket, name, content_type, if_generation, &incoming)
    }

    /// Gives received bytes a name.
    pub(super) fn publish(
        &self,
        bucket: &str,
        name: &str,
        content_type: Option<String>,
        if_generation: Option<u64>,
        incoming: &Incoming,
    ) -> Result<Object, StoreError> {
        let mut buckets = self.lock();
        let Some(objects) = buckets.get_mut(bucket) else {
            return Err(StoreError::NoSuchBucket(bucket.to_owned()));
        };
        let old = objects.get(name);
        if if_generation.is_some_and(|wanted| wanted != old.map_or(0, |old| old.generation)) {
            return Err(StoreError::Precondition(name.to_owned()));
        }
        let generation = self.next_generation();
        let mut file = match old {
            Some(old) => old.file.clone(),
            None => file_for(&self.directory, bucket, name),
        };
        let fits = file
            .parent()
            .is_some_and(|parent| std::fs::create_dir_all(parent).is_ok());
        if !fits || std::fs::rename(&incoming.file, &file).is_err() {
            file = self.directory.join(ASIDE).join(generation.to_string());
            std::fs::rename(&incoming.file, &file)?;
        }
        let object = Object {
            size: incoming.size,
            modified: SystemTime::now(),
            generation,
            content_type,
            file,
        };
        objects.insert(name.to_owned(), object.clone());
        Ok(object)
    }

    pub(super) fn head(&self, bucket: &str, name: &str) -> Result<Object, StoreError> {
        match self.lock().get(bucket) {
            Some(objects) => objects
                .get(name)
                .cloned()
                .ok_or_else(|| StoreError::NoSuchObject(name.to_owned())),
            None => Err(StoreError::NoSuchBucket(bucket.to_owned())),
        }
    }

    /// Opens an object. The bytes stay readable whatever becomes of the name.
    pub(super) fn open(&self, bucket: &str, name: &str) -> Result<(Object, File), StoreError> {
        let buckets = self.lock();
        let objects = buckets
            .get(bucket)
            .ok_or_else(|| StoreError::NoSuchBucket(bucket.to_owned()))?;
        let object = objects
            .get(name)
            .ok_or_else(|| StoreError::NoSuchObject(name.to_owned()))?;
        // Under the lock, so that size and bytes belong together.
        let file = File::open(&object.file)?;
        Ok((object.clone(), file))
    }

    pub(super) fn delete(&self, bucket: &str, name: &str) -> Result<(), StoreError> {
        let mut buckets = self.lock();
        let objects = buckets
            .get_mut(bucket)
            .ok_or_else(|| StoreError::NoSuchBucket(bucket.to_owned()))?;
        let object = objects
            .remove(name)
            .ok_or_else(|| StoreError::NoSuchObject(name.to_owned()))?;
        std::fs::remove_file(&object.file)?;
        Ok(())
    }

    pub(super) fn set_modified(
        &self,
        bucket: &str,
        name: &str,
        at: SystemTime,
    ) -> Result<(), StoreError> {
        let mut buckets = self.lock();
        let object = buckets
            .get_mut(bucket)
            .ok_or_else(|| StoreError::NoSuchBucket(bucket.to_owned()))?
            .get_mut(name)
            .ok_or_else(|| StoreError::NoSuchObject(name.to_owned()))?;
        object.modified = at;
        Ok(())
    }

    pub(super) fn page(&self, bucket: &str, query: Query<'_>) -> Result<Page<Object>, StoreError> {
        self.lock()
            .get(bucket)
            .map(|objects| listing::page(objects, query))
            .ok_or_else(|| StoreError::NoSuchBucket(bucket.to_owned()))
    }

    pub(super) fn all(&self, bucket: &str, prefix: &str) -> Vec<Stored> {
        let query = Query {
            prefix,
            delimiter: None,
            after: None,
            limit: usize::MAX,
        };
        let objects = self.page(bucket, query).map(|page| page.objects);
        objects
            .unwrap_or_default()
            .into_iter()
            .map(|(name, object)| Stored {
                name,
                size: object.size,
                modified: object.modified,
            })
            .collect()
    }
}

/// Received bytes without a name. The file goes unless it was given one.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) file: PathBuf,
    pub(super) size: u64,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Gone already where the bytes were published.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Where an object lies: under its own name as far as a file system can say it.
fn file_for(directory: &Path, bucket: &str, name: &str) -> PathBuf {
    let mut file = directory.join(segment(bucket));
    for part in name.split('/') {
        file.push(segment(part));
    }
    file
}

fn segment(part: &str) -> String {
    // A folder marker ends in a slash, so its last segment is empty.
    if part.chars().all(|c| c == '.') {
        return format!("%{}", part.len());
    }
    let mut encoded = String::with_capacity(part.len());
    for c in part.chars() {
        if c == '%' || c == '\\' || c.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{:02X}", u32::from(c));
        } else {
            encoded.push(c);
        }
    }
    encoded
}
