//! A statement run to its end.

use serde_json::json;

use super::*;

#[tokio::test]
async fn the_rows_of_all_pages_come_back() {
    let coordinator = Coordinator::start().await;
    coordinator.answers(
        [
            "registered",
            "queued",
            "waiting",
            "planning",
            "running",
            "data",
            "data",
            "finishing",
            "finished",
        ]
        .map(|name| Canned::ok(recorded(&coordinator, name))),
    );
    let rows = client(&coordinator)
        .run(&statement("SELECT 1"))
        .await
        .unwrap();
    let row = vec![
        json!(6_001_215),
        json!("gs://bucket/orders/20261122_030507_00042_abcde_0"),
    ];
    assert_eq!(rows, [row.clone(), row]);
    let lines = coordinator.lines();
    assert_eq!(lines.len(), 9);
    assert!(lines[4].ends_with("y7d0cafe4/0"), "{}", lines[4]);
}

#[tokio::test]
async fn a_lost_page_is_asked_for_again_at_the_same_address() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([
        Canned::ok(recorded(&coordinator, "registered")),
        Canned::hang_up(),
        Canned::ok(recorded(&coordinator, "finished")),
    ]);
    client(&coordinator)
        .run(&statement("SELECT 1"))
        .await
        .unwrap();
    let lines = coordinator.lines();
    assert_eq!(lines[1], lines[2]);
}

#[tokio::test]
async fn an_error_ends_it_even_beside_a_next_page() {
    let coordinator = Coordinator::start().await;
    coordinator.answers(
        ["registered", "path_exists"].map(|name| Canned::ok(recorded(&coordinator, name))),
    );
    let result = client(&coordinator).run(&statement("SELECT 1")).await;
    assert!(
        matches!(&result, Err(StarburstError::Query(error)) if error.name == "HIVE_PATH_ALREADY_EXISTS"),
        "{result:?}"
    );
}

#[tokio::test]
async fn more_rows_than_it_holds_end_it_and_the_query() {
    let coordinator = Coordinator::start().await;
    let page = json!({
        "id": QUERY,
        "nextUri": format!("{}/v1/statement/executing/{QUERY}/slug/3", coordinator.origin()),
        "data": vec![[1]; 10_001],
    });
    coordinator.answers([
        Canned::ok(recorded(&coordinator, "registered")),
        Canned::ok(page.to_string()),
        Canned::new(204, ""),
    ]);
    let result = client(&coordinator).run(&statement("SELECT 1")).await;
    assert_eq!(result, Err(StarburstError::TooManyRows { limit: 10_000 }));
    assert_eq!(
        coordinator.lines()[2],
        format!("DELETE /v1/statement/executing/{QUERY}/slug/3")
    );
}
