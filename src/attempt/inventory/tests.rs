use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use chrono::DateTime;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::storage::{
    test_parquet::{claiming, parquet},
    test_store::TestStore,
};

const OWN: &str = "20261122_030507_00042_abcde";
const OTHER: &str = "20261122_030407_00041_abcde";

fn folder() -> Folder {
    Folder::parse("gs://bucket/a/b").unwrap()
}

async fn of(store: &TestStore) -> Result<Inventory, InventoryError> {
    take(&store.client(), &folder(), Some(&QueryId::new(OWN)), 4).await
}

#[tokio::test]
async fn rows_and_bytes_of_all_data_files_are_summed_with_one_read_each() {
    let store = TestStore::start().await;
    store.pages_of(7);
    let mut bytes = 0;
    for number in 0_u8..30 {
        let file = parquet(i64::from(number), 0);
        bytes += file.len() as u64;
        store.put(&format!("a/b/{OWN}_{number}"), file);
    }
    store.put("a/b2/neighbour", "not ours");
    let inventory = of(&store).await.unwrap();
    assert_eq!(
        (inventory.rows, inventory.bytes, inventory.files),
        ((0..30).sum(), bytes, 30)
    );
    assert_eq!(store.lists_and_reads(), (5, 30));
}

#[tokio::test]
async fn a_folder_without_anything_has_no_rows() {
    let store = TestStore::start().await;
    assert_eq!(of(&store).await, Ok(Inventory::default()));
    store.put("a/b/", "");
    store.put("a/b/_SUCCESS", "");
    assert_eq!(of(&store).await, Ok(Inventory::default()));
    assert_eq!(store.lists_and_reads(), (2, 0));
}

#[tokio::test]
async fn what_ends_in_the_magic_is_data_whatever_its_name() {
    let store = TestStore::start().await;
    for name in ["x", "x.parquet", "x.txt", "c=1/x.snappy.parquet"] {
        store.put(&format!("a/b/{name}"), parquet(5, 0));
    }
    let inventory = of(&store).await.unwrap();
    assert_eq!((inventory.rows, inventory.files), (20, 4));
}

#[tokio::test]
async fn files_of_another_query_are_debris_neither_read_nor_counted() {
    let store = TestStore::start().await;
    store.put(&format!("a/b/{OTHER}_x"), "cut off");
    store.put(&format!("a/b/{OWN}_x"), parquet(5, 0));
    let inventory = of(&store).await.unwrap();
    assert_eq!((inventory.rows, inventory.files), (5, 1));
    let debris: Vec<_> = inventory
        .debris
        .iter()
        .map(StoredObject::file_name)
        .collect();
    assert_eq!(debris, [format!("{OTHER}_x")]);
    assert_eq!(store.lists_and_reads(), (1, 1));
}

#[tokio::test]
async fn other_extensions_are_skipped_and_the_first_ones_named() {
    let store = TestStore::start().await;
    for number in 10..25 {
        store.put(&format!("a/b/{number}.txt"), "a text of some length");
    }
    store.put("a/b/x", parquet(5, 0));
    let inventory = of(&store).await.unwrap();
    assert_eq!(
        (inventory.rows, inventory.files, inventory.skipped),
        (5, 1, 15)
    );
    assert_eq!(inventory.skipped_names.len(), 10);
    assert!(inventory.skipped_names.contains(&"a/b/10.txt".to_owned()));
}

#[tokio::test]
async fn a_file_that_should_be_parquet_and_is_not_is_named() {
    let whole = parquet(5, 0);
    for (name, body) in [
        ("x", "a text of some length".into()),
        ("x.parquet", whole.slice(..whole.len() - 1)),
        ("empty", "".into()),
        ("empty.parquet", "".into()),
    ] {
        let store = TestStore::start().await;
        let size = body.len() as u64;
        store.put(&format!("a/b/{name}"), body);
        let error = of(&store).await.unwrap_err();
        assert_eq!(
            error,
            InventoryError::NotParquet {
                url: format!("gs://bucket/a/b/{name}"),
                size
            }
        );
        assert_eq!(error.kind(), ErrorKind::Permanent);
    }
}

#[tokio::test]
async fn rows_beyond_31_bits_are_summed_and_beyond_64_refused() {
    let store = TestStore::start().await;
    store.put("a/b/1", claiming(3_000_000_000));
    store.put("a/b/2", claiming(3_000_000_000));
    assert_eq!(of(&store).await.unwrap().rows, 6_000_000_000);
    for number in 3..6 {
        store.put(&format!("a/b/{number}"), claiming(i64::MAX));
    }
    let error = of(&store).await.unwrap_err();
    assert_eq!(
        error,
        InventoryError::Overflow {
            folder: "gs://bucket/a/b/".to_owned(),
            what: "rows"
        }
    );
}

#[tokio::test]
async fn two_inventories_agree_only_when_nothing_changed_between_them() {
    let store = TestStore::start().await;
    let own = QueryId::new(OWN);
    let now = async || {
        fingerprint(&store.client(), &folder(), Some(&own))
            .await
            .unwrap()
    };
    store.put("a/b/x", parquet(5, 0));
    store.put("a/b/note.txt", "a text of some length");
    let first = of(&store).await.unwrap();
    assert_eq!(first.fingerprint(), of(&store).await.unwrap().fingerprint());
    assert_eq!(first.fingerprint(), now().await);

    store.put(&format!("a/b/{OTHER}_x"), "debris does not count");
    store.put("a/b/_SUCCESS", "");
    assert_eq!(first.fingerprint(), now().await);

    store.put("a/b/x", parquet(5, 1));
    assert_ne!(first.fingerprint(), now().await, "another size");
    store.put("a/b/x", parquet(5, 0));
    assert_eq!(first.fingerprint(), now().await);
    store.put("a/b/y", parquet(0, 0));
    assert_ne!(first.fingerprint(), now().await, "one more");
    assert_ne!(first.fingerprint(), of(&store).await.unwrap().fingerprint());
}

#[tokio::test]
async fn progress_is_shown_after_each_file() {
    let store = TestStore::start().await;
    for number in 0..5 {
        store.put(&format!("a/b/{number}"), parquet(2, 0));
    }
    let mut seen = Vec::new();
    take_watched(&store.client(), &folder(), None, 2, |so_far| {
        seen.push((so_far.files, so_far.rows));
    })
    .await
    .unwrap();
    assert_eq!(seen, [(1, 2), (2, 4), (3, 6), (4, 8), (5, 10)]);
}

#[tokio::test]
async fn a_listing_that_fails_fails_the_inventory() {
    let store = TestStore::start().await;
    store.put("a/b/x", parquet(5, 0));
    store.fault(|asked| {
        let list = asked.uri.query().is_some();
        list.then(|| crate::storage::test_store::error(403, "AccessDenied"))
    });
    let error = of(&store).await.unwrap_err();
    assert!(matches!(
        error,
        InventoryError::Storage(StorageError::Denied { action: "list", .. })
    ));
}

/// A listing that goes on only when a read was begun, and reads that wait for one another.
struct Waiting {
    together: Barrier,
    running: AtomicUsize,
    most: AtomicUsize,
    first_read: CancellationToken,
}

#[async_trait]
impl Storage for Waiting {
    fn list<'a>(&'a self, folder: &'a Folder) -> BoxStream<'a, Result<StoredObject, StorageError>> {
        let objects = (0..12).map(|number| {
            Ok(StoredObject {
                bucket: folder.bucket().to_owned(),
                name: format!("{}/{number}", folder.prefix()),
                size: 100,
                last_modified: DateTime::UNIX_EPOCH,
                generation: None,
            })
        });
        stream::iter(objects)
            .enumerate()
            .then(async |(number, object)| {
                if number == 6 {
                    self.first_read.cancelled().await;
                }
                object
            })
            .boxed()
    }

    async fn footer(&self, _: &StoredObject) -> Result<Footer, StorageError> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.first_read.cancel();
        self.together.wait().await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        Ok(Footer::Parquet { rows: 1 })
    }

    async fn delete(&self, _: &StoredObject) -> Result<(), StorageError> {
        unreachable!("an inventory deletes nothing")
    }

    async fn check_writable(&self, _: &Folder) -> Result<(), StorageError> {
        unreachable!("an inventory writes nothing")
    }
}

#[tokio::test]
async fn as_many_files_as_was_said_are_read_at_once_while_the_listing_goes_on() {
    // With fewer at once, or a listing that must end first, this would never end.
    let storage = Arc::new(Waiting {
        together: Barrier::new(4),
        running: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        first_read: CancellationToken::new(),
    });
    let taken = tokio::spawn({
        let storage = Arc::clone(&storage);
        async move { take(&*storage, &folder(), None, 4).await }
    });
    let inventory = taken.await.unwrap().unwrap();
    assert_eq!(
        (inventory.files, inventory.rows, inventory.bytes),
        (12, 12, 1200)
    );
    assert_eq!(storage.most.load(Ordering::SeqCst), 4);
}
