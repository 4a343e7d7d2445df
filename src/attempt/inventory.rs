//! The inventory: what an export left in its folder.
//!
//! One listing, and one read of the end of each data file, many at once and
//! while the listing still goes on.

mod fingerprint;
mod sort;
#[cfg(test)]
mod tests;

use std::future;

pub use fingerprint::Fingerprint;
use futures::TryStreamExt as _;
use sort::Sort;
use thiserror::Error;

use crate::ports::{ErrorKind, Folder, Footer, QueryId, Storage, StorageError, StoredObject};

/// So many skipped objects are named; the others are only counted.
const MOST_NAMED: usize = 10;

/// What lies in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Rows of all data files, from their footers.
    pub rows: u64,
    /// Bytes of all data files, from the listing.
    pub bytes: u64,
    /// Data files.
    pub files: u64,
    /// Objects of other queries: earlier attempts of this job, not counted.
    pub debris: Vec<StoredObject>,
    /// Objects that are no data by their name and content, not counted: a
    /// `.txt` or `.json` that does not end in Parquet's magic bytes.
    pub skipped: u64,
    /// Names of the first ten of them.
    pub skipped_names: Vec<String>,
    fingerprint: Fingerprint,
}

/// An inventory that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InventoryError {
    /// The store did not list or read, or a footer does not parse.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file that should be Parquet by its name does not end in its magic bytes.
    #[error(
        "{url} is not a parquet file: its {size} bytes do not end in PAR1; it was cut off, or something else writes into this folder"
    )]
    NotParquet {
        /// The object.
        url: String,
        /// Its size in bytes.
        size: u64,
    },
    /// More than 64 bits hold.
    #[error("{folder} holds more {what} than 64 bits can count")]
    Overflow {
        /// The folder.
        folder: String,
        /// `rows` or `bytes`.
        what: &'static str,
    },
}

impl InventoryError {
    /// What happens to the job.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Storage(error) => error.kind(),
            Self::NotParquet { .. } | Self::Overflow { .. } => ErrorKind::Permanent,
        }
    }
}

/// What was found out about one object.
enum Entry {
    Ignored,
    Debris(StoredObject),
    Data { object: StoredObject, rows: u64 },
    Skipped(StoredObject),
}

/// Takes the inventory of a folder, `concurrency` files at once.
///
/// `own` is the query whose files they are; objects named after another query
/// are debris. Without it every object is taken for data. A folder without data
/// has 0 rows.
pub async fn take(
    storage: &dyn Storage,
    folder: &Folder,
    own: Option<&QueryId>,
    concurrency: usize,
) -> Result<Inventory, InventoryError> {
    take_watched(storage, folder, own, concurrency, |_| ()).await
}

/// The same, showing what was counted so far after each object.
pub async fn take_watched(
    storage: &dyn Storage,
    folder: &Folder,
    own: Option<&QueryId>,
    concurrency: usize,
    mut watch: impl FnMut(&Inventory) + Send,
) -> Result<Inventory, InventoryError> {
    let mut inventory = Inventory::default();
    let mut entries = storage
        .list(folder)
        .map_err(InventoryError::from)
        .map_ok(|object| look(storage, object, own))
        .try_buffer_unordered(concurrency.max(1));
    while let Some(entry) = entries.try_next().await? {
        inventory.add(entry, folder)?;
        watch(&inventory);
    }
    Ok(inventory)
}

/// The fingerprint of a folder's files, from one listing and no read: two that
/// agree, a settling time apart, show that nobody writes there any more.
pub async fn fingerprint(
    storage: &dyn Storage,
    folder: &Folder,
    own: Option<&QueryId>,
) -> Result<Fingerprint, InventoryError> {
    let fingerprint = storage
        .list(folder)
        .try_fold(Fingerprint::default(), |mut fingerprint, object| {
            if sort::of(&object, own) == Sort::Candidate {
                fingerprint.add(&object);
            }
            future::ready(Ok(fingerprint))
        })
        .await?;
    Ok(fingerprint)
}

/// Looks at one object, into it only where its name does not settle what it is.
async fn look(
    storage: &dyn Storage,
    object: StoredObject,
    own: Option<&QueryId>,
) -> Result<Entry, InventoryError> {
    match sort::of(&object, own) {
        Sort::Ignored => Ok(Entry::Ignored),
        Sort::Debris => Ok(Entry::Debris(object)),
        Sort::Candidate => match storage.footer(&object).await? {
            Footer::Parquet { rows } => Ok(Entry::Data { object, rows }),
            Footer::NotParquet if sort::has_other_extension(&object) => Ok(Entry::Skipped(object)),
            Footer::NotParquet => Err(InventoryError::NotParquet {
                url: object.url(),
                size: object.size,
            }),
        },
    }
}

impl Inventory {
    /// The fingerprint of the files that were found, debris left out.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn add(&mut self, entry: Entry, folder: &Folder) -> Result<(), InventoryError> {
        let overflow = |what| InventoryError::Overflow {
            folder: folder.to_string(),
            what,
        };
        match entry {
            Entry::Ignored => {}
            Entry::Debris(object) => self.debris.push(object),
            Entry::Skipped(object) => {
                self.fingerprint.add(&object);
                self.skipped += 1;
                if self.skipped_names.len() < MOST_NAMED {
                    self.skipped_names.push(object.name);
                }
            }
            Entry::Data { object, rows } => {
                self.fingerprint.add(&object);
                self.files += 1;
                self.rows = self
                    .rows
                    .checked_add(rows)
                    .ok_or_else(|| overflow("rows"))?;
                self.bytes = self
                    .bytes
                    .checked_add(object.size)
                    .ok_or_else(|| overflow("bytes"))?;
            }
        }
        Ok(())
    }
}
