use std::sync::Arc;

use object_store::{
    ClientOptions, StaticCredentialProvider,
    client::{HttpConnector as _, HttpErrorKind, HttpRequest},
    gcp::GcpCredential,
};

use super::*;
use crate::{
    http::{HttpClient, TlsSettings, scripted::ScriptedServer},
    storage::credentials::{Credentials, Shared},
    telemetry::Metrics,
};

#[tokio::test]
async fn an_emulator_is_sent_no_credential() {
    let store = TestStore::start().await;
    list(&store).await.unwrap();
    assert_eq!(store.asked()[0].header("authorization"), None);
}

#[tokio::test]
async fn every_request_carries_the_token_and_none_shows_it() {
    let store = TestStore::start().await;
    store.put("a/b/file", crate::storage::test_parquet::parquet(1, 0));
    let object = listed(&store, "a/b/file").await;
    let mut client = store.client();
    let bearer = "the-token".to_owned();
    let provider = StaticCredentialProvider::new(GcpCredential { bearer });
    client.credentials = Some(Credentials::of(Arc::new(provider)));
    client.footer(&object).await.unwrap();
    client.check_writable(&folder()).await.unwrap();
    client.delete(&object).await.unwrap();
    for asked in &store.asked()[1..] {
        assert_eq!(asked.header("authorization"), Some("Bearer the-token"));
    }
    assert!(!format!("{client:?}").contains("the-token"));
}

fn shared() -> object_store::client::HttpClient {
    let http = HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap();
    Shared(http).connect(&ClientOptions::new()).unwrap()
}

fn token_request(url: &url::Url) -> HttpRequest {
    http::Request::post(format!("{url}token"))
        .header("metadata-flavor", "Google")
        .body("grant=x".to_owned().into())
        .unwrap()
}

#[tokio::test]
async fn tokens_are_asked_for_over_the_one_client() {
    let server =
        ScriptedServer::answering(|_| Scripted::new(201, "tok").with("x-served", "yes")).await;
    let answer = shared().execute(token_request(&server.url)).await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["x-served"], "yes");
    assert_eq!(answer.into_body().bytes().await.unwrap(), "tok");
    let asked = &server.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.uri.path()),
        ("POST", "/token")
    );
    assert_eq!(asked.header("metadata-flavor"), Some("Google"));
    assert_eq!(asked.header("content-length"), Some("7"));
    assert_eq!(asked.body, "grant=x");
}

#[tokio::test]
async fn a_token_server_that_is_not_there_is_told_apart() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = url::Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    let error = shared().execute(token_request(&url)).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Connect);
}
