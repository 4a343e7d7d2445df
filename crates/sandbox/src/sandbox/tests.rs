use serde_json::Value;

use super::*;
use crate::parquet::{FolderCounts, count_folder};

async fn start() -> (Sandbox, reqwest::Client) {
    crate::tls::install_provider();
    let sandbox = Sandbox::start(SandboxConfig {
        starburst: StandinConfig {
            scale: 0.001,
            ..StandinConfig::default()
        },
        ..SandboxConfig::default()
    })
    .await
    .unwrap();
    (sandbox, reqwest::Client::new())
}

/// Registers a statement and follows it to its end; answers its last page.
async fn run(sandbox: &Sandbox, client: &reqwest::Client, sql: &str) -> Value {
    let mut page: Value = client
        .post(format!("{}/v1/statement", sandbox.starburst_url()))
        .header("X-Trino-User", "export")
        .header("X-Trino-Catalog", "tpch")
        .header("X-Trino-Schema", "tiny")
        .body(sql.to_owned())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    while let Some(next) = page["nextUri"].as_str() {
        page = client.get(next).send().await.unwrap().json().await.unwrap();
    }
    page
}

#[tokio::test]
async fn an_unload_lands_in_the_store_past_its_faults_and_counters() {
    let (sandbox, client) = start().await;
    let _down = sandbox.faults().down(Service::Store);
    let sql = "SELECT * FROM TABLE(io.unload(input => TABLE(SELECT custkey, name FROM customer\n), \
        location => 'gs://exports/a/customers', format => 'PARQUET', compression => 'SNAPPY'))";
    let page = run(&sandbox, &client, sql).await;
    assert!(page["error"].is_null(), "{page}");
    assert_eq!(sandbox.faults().total(Service::Store), 0);
    assert_eq!(
        sandbox
            .faults()
            .count(Service::Starburst, "POST /v1/statement"),
        1
    );

    sandbox.faults().clear();
    let store = sandbox.object_store().unwrap();
    let landed: FolderCounts = count_folder(&store, "a/customers").await.unwrap();
    assert_eq!(landed.rows, 150);
    assert_eq!(sandbox.faults().count(Service::Store, "list"), 1);
    assert_eq!(sandbox.faults().count(Service::Store, "get"), landed.files);
    let stored: u64 = sandbox
        .store()
        .objects("exports", "a/customers/")
        .iter()
        .map(|o| o.size)
        .sum();
    assert_eq!(stored, landed.bytes);
}

#[tokio::test]
async fn the_first_generation_control_plane_answers_behind_its_faults() {
    let (sandbox, client) = start().await;
    sandbox.gen1().create_snapshot(None, Vec::new());
    let url = format!("{}/api/internal/snapshots/1/status", sandbox.gen1_url());
    let rule = sandbox.faults().on(Service::ControlPlane).drop_connection();
    assert!(client.get(&url).send().await.is_err());
    rule.hit(1).await;
    let answer: Value = client.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["status"], "pending");
}
