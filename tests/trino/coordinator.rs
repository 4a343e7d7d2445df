//! One Trino server, a coordinator that is its own worker node.

use std::{fs, net::TcpListener, path::PathBuf, process::Stdio};

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The user that the access rules of `deploy/starburst` are written for.
pub const USER: &str = "graph-export";
/// The client tag that the selector of the resource groups looks for.
pub const TAG: &str = "graph-olap-export";

/// A running server. Its `lake` holds the tables of TPC-H.
pub struct Coordinator {
    pub url: String,
    client: Client,
    _process: Child,
    _directory: TempDir,
}

/// How a statement ended.
pub struct Answer {
    /// The rows it gave.
    pub rows: Vec<Value>,
    /// Name and message of its error.
    pub error: Option<(String, String)>,
    /// The path of its resource group.
    pub group: Value,
}

impl Coordinator {
    /// Starts a server and waits until it takes queries.
    pub async fn start() -> Self {
        export_sandbox::tls::install_provider();
        let installed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".tools/trino");
        assert!(
            installed.join("installed").is_file(),
            "Trino is not installed; run `make test-trino`"
        );
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        configure(directory.path(), &installed.join("plugin"), port);
        let home = std::env::var("TRINO_JAVA_HOME").expect("`make test-trino` names a Java");
        let mut process = Command::new(installed.join("bin/launcher"))
            .arg("--etc-dir")
            .arg(directory.path().join("etc"))
            .arg("run")
            .env(
                "PATH",
                format!("{home}/bin:{}", std::env::var("PATH").unwrap()),
            )
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut said = String::new();
        while !said.contains("SERVER STARTED") {
            let line = log.next_line().await.unwrap();
            said += &line.unwrap_or_else(|| panic!("trino does not start:\n{said}"));
            said.push('\n');
        }
        // Read on, or the server stops at a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            client: Client::new(),
            _process: process,
            _directory: directory,
        }
    }

    /// Runs a statement to its end.
    pub async fn run(&self, user: &str, tags: &str, sql: &str) -> Answer {
        let statement = self
            .client
            .post(format!("{}/v1/statement", self.url))
            .header("X-Trino-User", user)
            .header("X-Trino-Client-Tags", tags)
            .body(sql.to_owned());
        let mut page: Value = statement.send().await.unwrap().json().await.unwrap();
        let mut rows = Vec::new();
        while let Some(next) = page["nextUri"].as_str() {
            page = self
                .client
                .get(next)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            rows.extend(page["data"].as_array().cloned().unwrap_or_default());
        }
        let id = page["id"].as_str().unwrap();
        let about = self
            .client
            .get(format!("{}/v1/query/{id}?pruned=true", self.url))
            .header("X-Trino-User", user);
        let about: Value = about.send().await.unwrap().json().await.unwrap();
        let text = |field: &str| page["error"][field].as_str().unwrap_or_default().to_owned();
        Answer {
            rows,
            error: page
                .get("error")
                .map(|_| (text("errorName"), text("message"))),
            group: about["resourceGroupId"].clone(),
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// What a server needs to run at all, and what `deploy/starburst` adds to it.
fn configure(directory: &std::path::Path, plugins: &std::path::Path, port: u16) {
    let etc = directory.join("etc");
    fs::create_dir_all(etc.join("catalog")).unwrap();
    let write = |name: &str, lines: &[String]| {
        fs::write(etc.join(name), lines.join("\n") + "\n").unwrap();
    };
    write(
        "node.properties",
        &[
            "node.environment=test".to_owned(),
            format!("node.data-dir={}", directory.display()),
        ],
    );
    let jvm = [
        "-Xmx1G",
        "-XX:+UseSerialGC",
        "-Djdk.attach.allowAttachSelf=true",
    ];
    write("jvm.config", &jvm.map(str::to_owned));
    write(
        "config.properties",
        &[
            "coordinator=true".to_owned(),
            "node-scheduler.include-coordinator=true".to_owned(),
            format!("http-server.http.port={port}"),
            format!("discovery.uri=http://127.0.0.1:{port}"),
            "query.max-memory-per-node=400MB".to_owned(),
            "memory.heap-headroom-per-node=250MB".to_owned(),
            format!("plugin.dir={}", plugins.display()),
        ],
    );
    write(
        "catalog/lake.properties",
        &["connector.name=tpch".to_owned()],
    );
    let handed_over = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy/starburst");
    for file in [
        "access-control.properties",
        "access-control-rules.json",
        "resource-groups.json",
        "resource-groups.properties",
        "session-properties.json",
        "session-property-config.properties",
    ] {
        fs::copy(handed_over.join(file), etc.join(file)).unwrap();
    }
}
