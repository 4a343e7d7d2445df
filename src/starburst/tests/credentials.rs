//! Headers, and how we prove who we are.

use std::path::PathBuf;

use secrecy::SecretString;

use super::*;
use crate::{ports::ErrorKind, secret::Secret};

fn value(text: &str) -> Secret {
    Secret::from_value(SecretString::from(text))
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf, Secret) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, text).unwrap();
    let secret = Secret::in_file("PASSWORD_FILE", &path);
    secret.current().unwrap();
    (folder, path, secret)
}

#[tokio::test]
async fn a_statement_carries_its_session_in_headers() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::ok(recorded(&coordinator, "registered"))]);
    let client = client_with(StarburstSettings {
        credential: Credential::Password(value("Sesame")),
        catalog: Some("lake".to_owned()),
        schema: Some("sales".to_owned()),
        role: Some("everyday".to_owned()),
        client_tags: vec!["graph-olap-export".to_owned(), "gold".to_owned()],
        ..settings(&coordinator)
    });
    let statement = Statement {
        sql: "SELECT 'größe'".to_owned(),
        catalog: Some("other".to_owned()),
        role: Some("analyst".to_owned()),
        trace_token: "job 1\n".to_owned(),
    };
    let registered = client.register(&statement).await.unwrap();
    assert_eq!(registered.query_id, query());

    let seen = &coordinator.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/v1/statement")
    );
    assert_eq!(seen.body, "SELECT 'größe'");
    for (name, is) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("accept-encoding", "identity"),
        // exporter:Sesame
        ("authorization", "Basic ZXhwb3J0ZXI6U2VzYW1l"),
        ("x-trino-user", "exporter"),
        ("x-trino-source", "export-worker"),
        ("x-trino-catalog", "other"),
        ("x-trino-schema", "sales"),
        ("x-trino-client-tags", "graph-olap-export,gold"),
        ("x-trino-role", "system=ROLE%7Banalyst%7D"),
        ("x-trino-trace-token", "job_1_"),
        ("x-trino-time-zone", "UTC"),
        ("x-trino-client-capabilities", "PARAMETRIC_DATETIME"),
    ] {
        assert_eq!(seen.header(name), Some(is), "{name}");
    }
}

#[tokio::test]
async fn what_is_not_set_is_not_sent() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::ok(recorded(&coordinator, "registered"))]);
    client(&coordinator)
        .register(&statement("SELECT 1"))
        .await
        .unwrap();
    let seen = &coordinator.seen()[0];
    for name in [
        "authorization",
        "x-trino-catalog",
        "x-trino-schema",
        "x-trino-role",
    ] {
        assert_eq!(seen.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_token_is_sent_as_bearer() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::ok(recorded(&coordinator, "running"))]);
    let client = client_with(StarburstSettings {
        credential: Credential::Token(value("a.b.c")),
        ..settings(&coordinator)
    });
    client.follow(&next_uri(&coordinator)).await.unwrap();
    assert_eq!(
        coordinator.seen()[0].header("authorization"),
        Some("Bearer a.b.c")
    );
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_read_again_too() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::ok(recorded(&coordinator, "running"))]);
    let (_folder, path, secret) = file("two\nlines");
    let client = client_with(StarburstSettings {
        credential: Credential::Token(secret),
        ..settings(&coordinator)
    });
    std::fs::write(&path, "new").unwrap();
    let error = client.follow(&next_uri(&coordinator)).await.unwrap_err();
    assert!(matches!(error, StarburstError::Credential(_)), "{error}");
    client.follow(&next_uri(&coordinator)).await.unwrap();
    let sent = &coordinator.seen()[0];
    assert_eq!(sent.header("authorization"), Some("Bearer new"));
}

#[tokio::test]
async fn a_rotated_password_is_read_again_once_and_used() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([
        Canned::new(401, "Access Denied: Invalid credentials"),
        Canned::ok(recorded(&coordinator, "running")),
        Canned::ok(recorded(&coordinator, "running")),
    ]);
    let (_folder, path, secret) = file("old");
    let client = client_with(StarburstSettings {
        credential: Credential::Password(secret),
        ..settings(&coordinator)
    });
    std::fs::write(&path, "new\n").unwrap();
    client.follow(&next_uri(&coordinator)).await.unwrap();
    client.follow(&next_uri(&coordinator)).await.unwrap();
    let sent: Vec<_> = coordinator
        .seen()
        .iter()
        .map(|seen| seen.header("authorization").unwrap().to_owned())
        .collect();
    // exporter:old, exporter:new
    assert_eq!(
        sent,
        [
            "Basic ZXhwb3J0ZXI6b2xk",
            "Basic ZXhwb3J0ZXI6bmV3",
            "Basic ZXhwb3J0ZXI6bmV3"
        ]
    );
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_and_never_shown() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::new(401, "Access Denied: Invalid credentials")]);
    let (_folder, _path, secret) = file("Sesame");
    let settings = StarburstSettings {
        credential: Credential::Password(secret),
        ..settings(&coordinator)
    };
    assert!(!format!("{settings:?}").contains("Sesame"));
    let client = client_with(settings);
    let error = client.register(&statement("SELECT 1")).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Invalid credentials"), "{text}");
    // The server is spoken to in plain http here.
    assert!(text.contains("STARBURST_URL must be https"), "{text}");
    assert!(!format!("{client:?} {error:?}").contains("Sesame"));
    assert_eq!(error.kind(), ErrorKind::Permanent);
    assert_eq!(coordinator.seen().len(), 1);
}

#[tokio::test]
async fn no_credentials_where_some_are_wanted_names_the_variables() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::new(401, "")]);
    let error = client(&coordinator)
        .register(&statement("SELECT 1"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("STARBURST_PASSWORD"), "{error}");
}

#[tokio::test]
async fn a_password_file_that_is_gone_is_named() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::new(401, "")]);
    let (folder, path, secret) = file("old");
    let client = client_with(StarburstSettings {
        credential: Credential::Password(secret),
        ..settings(&coordinator)
    });
    drop(folder);
    let error = client.register(&statement("SELECT 1")).await.unwrap_err();
    assert!(matches!(error, StarburstError::Credential(_)), "{error:?}");
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
}

#[tokio::test]
async fn settings_with_a_problem_make_no_client() {
    let coordinator = Coordinator::start().await;
    let http = HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap();
    let settings = StarburstSettings {
        schema: Some("sales".to_owned()),
        ..settings(&coordinator)
    };
    let error = StarburstClient::new(settings, &http, CancellationToken::new()).unwrap_err();
    assert_eq!(error.variable, "STARBURST_SCHEMA");
}
