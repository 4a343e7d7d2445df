use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use http::Method;
use uuid::Uuid;

use super::{
    answer::Action,
    client::{Ask, StorageClient},
};
use crate::ports::{Folder, Footer, Storage, StorageError, StoredObject};

#[async_trait]
impl Storage for StorageClient {
    fn list<'a>(&'a self, folder: &'a Folder) -> BoxStream<'a, Result<StoredObject, StorageError>> {
        self.pages(folder)
    }

    async fn footer(&self, object: &StoredObject) -> Result<Footer, StorageError> {
        self.read_footer(object).await
    }

    async fn delete(&self, object: &StoredObject) -> Result<(), StorageError> {
        self.delete_named(&object.bucket, &object.name, object.generation.clone())
            .await
    }

    async fn check_writable(&self, folder: &Folder) -> Result<(), StorageError> {
        // The dot keeps it out of anybody's inventory.
        let name = format!(
            "{}/.export-worker-check-{}",
            folder.prefix(),
            Uuid::now_v7()
        );
        self.write(
            folder.bucket(),
            &name,
            Bytes::from_static(b"export-worker\n"),
        )
        .await?;
        self.delete_named(folder.bucket(), &name, None).await
    }
}

impl StorageClient {
    async fn write(&self, bucket: &str, name: &str, body: Bytes) -> Result<(), StorageError> {
        let url = format!("gs://{bucket}/{name}");
        let missing = format!("gs://{bucket}");
        let action = Action {
            verb: "write",
            url: &url,
            missing: &missing,
        };
        let mut ask = Ask::new(
            action,
            Method::PUT,
            self.settings.endpoint.object(bucket, name),
        );
        ask.body = Some(body);
        self.repeated(&ask).await
    }

    async fn delete_named(
        &self,
        bucket: &str,
        name: &str,
        generation: Option<String>,
    ) -> Result<(), StorageError> {
        let url = format!("gs://{bucket}/{name}");
        let action = Action {
            verb: "delete",
            url: &url,
            missing: &url,
        };
        let address = self.settings.endpoint.object(bucket, name);
        let mut ask = Ask::new(action, Method::DELETE, address);
        ask.generation = generation;
        match self.repeated(&ask).await {
            Err(StorageError::NotFound { .. }) => Ok(()),
            result => result,
        }
    }

    async fn repeated(&self, ask: &Ask<'_>) -> Result<(), StorageError> {
        self.settings
            .retry
            .run(&self.shutdown, || async { self.send(ask).await.map(drop) })
            .await
    }
}
