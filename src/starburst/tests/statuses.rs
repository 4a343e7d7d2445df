//! Every row of the table of HTTP statuses.

use super::*;
use crate::{ports::ErrorKind, retry::Retryable as _};

/// Registers against `answers` and returns what came, and how often it was asked.
async fn registering(answers: Vec<Canned>) -> (Result<QueryId, StarburstError>, usize) {
    let coordinator = Coordinator::start().await;
    coordinator.answers(answers);
    coordinator.answers([Canned::ok(recorded(&coordinator, "registered"))]);
    let result = client(&coordinator).register(&statement("SELECT 1")).await;
    (
        result.map(|registered| registered.query_id),
        coordinator.seen().len(),
    )
}

/// Follows a nextUri against `answers`, likewise.
async fn following(answers: Vec<Canned>) -> (Result<(), StarburstError>, usize) {
    let coordinator = Coordinator::start().await;
    coordinator.answers(answers);
    coordinator.answers([Canned::ok(recorded(&coordinator, "running"))]);
    let result = client(&coordinator).follow(&next_uri(&coordinator)).await;
    (result.map(|_| ()), coordinator.seen().len())
}

fn passing() -> Vec<Canned> {
    vec![
        Canned::ok(""),
        Canned::ok(" \n"),
        Canned::ok("{\"id\": \"2026"),
        Canned::broken_off("{\"id\": \"2026"),
        Canned::ok("<html><title>Sign in</title>"),
        Canned::ok("[]"),
        Canned::new(204, ""),
        Canned::new(408, ""),
        Canned::new(429, "slow down").header("retry-after", "0"),
        Canned::new(500, "NullPointerException"),
        Canned::new(502, "<html>bad gateway"),
        Canned::new(503, ""),
        Canned::new(504, ""),
        Canned::hang_up(),
    ]
}

#[tokio::test]
async fn what_passes_is_asked_again_whether_posted_or_got() {
    for answer in passing() {
        let (result, asked) = registering(vec![answer.clone()]).await;
        assert_eq!((result, asked), (Ok(query()), 2), "POST {answer:?}");
        let (result, asked) = following(vec![answer.clone()]).await;
        assert_eq!((result, asked), (Ok(()), 2), "GET {answer:?}");
    }
}

#[tokio::test]
async fn what_does_not_pass_ends_after_the_last_retry_as_transient() {
    for answer in passing() {
        let (result, asked) = registering(vec![answer.clone(); 4]).await;
        assert_eq!(asked, 4, "POST {answer:?}");
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Transient);
        let (result, asked) = following(vec![answer.clone(); 3]).await;
        assert_eq!(asked, 3, "GET {answer:?}");
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Transient);
    }
}

#[tokio::test]
async fn what_was_asked_for_in_retry_after_reaches_the_policy() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::new(429, "").header("retry-after", "7")]);
    let client = client_with(StarburstSettings {
        submission_retry: RetryPolicy::SUBMISSION.with_retries(0),
        ..settings(&coordinator)
    });
    let error = client.register(&statement("SELECT 1")).await.unwrap_err();
    assert_eq!(
        error,
        StarburstError::Busy {
            status: 429,
            retry_after: Some(Duration::from_secs(7))
        }
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_posted_statement_that_is_refused_fails_at_once_and_says_what_to_do() {
    for (status, body, says) in [
        (400, "SQL statement is empty", "SQL statement is empty"),
        (403, "Forbidden", "STARBURST_USER"),
        (
            403,
            "Authentication over HTTP is not enabled",
            "must be https",
        ),
        (
            406,
            "Server configuration does not allow processing of the X-Forwarded-For header",
            "http-server.process-forwarded=true",
        ),
        (
            500,
            "io.trino.spi.security.AccessDeniedException: Access Denied: Cannot set role boss",
            "STARBURST_ROLE",
        ),
        (418, "short and stout", "short and stout"),
    ] {
        let (result, asked) = registering(vec![Canned::new(status, body)]).await;
        let error = result.unwrap_err();
        assert!(
            matches!(error, StarburstError::Refused { status: s, .. } if s == status),
            "{error:?}"
        );
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!((error.kind(), asked), (ErrorKind::Permanent, 1), "{error}");
    }
}

#[tokio::test]
async fn no_coordinator_at_the_address_is_told_from_a_query_that_is_gone() {
    let (result, _) = registering(vec![Canned::new(404, "no such page"); 4]).await;
    let error = result.unwrap_err();
    assert!(error.to_string().contains("check STARBURST_URL"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Transient);
    for (status, is) in [(404, StarburstError::NotFound), (410, StarburstError::Gone)] {
        let (result, asked) = following(vec![Canned::new(status, "Query not found")]).await;
        assert_eq!((result, asked), (Err(is.clone()), 1));
        assert_eq!(is.kind(), ErrorKind::Transient);
    }
}

#[tokio::test]
async fn a_role_we_do_not_hold_is_no_matter_of_a_page() {
    let (result, asked) = following(vec![Canned::new(500, "AccessDeniedException")]).await;
    assert_eq!((result, asked), (Ok(()), 2));
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let coordinator = Coordinator::start().await;
    let long = vec![b' '; 17 * 1024 * 1024];
    coordinator.answers([Canned::ok(long)]);
    let client = client_with(StarburstSettings {
        follow_retry: RetryPolicy::FOLLOW.with_retries(0),
        ..settings(&coordinator)
    });
    let error = client.follow(&next_uri(&coordinator)).await.unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[tokio::test]
async fn a_registration_without_a_first_page_is_no_registration() {
    let (result, asked) = registering(vec![Canned::ok("{\"id\": \"q\"}")]).await;
    assert_eq!((result, asked), (Ok(query()), 2));
}

#[tokio::test]
async fn a_registration_that_ends_in_an_error_is_an_error_of_the_query() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::ok(recorded(&coordinator, "starting_up"))]);
    let result = client(&coordinator).register(&statement("SELECT 1")).await;
    let Err(StarburstError::Query(error)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(error.name, "SERVER_STARTING_UP");
}

#[tokio::test]
async fn nobody_there_is_named_by_origin_alone() {
    let coordinator = Coordinator::start().await;
    let (client, next_uri) = (client(&coordinator), next_uri(&coordinator));
    let origin = coordinator.origin().to_owned();
    drop(coordinator);
    let error = client.follow(&next_uri).await.unwrap_err();
    let StarburstError::Unreachable { origin: named, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(*named, origin);
    assert!(!format!("{error} {error:?}").contains("slug"), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Transient);
}

#[tokio::test]
async fn a_shutdown_cuts_what_is_under_way() {
    let coordinator = Coordinator::start().await;
    coordinator.answers(vec![Canned::new(503, ""); 9]);
    let http = HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap();
    let shutdown = CancellationToken::new();
    let settings = StarburstSettings {
        follow_retry: RetryPolicy::fixed(Duration::from_secs(3600), 9),
        ..settings(&coordinator)
    };
    let client = StarburstClient::new(settings, &http, shutdown.clone()).unwrap();
    let next_uri = next_uri(&coordinator);
    let (result, ()) = tokio::join!(client.follow(&next_uri), async {
        coordinator.asked().await;
        shutdown.cancel();
    });
    let error = result.unwrap_err();
    assert_eq!(error, StarburstError::Interrupted);
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}
