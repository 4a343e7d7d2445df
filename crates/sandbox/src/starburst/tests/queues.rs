use super::super::{QueryError, QueryState, ResourceGroup, StandinConfig};
use super::{Server, next_uri, small, state};

fn grouped() -> StandinConfig {
    StandinConfig {
        resource_groups: vec![ResourceGroup {
            name: "exports".to_owned(),
            tags: vec!["graph-olap-export".to_owned()],
            concurrency: 1,
            max_queued: 1,
        }],
        ..small()
    }
}

async fn tagged(server: &Server, sql: &str) -> serde_json::Value {
    let request = server
        .statement(sql)
        .header("X-Trino-Client-Tags", "other, graph-olap-export");
    super::json(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_group_runs_so_many_queues_so_many_and_turns_the_rest_away() {
    let server = Server::start(grouped()).await;
    let hold = server
        .standin
        .switches()
        .hold_where(|sql| sql.contains("first"));
    let first = tagged(&server, "SELECT 'first'").await;
    server.kick(&first).await;

    let second = tagged(&server, "SELECT 'second'").await;
    let waiting = server.page(&next_uri(&second).unwrap()).await;
    assert_eq!(state(&waiting), "QUEUED");
    assert_eq!(waiting["stats"]["queued"], true);
    let token = next_uri(&waiting).unwrap();
    assert!(token.contains("/queued/") && token.ends_with("/2"));

    let third = tagged(&server, "SELECT 'third'").await;
    let full = server.page(&next_uri(&third).unwrap()).await;
    assert_eq!(full["error"]["errorName"], "QUERY_QUEUE_FULL");
    assert_eq!(full["error"]["errorCode"], 131_074);
    assert_eq!(full["error"]["errorType"], "INSUFFICIENT_RESOURCES");
    assert_eq!(
        full["error"]["message"],
        "Too many queued queries for \"exports\""
    );
    assert!(next_uri(&full).is_none());

    drop(hold);
    server.follow(first).await;
    server.follow(waiting).await;
    let states: Vec<QueryState> = server
        .standin
        .queries()
        .iter()
        .map(|query| query.state)
        .collect();
    assert_eq!(
        states,
        [
            QueryState::Finished,
            QueryState::Finished,
            QueryState::Failed
        ]
    );
}

#[tokio::test]
async fn a_query_that_no_selector_takes_is_rejected() {
    let server = Server::start(grouped()).await;
    assert_eq!(
        server.error("SELECT 1").await["errorName"],
        "QUERY_REJECTED"
    );
}

#[tokio::test]
async fn a_cancelled_query_gives_its_place_up() {
    let server = Server::start(grouped()).await;
    let _hold = server
        .standin
        .switches()
        .hold_where(|sql| sql.contains("first"));
    let first = tagged(&server, "SELECT 'first'").await;
    let next = server.kick(&first).await;
    let second = tagged(&server, "SELECT 'second'").await;
    let waiting = server.page(&next_uri(&second).unwrap()).await;
    assert_eq!(state(&waiting), "QUEUED");
    server.request(reqwest::Method::DELETE, &next).await;
    let pages = server.follow(waiting).await;
    assert_eq!(state(&pages[pages.len() - 1]), "FINISHED");
}

#[tokio::test]
async fn scripted_failures_are_told_as_often_as_asked() {
    let server = Server::start(small()).await;
    let error = QueryError::new("CLUSTER_OUT_OF_MEMORY", "out of memory");
    server.standin.switches().fail_where(|_| true, error, 1);
    let told = server.error("SELECT 1").await;
    assert_eq!(told["errorName"], "CLUSTER_OUT_OF_MEMORY");
    assert_eq!(told["errorType"], "INSUFFICIENT_RESOURCES");
    assert_eq!(server.rows("SELECT 1").await.len(), 1);
}
