mod credentials;
mod fixtures;
mod footers;
mod listings;

use futures::TryStreamExt as _;

use super::test_store::{TestStore, error};
use crate::{
    http::scripted::Scripted,
    ports::{Folder, Footer, Storage, StorageError, StoredObject},
};

fn folder() -> Folder {
    Folder::parse("gs://bucket/a/b").unwrap()
}

async fn list(store: &TestStore) -> Result<Vec<StoredObject>, StorageError> {
    store.client().list(&folder()).try_collect().await
}

/// The one object of this name in the listing.
async fn listed(store: &TestStore, name: &str) -> StoredObject {
    let mut objects = list(store).await.unwrap();
    objects.retain(|object| object.name == name);
    assert_eq!(objects.len(), 1, "{name}");
    objects.remove(0)
}

#[tokio::test]
async fn a_folder_is_writable_when_a_small_object_can_be_written_and_deleted() {
    let store = TestStore::start().await;
    store.put("a/b/kept", "x");
    store.client().check_writable(&folder()).await.unwrap();
    assert_eq!(store.names(), ["a/b/kept"]);
    let asked = store.asked();
    let methods: Vec<_> = asked.iter().map(|asked| asked.method.as_str()).collect();
    assert_eq!(methods, ["PUT", "DELETE"]);
    assert!(asked[0].uri.path().contains("%2Eexport%2Dworker%2Dcheck"));
}

#[tokio::test]
async fn a_folder_that_may_not_be_written_says_so() {
    let store = TestStore::start().await;
    store.fault(|asked| (asked.method == "PUT").then(|| error(403, "AccessDenied")));
    let error = store.client().check_writable(&folder()).await.unwrap_err();
    assert!(
        matches!(
            error,
            StorageError::Denied {
                action: "write",
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(store.asked().len(), 1);
}

#[tokio::test]
async fn what_is_gone_already_counts_as_deleted() {
    let store = TestStore::start().await;
    store.put("a/b/x", "x");
    let object = listed(&store, "a/b/x").await;
    let client = store.client();
    client.delete(&object).await.unwrap();
    client.delete(&object).await.unwrap();
    assert!(store.names().is_empty());
}

#[tokio::test]
async fn an_object_that_was_written_anew_since_it_was_listed_is_not_deleted() {
    let store = TestStore::start().await;
    store.put("a/b/x", "old");
    let listed = listed(&store, "a/b/x").await;
    store.put("a/b/x", "new");
    store.client().delete(&listed).await.unwrap();
    assert_eq!(store.names(), ["a/b/x"]);
}

#[tokio::test]
async fn a_store_that_fails_is_asked_three_times_more() {
    let store = TestStore::start().await;
    store.put("a/b/x", "x");
    let object = listed(&store, "a/b/x").await;
    store.fault(|_| Some(Scripted::new(503, "<html>").with("retry-after", "0")));
    let error = store.client().delete(&object).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "storage did not delete gs://bucket/a/b/x: status 503"
    );
    assert_eq!(store.asked().len(), 1 + 4);
    assert_eq!(store.names(), ["a/b/x"]);
}
