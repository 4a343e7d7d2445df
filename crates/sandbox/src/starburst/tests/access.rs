use reqwest::StatusCode;
use serde_json::json;

use super::super::{PlainHttp, StandinConfig};
use super::{Server, next_uri, small};

#[tokio::test]
async fn a_statement_needs_a_user_a_text_and_a_catalog_for_its_schema() {
    let server = Server::start(small()).await;
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
    assert_eq!(
        status(server.bare_statement("SELECT 1")).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(status(server.statement(" ")).await, StatusCode::BAD_REQUEST);
    let schema_only = server
        .bare_statement("SELECT 1")
        .header("X-Trino-User", "alice")
        .header("X-Trino-Schema", "tiny");
    assert_eq!(status(schema_only).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_password_is_checked_but_a_next_uri_needs_none() {
    let config = StandinConfig {
        password: Some(("alice".to_owned(), "secret".to_owned())),
        token: Some("jwt".to_owned()),
        ..small()
    };
    let server = Server::start(config).await;
    let none = server.statement("SELECT 1").send().await.unwrap();
    assert_eq!(none.status(), StatusCode::UNAUTHORIZED);
    assert!(none.headers().contains_key("www-authenticate"));
    let wrong = server
        .statement("SELECT 1")
        .basic_auth("alice", Some("guess"));
    assert_eq!(
        wrong.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let bearer = server.statement("SELECT 1").bearer_auth("jwt");
    assert_eq!(bearer.send().await.unwrap().status(), StatusCode::OK);
    let right = server
        .statement("SELECT 1")
        .basic_auth("alice", Some("secret"));
    let page = super::json(right.send().await.unwrap()).await;
    let pages = server.follow(page).await;
    assert!(pages[pages.len() - 1].get("error").is_none());
}

#[tokio::test]
async fn plain_http_can_refuse_a_password_or_everything() {
    for (plain_http, expected) in [
        (PlainHttp::Accepted, StatusCode::OK),
        (PlainHttp::PasswordRefused, StatusCode::UNAUTHORIZED),
        (PlainHttp::Refused, StatusCode::FORBIDDEN),
    ] {
        let server = Server::start(StandinConfig {
            plain_http,
            ..small()
        })
        .await;
        let request = || server.statement("SELECT 1").basic_auth("alice", Some("x"));
        assert_eq!(request().send().await.unwrap().status(), expected);
        let over_tls = request()
            .header("X-Forwarded-Proto", "https")
            .send()
            .await
            .unwrap();
        assert_eq!(over_tls.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn the_origin_of_a_next_uri_is_what_the_proxy_says() {
    let server = Server::start(small()).await;
    let request = server
        .statement("SELECT 1")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "starburst.example");
    let page = super::json(request.send().await.unwrap()).await;
    let next = next_uri(&page).unwrap();
    assert!(
        next.starts_with("https://starburst.example/v1/statement/queued/"),
        "{next}"
    );
}

#[tokio::test]
async fn a_server_may_not_process_forwarded_headers() {
    let config = StandinConfig {
        process_forwarded: false,
        ..small()
    };
    let server = Server::start(config).await;
    let request = server
        .statement("SELECT 1")
        .header("X-Forwarded-Proto", "https");
    assert_eq!(
        request.send().await.unwrap().status(),
        StatusCode::NOT_ACCEPTABLE
    );
}

#[tokio::test]
async fn a_role_that_the_user_does_not_hold_is_a_server_error() {
    let config = StandinConfig {
        roles: Some(vec!["analyst".to_owned()]),
        ..small()
    };
    let server = Server::start(config).await;
    let with_role = |role: &str| server.statement("SELECT 1").header("X-Trino-Role", role);
    let held = with_role("system=ROLE%7Banalyst%7D").send().await.unwrap();
    assert_eq!(held.status(), StatusCode::OK);
    assert_eq!(
        server.standin.queries()[0].session.role.as_deref(),
        Some("analyst")
    );
    let foreign = with_role("system=ROLE%7Badmin%7D").send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = foreign.text().await.unwrap();
    assert!(
        text.contains("AccessDeniedException") && text.contains("Cannot set role"),
        "{text}"
    );
}

#[tokio::test]
async fn errors_of_the_statement_come_on_a_page_with_name_and_place() {
    let server = Server::start(small()).await;
    for (sql, name, place) in [
        (
            "SELEC 1",
            "SYNTAX_ERROR",
            json!({"lineNumber": 1, "columnNumber": 1}),
        ),
        (
            "SELECT 1;",
            "SYNTAX_ERROR",
            json!({"lineNumber": 1, "columnNumber": 9}),
        ),
        (
            "SELECT FROM FROM",
            "SYNTAX_ERROR",
            json!({"lineNumber": 1, "columnNumber": 8}),
        ),
        (
            "SELECT\n nope FROM tpch.tiny.region",
            "COLUMN_NOT_FOUND",
            json!({"lineNumber": 2, "columnNumber": 2}),
        ),
        (
            "SELECT * FROM nope",
            "TABLE_NOT_FOUND",
            json!({"lineNumber": 1, "columnNumber": 15}),
        ),
        (
            "SELECT * FROM nope.tiny.region",
            "CATALOG_NOT_FOUND",
            json!({"lineNumber": 1, "columnNumber": 15}),
        ),
        (
            "SELECT nope(1)",
            "FUNCTION_NOT_FOUND",
            json!({"lineNumber": 1, "columnNumber": 8}),
        ),
        ("SELECT 1 / 0", "DIVISION_BY_ZERO", json!(null)),
        ("DROP TABLE region", "NOT_SUPPORTED", json!(null)),
    ] {
        let error = server.error(sql).await;
        assert_eq!(error["errorName"], name, "{sql}");
        assert_eq!(error["errorLocation"], place, "{sql}: {error}");
        assert_eq!(error["errorType"], "USER_ERROR");
    }
}

#[tokio::test]
async fn a_text_of_more_than_a_million_characters_is_too_large() {
    let server = Server::start(small()).await;
    let sql = format!("SELECT '{}'", "x".repeat(1_000_000));
    assert_eq!(
        server.error(&sql).await["errorName"],
        "QUERY_TEXT_TOO_LARGE"
    );
}
