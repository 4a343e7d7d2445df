//! `count` and the bucket checks of `doctor`, against an object store on a real socket.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the lint allows in tests it does not allow in what tests call"
)]

use std::{
    net::SocketAddr,
    process::{Output, Stdio},
    sync::Arc,
};

use export_sandbox::{
    server::{Serve, Server},
    store::{Store, broken_footer, large_footer, parquet},
};
use serde_json::{Value, json};
use tokio::process::Command;

const BUCKET: &str = "exports";

async fn store() -> (Arc<Store>, Server) {
    let store = Store::open(None, &[BUCKET.to_owned()]).unwrap();
    let anywhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let server = Serve::new(store.router()).listen(anywhere).await.unwrap();
    (store, server)
}

async fn worker(server: &Server, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_export-worker"))
        .args(arguments)
        .env_clear()
        .env("STORAGE_EMULATOR_HOST", server.address().to_string())
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_folder_is_counted_from_its_footers_and_its_listing() {
    let (store, server) = store().await;
    let files = [
        ("snapshot/customer/part-0", parquet(7).unwrap()),
        ("snapshot/customer/part-1", parquet(0).unwrap()),
        (
            "snapshot/customer/part-2",
            large_footer(5, 200_000).unwrap(),
        ),
    ];
    let bytes: usize = files.iter().map(|(_, file)| file.len()).sum();
    for (name, file) in files {
        store.put(BUCKET, name, file).await.unwrap();
    }
    // Neither a neighbour nor what is no data counts.
    for name in ["snapshot/customer2/part-0", "snapshot/customer/_SUCCESS"] {
        store.put(BUCKET, name, parquet(99).unwrap()).await.unwrap();
    }
    store.set_page_size(2);

    let json = worker(
        &server,
        &["count", "gs://exports/snapshot/customer", "--json"],
        &[],
    )
    .await;
    assert_eq!(json.status.code(), Some(0), "{}", text(&json.stderr));
    let counted: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        counted,
        json!({"folder": "gs://exports/snapshot/customer/", "rows": 12, "size_bytes": bytes, "files": 3})
    );
    // A bar is for terminals.
    assert_eq!(text(&json.stderr), "");

    let table = worker(&server, &["count", "gs://exports/snapshot/customer/"], &[]).await;
    let table = text(&table.stdout);
    let row: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(
        row,
        [
            "gs://exports/snapshot/customer/",
            "12",
            &bytes.to_string(),
            "3"
        ]
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let (store, server) = store().await;
    let broken = broken_footer();
    store.put(BUCKET, "a/broken.parquet", broken).await.unwrap();
    let output = worker(&server, &["count", "gs://exports/a"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("gs://exports/a/broken.parquet"), "{error}");
    assert_eq!(text(&output.stdout), "");
}

#[tokio::test]
async fn an_empty_folder_counts_nothing_and_a_missing_bucket_is_an_error() {
    let (_store, server) = store().await;
    let empty = worker(&server, &["count", "gs://exports/nothing", "--json"], &[]).await;
    let counted: Value = serde_json::from_slice(&empty.stdout).unwrap();
    assert_eq!(
        (&counted["rows"], &counted["files"]),
        (&json!(0), &json!(0))
    );

    let missing = worker(&server, &["count", "gs://nowhere/nothing"], &[]).await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("gs://nowhere"));
}

#[tokio::test]
async fn a_doctor_tries_the_bucket_and_leaves_nothing_in_it() {
    let (store, server) = store().await;
    let output = worker(
        &server,
        &["doctor", "--bucket=gs://exports/checks"],
        &[
            // The store is neither a coordinator nor a Control Plane.
            ("STARBURST_URL", &server.url()),
            ("STARBURST_USER", "exporter"),
            ("CONTROL_PLANE_URL", &server.url()),
            ("CONTROL_PLANE_AUTH", "none"),
        ],
    )
    .await;
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    for line in [
        "ok       bucket list    gs://exports/checks/ can be listed; it is empty",
        "ok       bucket write   gs://exports/checks/ can be written to",
    ] {
        assert!(lines.lines().any(|said| said == line), "{lines}");
    }
    assert_eq!(lines.matches("failed ").count(), 3, "{lines}");
    assert_eq!(store.objects(BUCKET, ""), []);
}
