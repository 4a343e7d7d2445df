//! The simulated object store.

use async_trait::async_trait;
use export_worker::ports::{Folder, Footer, Storage, StorageError, StoredObject};
use futures::{FutureExt, StreamExt, TryStreamExt, stream, stream::BoxStream};

use super::{Replica, state::State};

fn lost() -> StorageError {
    StorageError::Unavailable {
        action: "reach",
        url: "gs://simulated".to_owned(),
        cause: "lost".to_owned(),
        retry_after: None,
    }
}

fn key(object: &StoredObject) -> String {
    format!("{}/{}", object.bucket, object.name)
}

#[async_trait]
impl Storage for Replica {
    fn list<'a>(&'a self, folder: &'a Folder) -> BoxStream<'a, Result<StoredObject, StorageError>> {
        let prefix = format!("{}/{}/", folder.bucket(), folder.prefix());
        let list = move |state: &mut State, now| {
            Ok(state
                .objects
                .iter()
                .filter(|(name, object)| name.starts_with(&prefix) && object.written <= now)
                .map(|(name, object)| StoredObject {
                    bucket: folder.bucket().to_owned(),
                    name: name[folder.bucket().len() + 1..].to_owned(),
                    size: object.size,
                    last_modified: object.written,
                    generation: None,
                })
                .collect::<Vec<_>>())
        };
        async move { self.call("list", list, lost).await }
            .into_stream()
            .map_ok(|objects| stream::iter(objects.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    async fn footer(&self, object: &StoredObject) -> Result<Footer, StorageError> {
        let footer = |state: &mut State, _| match state.objects.get(&key(object)) {
            Some(found) => Ok(Footer::Parquet { rows: found.rows }),
            None => Err(StorageError::NotFound { url: object.url() }),
        };
        self.call("footer", footer, lost).await
    }

    async fn delete(&self, object: &StoredObject) -> Result<(), StorageError> {
        let delete = |state: &mut State, _| {
            state.objects.remove(&key(object));
            Ok(())
        };
        self.call("delete", delete, lost).await
    }

    async fn check_writable(&self, _: &Folder) -> Result<(), StorageError> {
        Ok(())
    }
}
