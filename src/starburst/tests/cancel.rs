//! Asking the coordinator to end a query.

use super::*;

fn by_id() -> String {
    format!("DELETE /v1/query/{QUERY}")
}

fn by_page() -> String {
    format!("DELETE /v1/statement/executing/{QUERY}/slug/3")
}

#[tokio::test]
async fn the_page_is_deleted_where_it_is_known() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::new(204, "")]);
    let next_uri = next_uri(&coordinator);
    client(&coordinator)
        .cancel(&query(), Some(&next_uri))
        .await
        .unwrap();
    assert_eq!(coordinator.lines(), [by_page()]);
}

#[tokio::test]
async fn a_page_that_went_on_or_is_foreign_leaves_the_id() {
    for status in [404, 410] {
        let coordinator = Coordinator::start().await;
        coordinator.answers([Canned::new(status, ""), Canned::new(204, "")]);
        let next_uri = next_uri(&coordinator);
        client(&coordinator)
            .cancel(&query(), Some(&next_uri))
            .await
            .unwrap();
        assert_eq!(coordinator.lines(), [by_page(), by_id()]);
    }
    let (coordinator, foreign) = (Coordinator::start().await, Coordinator::start().await);
    coordinator.answers([Canned::new(204, "")]);
    client(&coordinator)
        .cancel(&query(), Some(&next_uri(&foreign)))
        .await
        .unwrap();
    assert_eq!(coordinator.lines(), [by_id()]);
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn a_query_that_is_over_or_forgotten_needs_no_cancel() {
    for status in [200, 202, 204, 409, 410] {
        let coordinator = Coordinator::start().await;
        coordinator.answers([Canned::new(status, "")]);
        client(&coordinator).cancel(&query(), None).await.unwrap();
        assert_eq!(coordinator.lines(), [by_id()]);
    }
}

#[tokio::test]
async fn where_the_endpoint_is_hidden_sql_kills() {
    for end in ["no_row_of_queries", "finished"] {
        let coordinator = Coordinator::start().await;
        coordinator.answers([
            Canned::new(403, ""),
            Canned::ok(recorded(&coordinator, "registered")),
            Canned::ok(recorded(&coordinator, end)),
        ]);
        client(&coordinator).cancel(&query(), None).await.unwrap();
        assert_eq!(
            coordinator.seen()[1].body,
            format!(
                "CALL system.runtime.kill_query(query_id => '{QUERY}', message => 'cancelled by export-worker')"
            )
        );
    }
}

#[tokio::test]
async fn a_query_that_sql_finds_over_needs_no_kill() {
    for (name, message, is_over) in [
        ("NOT_FOUND", "Target query not found: q", true),
        ("NOT_SUPPORTED", "Target query is not running: q", true),
        ("NOT_SUPPORTED", "procedures are switched off", false),
        ("PERMISSION_DENIED", "Access Denied", false),
    ] {
        let coordinator = Coordinator::start().await;
        let page = serde_json::json!({
            "id": QUERY,
            "error": {"errorName": name, "errorType": "USER_ERROR", "message": message},
        });
        coordinator.answers([
            Canned::new(403, ""),
            Canned::ok(recorded(&coordinator, "registered")),
            Canned::ok(page.to_string()),
        ]);
        let result = client(&coordinator).cancel(&query(), None).await;
        assert_eq!(result.is_ok(), is_over, "{name} {message}: {result:?}");
    }
}

#[tokio::test]
async fn a_cancel_that_was_not_taken_is_asked_once_and_told() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::new(503, "")]);
    let next_uri = next_uri(&coordinator);
    let result = client(&coordinator).cancel(&query(), Some(&next_uri)).await;
    assert!(
        matches!(result, Err(StarburstError::Busy { status: 503, .. })),
        "{result:?}"
    );
    assert_eq!(coordinator.lines(), [by_page()]);
}

#[tokio::test]
async fn an_id_with_a_quote_in_it_stays_a_string() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([
        Canned::new(403, ""),
        Canned::ok(recorded(&coordinator, "registered")),
        Canned::ok(recorded(&coordinator, "finished")),
    ]);
    client(&coordinator)
        .cancel(&QueryId::new("a'b/c"), None)
        .await
        .unwrap();
    let seen = coordinator.seen();
    assert_eq!(seen[0].path, "/v1/query/a'b%2Fc");
    assert!(seen[1].body.contains("=> 'a''b/c',"), "{}", seen[1].body);
}
