//! The statement protocol, over real sockets (or on paused time, in process).

mod access;
mod paging;
mod queues;
mod time;
mod unloads;

use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use super::{Standin, StandinConfig, Stores};

/// A stand-in that listens, and a client that speaks to it.
struct Server {
    base: String,
    standin: Arc<Standin>,
    store: Arc<InMemory>,
    client: Client,
}

fn small() -> StandinConfig {
    StandinConfig {
        scale: 0.001,
        page_wait: std::time::Duration::from_millis(100),
        ..StandinConfig::default()
    }
}

fn standin(config: StandinConfig) -> (Arc<Standin>, Arc<InMemory>) {
    let store = Arc::new(InMemory::new());
    let kept = Arc::clone(&store);
    let stores: Stores = Arc::new(move |_: &str| Arc::clone(&kept) as Arc<dyn ObjectStore>);
    (Standin::new(config, stores), store)
}

impl Server {
    async fn start(config: StandinConfig) -> Self {
        crate::tls::install_provider();
        let (standin, store) = standin(config);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = standin.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::builder().no_proxy().build().unwrap();
        Self {
            base,
            standin,
            store,
            client,
        }
    }

    /// A statement with the headers every client sends.
    fn statement(&self, sql: &str) -> RequestBuilder {
        self.bare_statement(sql)
            .header("X-Trino-User", "alice")
            .header("X-Trino-Catalog", "tpch")
            .header("X-Trino-Schema", "tiny")
    }

    fn bare_statement(&self, sql: &str) -> RequestBuilder {
        self.client
            .post(format!("{}/v1/statement", self.base))
            .body(sql.to_owned())
    }

    async fn register(&self, sql: &str) -> Value {
        json(self.statement(sql).send().await.unwrap()).await
    }

    async fn request(&self, method: Method, url: &str) -> Response {
        self.client.request(method, url).send().await.unwrap()
    }

    async fn get(&self, url: &str) -> Response {
        self.request(Method::GET, url).await
    }

    async fn page(&self, url: &str) -> Value {
        json(self.get(url).await).await
    }

    /// The pages that follow `page`, to the last.
    async fn follow(&self, page: Value) -> Vec<Value> {
        let mut pages = vec![page];
        while let Some(next) = next_uri(&pages[pages.len() - 1]) {
            let page = self.page(&next).await;
            pages.push(page);
        }
        pages
    }

    /// All pages of a statement, the POST's first.
    async fn run(&self, sql: &str) -> Vec<Value> {
        let page = self.register(sql).await;
        self.follow(page).await
    }

    /// The rows of a statement.
    async fn rows(&self, sql: &str) -> Vec<Value> {
        let pages = self.run(sql).await;
        let last = &pages[pages.len() - 1];
        assert!(last.get("error").is_none(), "{last}");
        pages
            .iter()
            .filter_map(|page| page["data"].as_array())
            .flatten()
            .cloned()
            .collect()
    }

    /// The error a statement ends with.
    async fn error(&self, sql: &str) -> Value {
        let pages = self.run(sql).await;
        let error = pages[pages.len() - 1]["error"].clone();
        assert!(error.is_object(), "no error: {sql}");
        error
    }

    async fn objects(&self) -> Vec<(String, bytes::Bytes)> {
        use futures::TryStreamExt;
        let listed: Vec<_> = self.store.list(None).try_collect().await.unwrap();
        let mut objects = Vec::new();
        for object in listed {
            let bytes = self
                .store
                .get(&object.location)
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap();
            objects.push((object.location.to_string(), bytes));
        }
        objects
    }

    /// Follows the hand-over to the executing nextUri that comes first.
    async fn kick(&self, page: &Value) -> String {
        let mut next = next_uri(page).unwrap();
        while next.contains("/queued/") {
            next = next_uri(&self.page(&next).await).unwrap();
        }
        next
    }
}

async fn json(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

fn next_uri(page: &Value) -> Option<String> {
    page["nextUri"].as_str().map(str::to_owned)
}

fn state(page: &Value) -> &str {
    page["stats"]["state"].as_str().unwrap()
}

fn unload(select: &str, location: &str) -> String {
    format!(
        "-- job\nSELECT * FROM TABLE(starburst.io.unload(input => TABLE({select}\n), \
         location => '{location}', format => 'PARQUET', compression => 'SNAPPY'))"
    )
}
