//! Each recorded page, through the socket, and what is made of it.

use export_api::QueryStats;

use super::*;
use crate::ports::{ErrorKind, Page, Phase, Remedy};

async fn page(name: &str) -> Page {
    let coordinator = Coordinator::start().await;
    coordinator.answers([Canned::ok(recorded(&coordinator, name))]);
    client(&coordinator)
        .follow(&next_uri(&coordinator))
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[tokio::test]
async fn pages_on_the_way_say_how_far_the_query_is() {
    for (name, phase, has_data, at_once) in [
        ("registered", Phase::HandOver, false, true),
        ("queued", Phase::HandOver, false, true),
        ("waiting", Phase::Waiting, false, false),
        ("planning", Phase::HandOver, false, true),
        ("running", Phase::Running, false, false),
        ("data", Phase::Running, true, true),
        ("spooled", Phase::Running, true, true),
        ("finishing", Phase::Draining, false, true),
        ("odd", Phase::HandOver, false, true),
    ] {
        let page = page(name).await;
        assert!(page.next_uri.is_some(), "{name}");
        assert_eq!(page.error, None, "{name}");
        assert_eq!((page.phase, page.has_data), (phase, has_data), "{name}");
        assert_eq!(page.follow_at_once(), at_once, "{name}");
    }
}

#[tokio::test]
async fn a_page_without_a_next_one_ends_the_query() {
    for name in ["finished", "bare", "row_of_queries", "no_row_of_queries"] {
        let page = page(name).await;
        assert_eq!((page.next_uri, page.error), (None, None), "{name}");
    }
    assert_eq!(
        page("finished").await.stats,
        QueryStats {
            processed_rows: 6_001_215,
            processed_bytes: 8_589_934_592,
            cpu_millis: 301_544,
            peak_memory_bytes: 912_680_550,
            elapsed_millis: 92_310,
            queued_millis: 1,
        }
    );
}

#[tokio::test]
async fn numbers_of_any_shape_are_read_and_what_is_no_number_is_left_out() {
    assert_eq!(
        page("odd").await.stats,
        QueryStats {
            processed_rows: 12,
            processed_bytes: 0,
            cpu_millis: 0,
            peak_memory_bytes: u64::MAX,
            elapsed_millis: 1500,
            queued_millis: 0,
        }
    );
}

#[tokio::test]
async fn error_pages_are_terminal_and_keep_what_the_coordinator_said() {
    for (name, remedy, says) in [
        (
            "syntax_error",
            Remedy::Fail,
            "SYNTAX_ERROR (USER_ERROR, 1): line 3:8: mismatched input",
        ),
        ("syntax_error", Remedy::Fail, "(line 3, column 8)"),
        (
            "unload_missing",
            Remedy::Fail,
            "set STARBURST_UNLOAD_FUNCTION",
        ),
        (
            "queue_full",
            Remedy::RetryLater,
            "QUERY_QUEUE_FULL (INSUFFICIENT_RESOURCES, 131074)",
        ),
        ("abandoned", Remedy::Retry, "ABANDONED_QUERY"),
        ("starting_up", Remedy::Retry, "still initializing"),
        // Beside a nextUri.
        ("path_exists", Remedy::Fail, "already exists"),
    ] {
        let error = page(name).await.error.unwrap();
        assert_eq!(error.remedy(), remedy, "{name}");
        assert!(error.to_string().contains(says), "{name}: {error}");
        assert_eq!(StarburstError::Query(error).kind(), remedy.kind());
    }
    assert_eq!(Remedy::Fail.kind(), ErrorKind::Permanent);
}

#[test]
fn every_recorded_page_is_read_by_a_test() {
    let read = [
        "abandoned",
        "bare",
        "data",
        "finished",
        "finishing",
        "no_row_of_queries",
        "odd",
        "path_exists",
        "planning",
        "query_failed",
        "query_finished",
        "query_finishing",
        "query_running",
        "queue_full",
        "queued",
        "registered",
        "row_of_queries",
        "running",
        "spooled",
        "starting_up",
        "syntax_error",
        "unload_missing",
        "waiting",
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/starburst");
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    there.sort();
    assert_eq!(there, read);
}
