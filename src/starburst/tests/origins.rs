//! Where requests go, and where they do not.

use secrecy::SecretString;

use super::*;
use crate::{ports::ErrorKind, secret::Secret};

fn with_password(coordinator: &Coordinator) -> StarburstSettings {
    StarburstSettings {
        credential: Credential::Password(Secret::from_value(SecretString::from("word"))),
        ..settings(coordinator)
    }
}

#[tokio::test]
async fn a_foreign_next_uri_gets_no_request_and_no_credentials() {
    let (coordinator, foreign) = (Coordinator::start().await, Coordinator::start().await);
    let client = client_with(with_password(&coordinator));
    let error = client.follow(&next_uri(&foreign)).await.unwrap_err();
    assert_eq!(
        error,
        StarburstError::ForeignOrigin {
            found: foreign.origin().to_owned(),
            expected: coordinator.origin().to_owned()
        }
    );
    assert_eq!(error.kind(), ErrorKind::Permanent);
    assert!(foreign.seen().is_empty() && coordinator.seen().is_empty());
}

#[tokio::test]
async fn a_registration_that_names_a_foreign_page_is_refused_before_it_runs() {
    let (coordinator, foreign) = (Coordinator::start().await, Coordinator::start().await);
    coordinator.answers([Canned::ok(recorded(&foreign, "registered"))]);
    let error = client_with(with_password(&coordinator))
        .register(&statement("SELECT 1"))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("STARBURST_REWRITE_NEXT_URI=true"),
        "{error}"
    );
    assert!(foreign.seen().is_empty());
    assert_eq!(coordinator.lines(), ["POST /v1/statement"]);
}

#[tokio::test]
async fn a_foreign_next_uri_is_followed_at_home_where_that_is_wanted() {
    let coordinator = Coordinator::start().await;
    let foreign = Coordinator::start().await;
    coordinator.answers([
        Canned::ok(recorded(&foreign, "registered")),
        Canned::ok(recorded(&foreign, "planning")),
    ]);
    let client = client_with(StarburstSettings {
        rewrite_next_uri: true,
        ..with_password(&coordinator)
    });
    let registered = client.register(&statement("SELECT 1")).await.unwrap();
    client.follow(&registered.next_uri).await.unwrap();
    assert!(foreign.seen().is_empty());
    let seen = coordinator.seen();
    assert_eq!(
        seen[1].path,
        format!("/v1/statement/queued/{QUERY}/y7d0cafe1/1")
    );
    assert_eq!(
        seen[1].header("authorization"),
        seen[0].header("authorization")
    );
    assert!(seen[1].header("authorization").is_some());
}

#[tokio::test]
async fn a_got_page_follows_temporary_redirects_at_home() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([
        Canned::new(307, "").header("location", "/v1/elsewhere?x=1"),
        Canned::new(308, "").header("location", format!("{}/v1/there", coordinator.origin())),
        Canned::ok(recorded(&coordinator, "running")),
    ]);
    client(&coordinator)
        .follow(&next_uri(&coordinator))
        .await
        .unwrap();
    let lines = coordinator.lines();
    assert_eq!(lines[1..], ["GET /v1/elsewhere?x=1", "GET /v1/there"]);
}

#[tokio::test]
async fn a_redirect_to_elsewhere_is_not_followed() {
    let (coordinator, foreign) = (Coordinator::start().await, Coordinator::start().await);
    coordinator
        .answers([Canned::new(307, "").header("location", format!("{}/v1", foreign.origin()))]);
    let error = client_with(with_password(&coordinator))
        .follow(&next_uri(&coordinator))
        .await
        .unwrap_err();
    assert!(
        matches!(error, StarburstError::ForeignOrigin { .. }),
        "{error}"
    );
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let coordinator = Coordinator::start().await;
    coordinator.answers(vec![Canned::new(307, "").header("location", "/round"); 20]);
    let error = client(&coordinator)
        .follow(&next_uri(&coordinator))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("in a row"), "{error}");
    assert_eq!(coordinator.seen().len(), 5);
}

#[tokio::test]
async fn a_posted_statement_and_lasting_redirects_are_not_sent_on() {
    for status in [301, 302, 303, 307, 308] {
        let coordinator = Coordinator::start().await;
        let location = "https://gate.example/login?back=secret";
        coordinator.answers([Canned::new(status, "").header("location", location)]);
        let error = client(&coordinator)
            .register(&statement("SELECT 1"))
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("redirects to https://gate.example;"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(error.kind(), ErrorKind::Permanent);
        assert_eq!(coordinator.seen().len(), 1);
    }
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::new(302, "").header("location", "/login")]);
    let result = client(&coordinator).follow(&next_uri(&coordinator)).await;
    assert!(
        matches!(result, Err(StarburstError::Refused { status: 302, .. })),
        "{result:?}"
    );
}
