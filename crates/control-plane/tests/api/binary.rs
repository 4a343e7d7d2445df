use std::process::Stdio;

use export_control_plane::testing::Postgres;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::server::{Server, client};

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_export-control-plane"));
    command.env_clear().kill_on_drop(true);
    command
}

/// Starts `serve` on a free port and reads from its first log line which one.
async fn started(command: &mut Command) -> (Child, String) {
    let mut child = command
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first["message"], "listening");
    let base = format!("http://{}", first["addr"].as_str().unwrap());
    (child, base)
}

#[tokio::test]
async fn it_refuses_to_serve_without_a_key_and_says_what_to_do() {
    for (variable, value, says) in [
        (
            "LOG_LEVEL",
            "info",
            "no API key: set GRAPH_OLAP_INTERNAL_API_KEY",
        ),
        (
            "GRAPH_OLAP_INTERNAL_API_KEY",
            " ",
            "GRAPH_OLAP_INTERNAL_API_KEY is empty",
        ),
        (
            "GRAPH_OLAP_INTERNAL_API_KEY_FILE",
            "/nowhere",
            "/nowhere: No such file",
        ),
        (
            "DATABASE_URL",
            "mysql://user:secret@host/db",
            "DATABASE_URL is no postgres:// URL",
        ),
        (
            "DATABASE_URL_FILE",
            "/nowhere",
            "DATABASE_URL_FILE: /nowhere: No such file",
        ),
        ("LOG_LEVEL", "no=such=level", "LOG_LEVEL"),
    ] {
        let output = binary()
            .arg("serve")
            .env(variable, value)
            .output()
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(64), "{variable}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains(says) && !words.contains("secret"), "{words}");
    }
}

#[tokio::test]
async fn it_serves_a_file_takes_its_key_from_one_and_ends_well_on_sigterm() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key");
    std::fs::write(&key, "from-a-file\n").unwrap();
    let mut serve = binary();
    serve
        .arg("serve")
        .env("GRAPH_OLAP_INTERNAL_API_KEY_FILE", &key)
        .env("SQLITE_PATH", directory.path().join("queue.db"));
    let (mut child, base) = started(&mut serve).await;
    let claim = client()
        .post(format!("{base}/api/internal/export-jobs/claim"))
        .header("X-Internal-API-Key", "from-a-file")
        .json(&json!({"worker_id": "w1", "limit": 1, "wait_seconds": 60}));
    let poll = tokio::spawn(Server::send(claim));
    loop {
        let metrics = client()
            .get(format!("{base}/metrics"))
            .send()
            .await
            .unwrap();
        if metrics
            .text()
            .await
            .unwrap()
            .contains("long_polls_waiting 1")
        {
            break;
        }
    }
    terminate(&child).await;
    let (status, body) = poll.await.unwrap();
    assert_eq!((status.as_u16(), &body["data"]["jobs"]), (200, &json!([])));
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn it_migrates_a_postgresql_and_is_ready_only_with_its_tables() {
    let postgres = match Postgres::shared() {
        Ok(postgres) => postgres,
        Err(error) => panic!("{error}"),
    };
    let url = postgres.create_database().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("database-url");
    std::fs::write(&file, format!("{url}\n")).unwrap();
    let mut serve = binary();
    serve
        .args(["serve", "--insecure", "--no-migrate"])
        .env("DATABASE_URL_FILE", &file);
    let (mut child, base) = started(&mut serve).await;
    let ready = || async {
        let answer = client().get(format!("{base}/readyz")).send().await;
        answer.unwrap().status().as_u16()
    };
    assert_eq!(ready().await, 503);
    for _ in 0..2 {
        let migrate = binary()
            .arg("migrate")
            .env("DATABASE_URL", &url)
            .status()
            .await;
        assert!(migrate.unwrap().success());
    }
    assert_eq!(ready().await, 200);
    terminate(&child).await;
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

async fn terminate(child: &Child) {
    let pid = child.id().unwrap().to_string();
    let kill = Command::new("kill").arg(pid).status().await;
    assert!(kill.unwrap().success());
}
