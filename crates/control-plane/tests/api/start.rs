//! A start at which something is not there yet: the process lives, says what is missing, and goes on.

use std::path::Path;

use export_control_plane::testing::Postgres;
use serde_json::Value;
use sqlx::Connection as _;
use tokio::process::Child;

use crate::{
    binary::{Log, binary, started, terminate},
    server::client,
};

async fn get(base: &str, path: &str) -> (u16, String) {
    let answer = client().get(format!("{base}{path}")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn ready(base: &str) -> bool {
    get(base, "/readyz").await.0 == 200
}

/// The reason the process gives for not being ready, in its log and in `/readyz` alike.
async fn reason(base: &str, log: &mut Log) -> String {
    let line = loop {
        let line = log.recv().await.unwrap();
        if line["level"] == "WARN" && line["reason"].is_string() {
            break line;
        }
    };
    let reason = line["reason"].as_str().unwrap().to_owned();
    let (status, body) = get(base, "/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, body["error"]["message"].as_str()),
        (503, Some(reason.as_str()))
    );
    assert_eq!(get(base, "/healthz").await.0, 200);
    let (status, metrics) = get(base, "/metrics").await;
    assert_eq!(status, 200);
    assert!(metrics.contains("export_control_plane_store_up 0\n"));
    assert!(!metrics.contains("export_control_plane_jobs{"), "{metrics}");
    reason
}

async fn until_ready(base: &str) {
    while !ready(base).await {}
    let (_, metrics) = get(base, "/metrics").await;
    assert!(metrics.contains("export_control_plane_store_up 1\n"));
    assert!(metrics.contains("export_control_plane_jobs{status=\"pending\"} 0\n"));
}

async fn ends_well(mut child: Child) {
    terminate(&child).await;
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

async fn database() -> String {
    let postgres = match Postgres::shared() {
        Ok(postgres) => postgres,
        Err(error) => panic!("{error}"),
    };
    postgres.create_database().await.unwrap()
}

/// Puts a file there whole, as a Secret's volume does.
fn put(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, path).unwrap();
}

#[tokio::test]
async fn it_waits_for_the_files_of_its_secrets_and_says_which_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let (key, url) = (directory.path().join("key"), directory.path().join("url"));
    let mut serve = binary();
    serve
        .arg("serve")
        .env("GRAPH_OLAP_INTERNAL_API_KEY_FILE", &key)
        .env("DATABASE_URL_FILE", &url);
    let (child, base, mut log) = started(&mut serve).await;

    let missing = reason(&base, &mut log).await;
    assert!(
        missing.starts_with("GRAPH_OLAP_INTERNAL_API_KEY_FILE: ")
            && missing.contains("No such file")
    );
    put(&key, "\n");
    assert!(reason(&base, &mut log).await.ends_with("key is empty"));
    put(&key, "from-a-file\n");
    let missing = reason(&base, &mut log).await;
    assert!(missing.contains("DATABASE_URL_FILE: ") && missing.contains("No such file"));
    put(&url, "mysql://user:secret@host/db");
    let wrong = reason(&base, &mut log).await;
    assert!(wrong.contains("URL cannot be read") && !wrong.contains("secret"));
    put(&url, &database().await);
    until_ready(&base).await;

    let claim = client()
        .get(format!("{base}/api/snapshots"))
        .header("X-Internal-API-Key", "from-a-file");
    assert_eq!(claim.send().await.unwrap().status(), 200);
    while let Ok(line) = log.try_recv() {
        assert!(line["reason"].is_null(), "each reason is told once: {line}");
    }
    ends_well(child).await;
}

#[tokio::test]
async fn an_unreachable_database_keeps_it_alive_and_a_signal_ends_it_at_once() {
    // Nobody listens on a port that was just let go.
    let port = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("postgres://user:secret-password@127.0.0.1:{port}/queue");
    let mut serve = binary();
    serve.args(["serve", "--insecure"]).env("DATABASE_URL", url);
    let (child, base, mut log) = started(&mut serve).await;
    let reason = reason(&base, &mut log).await;
    assert!(
        reason.contains("cannot connect to PostgreSQL at 127.0.0.1"),
        "{reason}"
    );
    assert!(reason.contains("Connection refused"), "{reason}");
    assert!(!reason.contains("secret-password"));

    // A request that waits for the start is answered at the signal.
    let early = tokio::spawn({
        let base = base.clone();
        async move { get(&base, "/api/snapshots").await.0 }
    });
    ends_well(child).await;
    // Refused, where it had not come through yet.
    if let Ok(status) = early.await {
        assert_eq!(status, 503);
    }
}

#[tokio::test]
async fn tables_of_a_later_version_are_fine_and_tables_that_lack_a_step_are_named() {
    let url = database().await;
    let mut serve = binary();
    serve
        .args(["serve", "--insecure", "--no-migrate"])
        .env("DATABASE_URL", &url);
    let (child, base, mut log) = started(&mut serve).await;
    let lacking = reason(&base, &mut log).await;
    assert!(lacking.contains("_sqlx_migrations"), "{lacking}");

    let migrate = || async {
        let migrate = binary().arg("migrate").env("DATABASE_URL", &url).status();
        assert!(migrate.await.unwrap().success());
    };
    migrate().await;
    until_ready(&base).await;
    ends_well(child).await;

    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    let later =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (999, 'of a later version', TRUE, '', 0)";
    sqlx::query(later).execute(&mut connection).await.unwrap();
    migrate().await;
    let mut serve = binary();
    serve
        .args(["serve", "--insecure"])
        .env("DATABASE_URL", &url);
    let (child, base, _log) = started(&mut serve).await;
    until_ready(&base).await;
    ends_well(child).await;

    let earlier = "DELETE FROM _sqlx_migrations WHERE version = 3";
    sqlx::query(earlier).execute(&mut connection).await.unwrap();
    let mut serve = binary();
    serve
        .args(["serve", "--insecure", "--no-migrate"])
        .env("DATABASE_URL", &url);
    let (child, base, mut log) = started(&mut serve).await;
    let lacking = reason(&base, &mut log).await;
    assert!(
        lacking.contains("lack step 3 (watch); run `export-control-plane migrate`"),
        "{lacking}"
    );
    ends_well(child).await;
}
