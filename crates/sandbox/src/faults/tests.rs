use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, routing::any};
use http::{Method, StatusCode};

use super::*;
use crate::server::{Serve, Server};

/// A service that counts what it really handled and answers `handled`.
async fn service() -> (Faults, Arc<AtomicU32>, Server, reqwest::Client) {
    crate::tls::install_provider();
    let (faults, handled) = (Faults::new(), Arc::new(AtomicU32::new(0)));
    let counter = Arc::clone(&handled);
    let router = Router::new().fallback(any(move || async move {
        counter.fetch_add(1, Ordering::SeqCst);
        "handled"
    }));
    let server = Serve::new(router)
        .with_faults(&faults, Service::Starburst)
        .listen("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    // One connection per request: a client must not repeat a request by itself.
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    (faults, handled, server, client)
}

async fn post(client: &reqwest::Client, server: &Server) -> Result<(u16, String), reqwest::Error> {
    let url = format!("{}/v1/statement", server.url());
    let answer = client.post(url).body("SELECT 1").send().await?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await?))
}

#[tokio::test]
async fn a_rule_strikes_the_nth_request_so_many_times() {
    let (faults, handled, server, client) = service().await;
    let rule = faults
        .on(Service::Starburst)
        .method(Method::POST)
        .path("/v1/*")
        .nth(2)
        .times(2)
        .answer_with(
            StatusCode::SERVICE_UNAVAILABLE,
            &[("retry-after", "7")],
            "busy",
        );
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(post(&client, &server).await.unwrap().0);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(rule.hits(), 2);
    assert_eq!(handled.load(Ordering::SeqCst), 2);
    assert_eq!(faults.count(Service::Starburst, "POST /v1/statement"), 4);
}

#[tokio::test]
async fn only_what_is_meant_is_struck() {
    let (faults, _, server, client) = service().await;
    let down = |on: On<'_>| on.always().answer(StatusCode::BAD_GATEWAY, "");
    down(faults.on(Service::Store));
    down(faults.on(Service::Starburst).method(Method::GET));
    down(faults.on(Service::Starburst).path("/v1/query/*"));
    down(faults.on(Service::Starburst).body_contains("SELECT 2"));
    assert_eq!(post(&client, &server).await.unwrap().0, 200);
    let rule = down(faults.on(Service::Starburst).body_contains("SELECT 1"));
    assert_eq!(post(&client, &server).await.unwrap().0, 502);
    rule.disarm();
    assert_eq!(post(&client, &server).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_dropped_request_has_no_effect_and_a_lost_answer_has_one() {
    let (faults, handled, server, client) = service().await;
    faults.on(Service::Starburst).drop_connection();
    assert!(post(&client, &server).await.is_err());
    assert_eq!(handled.load(Ordering::SeqCst), 0);
    faults.on(Service::Starburst).lose_answer();
    assert!(post(&client, &server).await.is_err());
    assert_eq!(handled.load(Ordering::SeqCst), 1);
    assert_eq!(post(&client, &server).await.unwrap().1, "handled");
}

#[tokio::test]
async fn bodies_come_empty_short_or_broken() {
    let (faults, _, server, client) = service().await;
    faults.on(Service::Starburst).empty_body();
    assert_eq!(post(&client, &server).await.unwrap(), (200, String::new()));
    faults.on(Service::Starburst).shorten_body(4);
    assert_eq!(
        post(&client, &server).await.unwrap(),
        (200, "hand".to_owned())
    );
    faults.on(Service::Starburst).break_body(4);
    let url = format!("{}/v1/statement", server.url());
    let answer = client.post(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn a_gate_shows_that_a_request_is_there_and_lets_it_go_on() {
    let (faults, handled, server, client) = service().await;
    for (when, seen) in [(When::BeforeHandling, 0), (When::BeforeAnswer, 2)] {
        let hold = faults.on(Service::Starburst).hold(when);
        let (answer, ()) = tokio::join!(post(&client, &server), async {
            hold.reached().await;
            assert_eq!(handled.load(Ordering::SeqCst), seen);
            hold.release();
        });
        assert_eq!(answer.unwrap().1, "handled");
    }
}

#[tokio::test]
async fn a_gate_can_drop_what_waits_at_it() {
    let (faults, handled, server, client) = service().await;
    let hold = faults.on(Service::Starburst).hold(When::BeforeAnswer);
    let (answer, ()) = tokio::join!(post(&client, &server), async {
        hold.reached().await;
        hold.drop_connections();
    });
    assert!(answer.is_err());
    assert_eq!(handled.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_log_keeps_the_newest_requests() {
    let (faults, _, server, client) = service().await;
    faults.keep_log(2);
    for _ in 0..3 {
        post(&client, &server).await.unwrap();
    }
    let log = faults.log();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].endpoint, "POST /v1/statement");
    assert_eq!(log[0].body, "SELECT 1");
    faults
        .called(Service::Starburst, "POST /v1/statement", 3)
        .await;
    faults.reset_counts();
    assert_eq!(faults.total(Service::Starburst), 0);
}

#[tokio::test]
async fn a_dropped_server_takes_its_connections_with_it() {
    let (faults, _, server, client) = service().await;
    let hold = faults.on(Service::Starburst).hold(When::BeforeHandling);
    let url = format!("{}/v1/statement", server.url());
    let (answer, ()) = tokio::join!(client.get(url).send(), async {
        hold.reached().await;
        drop(server);
    });
    assert!(answer.is_err());
}
