use export_control_plane::{
    clock::Clock,
    config::{Access, Config},
    serve,
    store::StoreConfig,
};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) const KEY: &str = "correct horse battery staple";

/// A server of its own on a free port, with a clock that stands.
pub(crate) struct Server {
    pub(crate) client: reqwest::Client,
    pub(crate) base: String,
    pub(crate) clock: Clock,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: JoinHandle<anyhow::Result<()>>,
    pub(crate) database: std::path::PathBuf,
    _directory: tempfile::TempDir,
}

pub(crate) fn client() -> reqwest::Client {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(Access::Key(KEY.to_owned().into())).await
    }

    pub(crate) async fn start_with(access: Access) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at("2026-11-22T03:05:07Z".parse().unwrap());
        let path = directory.path().join("queue.db");
        let database = path.clone();
        let config = Config {
            clock: clock.clone(),
            ..Config::new(StoreConfig::Sqlite { path }, access)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(config, listener, shutdown.clone()));
        Self {
            client: client(),
            base,
            clock,
            shutdown,
            serving,
            database,
            _directory: directory,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .header("X-Internal-API-Key", KEY)
    }

    /// Sends a request and reads its JSON.
    pub(crate) async fn send(request: RequestBuilder) -> (StatusCode, Value) {
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        Self::send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        Self::send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        Self::send(self.request(Method::PATCH, path).json(body)).await
    }

    /// The value of one series of `/metrics`.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let url = format!("{}/metrics", self.base);
        let text = self
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
            .unwrap_or_else(|| panic!("no {series} in\n{text}"))
    }
}

pub(crate) fn snapshot(entity: &str) -> Value {
    json!({
        "name": "sales",
        "jobs": [{
            "job_type": "node",
            "entity_name": entity,
            "sql": "SELECT custkey FROM customer",
            "column_names": ["custkey"],
            "gcs_path": format!("gs://bucket/{entity}"),
        }],
    })
}
