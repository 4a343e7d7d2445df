//! A query found again by its id.

use super::*;

async fn fate(coordinator: &Coordinator) -> Fate {
    client(coordinator).look_up(&query()).await.unwrap()
}

#[tokio::test]
async fn the_coordinator_tells_what_became_of_a_query() {
    for (name, fate_is) in [
        ("query_running", Fate::Running),
        ("query_finishing", Fate::Finishing),
        ("query_finished", Fate::Finished),
    ] {
        let coordinator = Coordinator::start().await;
        coordinator.answers([Canned::ok(recorded(&coordinator, name))]);
        assert_eq!(fate(&coordinator).await, fate_is);
        assert_eq!(
            coordinator.lines(),
            [format!("GET /v1/query/{QUERY}?pruned=true")]
        );
        assert_eq!(
            coordinator.seen()[0].header("x-trino-user"),
            Some("exporter")
        );
    }
}

#[tokio::test]
async fn a_failed_query_keeps_its_error() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::ok(recorded(&coordinator, "query_failed"))]);
    let Fate::Failed(error) = fate(&coordinator).await else {
        panic!("it failed");
    };
    assert_eq!(
        error.to_string(),
        "USER_CANCELED (USER_ERROR, 3): Query was canceled"
    );
}

#[tokio::test]
async fn a_query_the_coordinator_does_not_know_is_unknown() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::new(410, "")]);
    assert_eq!(fate(&coordinator).await, Fate::Unknown);
}

#[tokio::test]
async fn a_moments_failure_is_asked_again() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([
        Canned::new(503, ""),
        Canned::ok(""),
        Canned::ok(recorded(&coordinator, "query_finished")),
    ]);
    assert_eq!(fate(&coordinator).await, Fate::Finished);
}

#[tokio::test]
async fn where_the_endpoint_is_hidden_sql_tells() {
    for hidden in [
        Canned::new(403, "Access Denied"),
        Canned::new(404, "<html>default backend"),
        Canned::new(302, "").header("location", "/login"),
        Canned::ok("<!doctype html><title>Sign in</title>"),
    ] {
        let coordinator = Coordinator::start().await;
        coordinator.answers([
            hidden,
            Canned::ok(recorded(&coordinator, "registered")),
            Canned::ok(recorded(&coordinator, "row_of_queries")),
        ]);
        let Fate::Failed(error) = fate(&coordinator).await else {
            panic!("it failed");
        };
        assert_eq!(error.name, "USER_CANCELED");
        assert_eq!(
            coordinator.seen()[1].body,
            format!(
                "SELECT state, error_code FROM system.runtime.queries WHERE query_id = '{QUERY}'"
            )
        );
    }
}

#[tokio::test]
async fn a_query_without_a_row_is_unknown() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([
        Canned::new(403, ""),
        Canned::ok(recorded(&coordinator, "registered")),
        Canned::ok(recorded(&coordinator, "no_row_of_queries")),
    ]);
    assert_eq!(fate(&coordinator).await, Fate::Unknown);
}

#[tokio::test]
async fn the_error_of_asking_does_not_pass_for_that_of_the_query() {
    let coordinator = Coordinator::start().await;
    coordinator.answers([
        Canned::new(403, ""),
        Canned::ok(recorded(&coordinator, "registered")),
        Canned::ok(recorded(&coordinator, "syntax_error")),
    ]);
    let error = client(&coordinator).look_up(&query()).await.unwrap_err();
    assert!(matches!(error, StarburstError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("grant the user"), "{error}");

    let coordinator = Coordinator::start().await;
    coordinator.answers([
        Canned::new(403, ""),
        Canned::ok(recorded(&coordinator, "registered")),
        Canned::ok(recorded(&coordinator, "queue_full")),
    ]);
    let error = client(&coordinator).look_up(&query()).await.unwrap_err();
    assert!(
        matches!(error, StarburstError::ServerError { .. }),
        "{error:?}"
    );
}
