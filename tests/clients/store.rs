use bytes::Bytes;
use export_sandbox::{Sandbox, store as samples};
use export_worker::{
    attempt::inventory::{self, InventoryError},
    ports::{Folder, Footer, Storage, StorageError, StoredObject},
    storage::{Endpoint, StorageClient, StorageSettings},
};
use futures::TryStreamExt as _;
use tokio_util::sync::CancellationToken;

use super::{http, sandbox};

fn client(sandbox: &Sandbox) -> StorageClient {
    let endpoint = Endpoint::emulator(&sandbox.store_url()).unwrap();
    StorageClient::new(
        StorageSettings::new(endpoint),
        &http(),
        CancellationToken::new(),
    )
    .unwrap()
}

fn folder(sandbox: &Sandbox) -> Folder {
    Folder::parse(&format!("gs://{}/a/b", sandbox.bucket())).unwrap()
}

async fn put(sandbox: &Sandbox, name: &str, body: Bytes) {
    let store = sandbox.store();
    store.put(sandbox.bucket(), name, body).await.unwrap();
}

async fn listed(sandbox: &Sandbox) -> Vec<StoredObject> {
    let client = client(sandbox);
    client.list(&folder(sandbox)).try_collect().await.unwrap()
}

#[tokio::test]
async fn a_folder_is_listed_over_all_pages_read_and_cleared() {
    let sandbox = sandbox().await;
    sandbox.store().set_page_size(2);
    let names = [
        "a/b/",
        "a/b/c/",
        "a/b/k=1/part 0.parquet",
        "a/b/x%2F&",
        "a/b/ü",
    ];
    for name in names {
        put(&sandbox, name, samples::parquet(3).unwrap()).await;
    }
    put(&sandbox, "a/b2/neighbour", samples::parquet(3).unwrap()).await;
    let client = client(&sandbox);
    let objects = listed(&sandbox).await;
    let found: Vec<_> = objects.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(found, names);
    for object in &objects {
        let footer = client.footer(object).await;
        assert_eq!(footer, Ok(Footer::Parquet { rows: 3 }), "{}", object.name);
        client.delete(object).await.unwrap();
    }
    assert!(listed(&sandbox).await.is_empty());
    let left = sandbox.store().objects(sandbox.bucket(), "");
    assert_eq!(left.len(), 1, "the neighbour stays");
}

#[tokio::test]
async fn a_folder_can_be_checked_for_writing() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    client.check_writable(&folder(&sandbox)).await.unwrap();
    assert!(sandbox.store().objects(sandbox.bucket(), "").is_empty());
    let nowhere = Folder::parse("gs://nowhere/a").unwrap();
    let error = client.check_writable(&nowhere).await.unwrap_err();
    let url = "gs://nowhere".to_owned();
    assert_eq!(error, StorageError::NotFound { url });
}

#[tokio::test]
async fn an_inventory_counts_large_footers_and_large_numbers() {
    let sandbox = sandbox().await;
    put(
        &sandbox,
        "a/b/1",
        samples::large_footer(20, 200_000).unwrap(),
    )
    .await;
    put(
        &sandbox,
        "a/b/2",
        samples::claiming_rows(5_000_000_000).unwrap(),
    )
    .await;
    put(&sandbox, "a/b/3", samples::parquet(0).unwrap()).await;
    put(&sandbox, "a/b/_SUCCESS", Bytes::new()).await;
    put(&sandbox, "a/b/", Bytes::new()).await;
    let inventory = inventory::take(&client(&sandbox), &folder(&sandbox), None, 16)
        .await
        .unwrap();
    assert_eq!((inventory.rows, inventory.files), (5_000_000_020, 3));
}

#[tokio::test]
async fn an_unreadable_file_is_named() {
    for (body, says) in [
        (samples::truncated().unwrap(), "do not end in PAR1"),
        (samples::magic_only(), "do not end in PAR1"),
        (samples::broken_footer(), "footer cannot be parsed"),
    ] {
        let sandbox = sandbox().await;
        put(&sandbox, "a/b/odd", body).await;
        let error: InventoryError = inventory::take(&client(&sandbox), &folder(&sandbox), None, 16)
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/a/b/odd"), "{text}");
        assert!(text.contains(says), "{text}");
    }
}
