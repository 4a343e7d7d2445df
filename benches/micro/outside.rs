//! Pages of a query and footers of files, as the clients read them.

use std::hint::black_box;

use axum::Router;
use export_api::NextUri;
use export_sandbox::{
    Sandbox, SandboxConfig,
    server::{Serve, Server},
    store as samples,
};
use export_worker::{
    http::{HttpClient, TlsSettings},
    ports::{Folder, Starburst as _, Storage as _, StoredObject},
    starburst::{StarburstClient, StarburstSettings},
    storage::{Endpoint, StorageClient, StorageSettings},
    telemetry::Metrics,
};
use futures::TryStreamExt as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{figures::Figures, timed};

const CALLS: u32 = 20;
const PAGE: &str = "/v1/statement/executing/q/slug/1";

fn http() -> HttpClient {
    HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap()
}

/// A coordinator that answers every request with a page of so many rows.
async fn coordinator(rows: usize) -> (Server, usize) {
    let rows: Vec<_> = (0..rows)
        .map(|row| json!([row, "a name of some length", 0.25]))
        .collect();
    let page = json!({
        "id": "20260101_000000_00000_aaaaa",
        "stats": {"state": "RUNNING", "elapsedTimeMillis": 5_000, "processedRows": 1},
        "columns": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
        "data": rows,
    })
    .to_string();
    let length = page.len();
    let answer = move || {
        let page = page.clone();
        async move { ([("content-type", "application/json")], page) }
    };
    let server = Serve::new(Router::new().fallback(answer));
    let any = "127.0.0.1:0".parse().unwrap();
    (server.listen(any).await.unwrap(), length)
}

pub async fn pages(table: &mut Figures) {
    for rows in [0, 10_000] {
        let (server, length) = coordinator(rows).await;
        let settings = StarburstSettings::new(server.url().parse().unwrap(), "export");
        let client = StarburstClient::new(settings, &http(), CancellationToken::new()).unwrap();
        let next_uri = NextUri::new(format!("{}{PAGE}", server.url()));
        let spread = timed(CALLS, async || {
            black_box(client.follow(&next_uri).await.unwrap());
        })
        .await;
        let [min, median, max] = spread.cells(1);
        let name = format!(
            "page of {rows} rows, {} KB, fetched and read",
            length.div_ceil(1_000)
        );
        table.row([name, min, median, max]);
    }
}

pub async fn footers(table: &mut Figures) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let endpoint = Endpoint::emulator(&sandbox.store_url()).unwrap();
    let settings = StorageSettings::new(endpoint);
    let client = StorageClient::new(settings, &http(), CancellationToken::new()).unwrap();
    for (name, file) in [
        ("1 column", samples::parquet(1_000).unwrap()),
        (
            "about 500 columns",
            samples::large_footer(1, 8_000).unwrap(),
        ),
    ] {
        let bucket = sandbox.bucket();
        let put = sandbox.store().put(bucket, "a/file.parquet", file);
        put.await.unwrap();
        let folder = Folder::parse(&format!("gs://{bucket}/a")).unwrap();
        let listed: Vec<StoredObject> = client.list(&folder).try_collect().await.unwrap();
        let spread = timed(CALLS, async || {
            black_box(client.footer(&listed[0]).await.unwrap());
        })
        .await;
        let [min, median, max] = spread.cells(1);
        let name = format!("footer of {name}, fetched and read");
        table.row([name, min, median, max]);
    }
}
