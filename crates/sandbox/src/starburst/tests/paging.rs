use reqwest::{Method, StatusCode};
use serde_json::json;

use super::super::{QueryState, StandinConfig};
use super::{Server, next_uri, small, state};

#[tokio::test]
async fn a_post_only_registers_and_the_first_get_starts() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT 1").await;
    assert_eq!(state(&page), "QUEUED");
    assert!(
        next_uri(&page)
            .unwrap()
            .starts_with(&format!("{}/v1/statement/queued/", server.base))
    );
    assert!(!server.standin.queries()[0].started);
    let info = format!(
        "{}/v1/query/{}?pruned=true",
        server.base,
        page["id"].as_str().unwrap()
    );
    let look = || {
        server
            .client
            .get(&info)
            .header("X-Trino-User", "alice")
            .send()
    };
    assert_eq!(look().await.unwrap().status(), StatusCode::GONE);
    server.page(&next_uri(&page).unwrap()).await;
    assert!(server.standin.queries()[0].started);
    assert_eq!(look().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_head_on_a_queued_uri_starts_the_query_too() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT 1").await;
    let head = server
        .request(Method::HEAD, &next_uri(&page).unwrap())
        .await;
    assert_eq!(head.status(), StatusCode::OK);
    assert!(server.standin.queries()[0].started);
}

#[tokio::test]
async fn data_comes_while_running_and_finished_pages_still_carry_a_next_uri() {
    let server = Server::start(small()).await;
    let pages = server.run("SELECT count(*) FROM tpch.tiny.region").await;
    let with_data = pages
        .iter()
        .position(|page| page.get("data").is_some())
        .unwrap();
    assert_eq!(pages[with_data]["data"], json!([[5]]));
    assert_eq!(pages[with_data]["columns"][0]["type"], "bigint");
    let states: Vec<&str> = pages[with_data..].iter().map(state).collect();
    assert_eq!(
        states,
        ["RUNNING", "FINISHING", "FINISHED", "FINISHED", "FINISHED"]
    );
    let last = &pages[pages.len() - 1];
    assert!(next_uri(last).is_none() && last.get("error").is_none());
}

#[tokio::test]
async fn a_query_stays_finishing_until_it_is_drained() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT 1").await;
    let mut next = server.kick(&page).await;
    loop {
        let page = server.page(&next).await;
        next = next_uri(&page).unwrap();
        if page.get("data").is_some() {
            break;
        }
    }
    assert_eq!(server.standin.queries()[0].state, QueryState::Finishing);
    server.page(&next).await;
    assert_eq!(server.standin.queries()[0].state, QueryState::Finished);
}

#[tokio::test]
async fn the_same_token_replays_its_page_and_an_older_one_is_gone() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT 1").await;
    let first = server.kick(&page).await;
    let page = server.page(&first).await;
    assert_eq!(server.page(&first).await, page);
    let second = next_uri(&page).unwrap();
    let page = server.page(&second).await;
    assert_eq!(server.get(&first).await.status(), StatusCode::GONE);
    assert_eq!(server.page(&second).await, page);
    let pages = server.follow(page).await;
    let uris: Vec<String> = pages.iter().filter_map(next_uri).collect();
    let last = server.page(&uris[uris.len() - 1]).await;
    assert_eq!(&last, &pages[pages.len() - 1]);
    assert!(last.get("nextUri").is_none());
}

#[tokio::test]
async fn two_readers_of_one_token_get_the_same_page() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT name FROM nation").await;
    let next = server.kick(&page).await;
    let (one, other) = tokio::join!(server.page(&next), server.page(&next));
    assert_eq!(one, other);
}

#[tokio::test]
async fn unknown_queries_slugs_and_tokens_are_not_found() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT 1").await;
    let next = next_uri(&page).unwrap();
    let ahead = next.strip_suffix("/1").unwrap().to_owned() + "/7";
    let elsewhere = next.replace(page["id"].as_str().unwrap(), "20260101_000000_00000_aaaaa");
    for url in [ahead, elsewhere] {
        assert_eq!(
            server.get(&url).await.status(),
            StatusCode::NOT_FOUND,
            "{url}"
        );
    }
    let first = server.kick(&page).await;
    let second = next_uri(&server.page(&first).await).unwrap();
    assert_ne!(
        first.rsplit('/').nth(1),
        second.rsplit('/').nth(1),
        "the slug stayed"
    );
}

#[tokio::test]
async fn a_restarted_coordinator_knows_nothing() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT 1").await;
    let next = server.kick(&page).await;
    server.standin.restart();
    assert_eq!(server.get(&next).await.status(), StatusCode::NOT_FOUND);
    assert!(server.standin.queries()[0].forgotten);
    assert_eq!(server.rows("SELECT 1").await, [json!([1])]);
}

#[tokio::test]
async fn a_heartbeat_needs_an_executing_page_and_does_not_advance() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT 1").await;
    let next = server.kick(&page).await;
    assert_eq!(
        server.request(Method::HEAD, &next).await.status(),
        StatusCode::NOT_FOUND
    );
    let page = server.page(&next).await;
    let head = server.request(Method::HEAD, &next).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(server.page(&next).await, page);
}

#[tokio::test]
async fn delete_cancels_and_may_be_repeated() {
    let server = Server::start(small()).await;
    let _hold = server.standin.switches().hold_where(|_| true);
    let page = server.register("SELECT 1").await;
    let next = server.kick(&page).await;
    for _ in 0..2 {
        let answer = server.request(Method::DELETE, &next).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }
    let page = server.page(&next).await;
    assert_eq!(page["error"]["errorName"], "USER_CANCELED");
    assert!(next_uri(&page).is_none());
    let answer = server.request(Method::DELETE, &next).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_registration_that_is_cancelled_never_starts() {
    let server = Server::start(small()).await;
    let next = next_uri(&server.register("SELECT 1").await).unwrap();
    let answer = server.request(Method::DELETE, &next).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(server.get(&next).await.status(), StatusCode::NOT_FOUND);
    assert!(!server.standin.queries()[0].started);
}

#[tokio::test]
async fn a_query_is_found_and_killed_by_its_id() {
    let server = Server::start(small()).await;
    let _hold = server
        .standin
        .switches()
        .hold_where(|sql| sql.contains("victim"));
    let page = server.register("SELECT 'victim'").await;
    let next = server.kick(&page).await;
    let url = format!("{}/v1/query/{}", server.base, page["id"].as_str().unwrap());
    let alice = |method| {
        server
            .client
            .request(method, &url)
            .header("X-Trino-User", "alice")
    };
    assert_eq!(
        alice(Method::DELETE).send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    let info = super::json(alice(Method::GET).send().await.unwrap()).await;
    assert_eq!(info["state"], "FAILED");
    assert_eq!(info["errorCode"]["name"], "USER_CANCELED");
    assert_eq!(info["failureInfo"]["message"], "Query was canceled");
    assert_eq!(
        server.page(&next).await["error"]["errorName"],
        "USER_CANCELED"
    );
}

#[tokio::test]
async fn system_runtime_queries_names_state_and_error() {
    let server = Server::start(small()).await;
    let hold = server
        .standin
        .switches()
        .hold_where(|sql| sql.contains("'held'"));
    let page = server.register("SELECT 'held'").await;
    server.kick(&page).await;
    let registered = server.register("SELECT 'never started'").await;
    let id = page["id"].as_str().unwrap();
    server
        .standin
        .wait_until(|queries| queries[0].state == QueryState::Running)
        .await;
    let ask = |id: &str| {
        format!("SELECT state, error_code FROM system.runtime.queries WHERE query_id = '{id}'")
    };
    assert_eq!(server.rows(&ask(id)).await, [json!(["RUNNING", null])]);
    assert!(
        server
            .rows(&ask(registered["id"].as_str().unwrap()))
            .await
            .is_empty()
    );
    let kill = format!("CALL system.runtime.kill_query(query_id => '{id}', message => 'x')");
    assert!(server.rows(&kill).await.is_empty());
    let killed = json!(["FAILED", "ADMINISTRATIVELY_KILLED"]);
    assert_eq!(server.rows(&ask(id)).await, [killed]);
    drop(hold);
}

#[tokio::test]
async fn a_large_result_comes_in_pages() {
    let config = StandinConfig {
        page_rows: 10,
        ..small()
    };
    let server = Server::start(config).await;
    let pages = server
        .run("SELECT name FROM nation ORDER BY nationkey")
        .await;
    let rows: Vec<usize> = pages
        .iter()
        .filter_map(|page| page["data"].as_array().map(Vec::len))
        .collect();
    assert_eq!(rows, [10, 10, 5]);
}

#[tokio::test]
async fn stats_tell_what_the_documentation_says() {
    let server = Server::start(small()).await;
    let page = server.register("SELECT 1").await;
    for key in [
        "queued",
        "scheduled",
        "nodes",
        "totalSplits",
        "queuedSplits",
        "runningSplits",
        "completedSplits",
        "cpuTimeMillis",
        "wallTimeMillis",
        "queuedTimeMillis",
        "elapsedTimeMillis",
        "processedRows",
        "processedBytes",
        "peakMemoryBytes",
    ] {
        assert!(page["stats"].get(key).is_some(), "{key}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_kind() {
    let server = Server::start(small()).await;
    let pages = server.run("SELECT 1").await;
    let counts = server.standin.requests();
    assert_eq!(counts.statements, 1);
    assert_eq!(counts.queued + counts.executing, pages.len() as u64 - 1);
}

#[tokio::test]
async fn the_first_query_finds_the_tables_if_they_were_made_before() {
    let server = Server::start(small()).await;
    server.standin.warm_up().await.unwrap();
    assert!(server.standin.queries().is_empty());
    assert_eq!(
        server.rows("SELECT count(*) FROM nation").await,
        [json!([25])]
    );
}
