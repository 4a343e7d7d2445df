use async_trait::async_trait;
use futures::{StreamExt as _, stream::BoxStream};
use indicatif::{ProgressBar, ProgressStyle};

use crate::ports::{Folder, Footer, Storage, StorageError, StoredObject};

/// A store whose use is shown on a terminal: files read of files listed. Where
/// standard error is no terminal, nothing is shown.
pub(super) struct Watched<'a> {
    storage: &'a dyn Storage,
    bar: ProgressBar,
}

impl<'a> Watched<'a> {
    pub(super) fn new(storage: &'a dyn Storage) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {per_sec}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style);
        Self { storage, bar }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[async_trait]
impl Storage for Watched<'_> {
    fn list<'a>(&'a self, folder: &'a Folder) -> BoxStream<'a, Result<StoredObject, StorageError>> {
        self.storage
            .list(folder)
            .inspect(|listed| {
                if listed.is_ok() {
                    self.bar.inc_length(1);
                }
            })
            .boxed()
    }

    async fn footer(&self, object: &StoredObject) -> Result<Footer, StorageError> {
        let footer = self.storage.footer(object).await;
        self.bar.inc(1);
        footer
    }

    async fn delete(&self, object: &StoredObject) -> Result<(), StorageError> {
        self.storage.delete(object).await
    }

    async fn check_writable(&self, folder: &Folder) -> Result<(), StorageError> {
        self.storage.check_writable(folder).await
    }
}
