use tokio::time::{Duration, advance};

use super::*;
use crate::{
    ports::QueryId,
    telemetry::{Cause, Counts, Events, JobFacts},
};

#[test]
fn every_series_is_exposed_at_0_from_the_start() {
    let text = Metrics::new().unwrap().exposition().unwrap();
    for metric in declared() {
        assert!(
            text.contains(&format!("# HELP {} {}\n", metric.name, metric.help)),
            "{}",
            metric.name
        );
        assert!(
            text.contains(&format!("# TYPE {} {}\n", metric.name, metric.kind)),
            "{}",
            metric.name
        );
    }
    for series in [
        "export_worker_jobs_total{outcome=\"lease_lost\"} 0",
        "export_worker_errors_total{boundary=\"job\",kind=\"permanent\"} 0",
        "export_worker_rows_total{job_type=\"other\"} 0",
        "export_worker_step_seconds_count{step=\"finalise\"} 0",
        "export_worker_polls_per_query_count 0",
        "export_worker_jobs_in_flight{loop=\"poller\"} 0",
        concat!(
            "export_worker_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        ),
    ] {
        assert!(text.contains(series), "{series} is missing in\n{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_measured_too() {
    let text = Metrics::new().unwrap().exposition().unwrap();
    assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
}

#[test]
fn names_say_their_unit() {
    for metric in declared() {
        assert!(metric.name.starts_with("export_worker_"), "{}", metric.name);
        assert_eq!(
            metric.kind == "counter",
            metric.name.ends_with("_total"),
            "{}",
            metric.name
        );
        assert!(!metric.help.ends_with('.'), "{}", metric.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_is_measured_however_it_ends() {
    let metrics = Metrics::new().unwrap();
    let clock = metrics.step(Step::Bury);
    advance(Duration::from_secs(20)).await;
    drop(clock);
    let text = metrics.exposition().unwrap();
    assert!(text.contains("export_worker_step_seconds_sum{step=\"bury\"} 20\n"));
    assert!(text.contains("export_worker_step_seconds_bucket{step=\"bury\",le=\"10\"} 0\n"));
    assert!(text.contains("export_worker_step_seconds_bucket{step=\"bury\",le=\"30\"} 1\n"));
}

#[test]
fn a_job_is_in_flight_as_long_as_its_guard_lives() {
    let metrics = Metrics::new().unwrap();
    let guard = metrics.in_flight(Loop::Poller);
    assert_eq!(metrics.jobs_in_flight.get((Loop::Poller,)), 1);
    drop(guard);
    assert_eq!(metrics.jobs_in_flight.get((Loop::Poller,)), 0);
}

#[test]
fn statuses_are_sorted_into_outcomes() {
    for (status, outcome) in [
        (200, RequestOutcome::Ok),
        (307, RequestOutcome::Ok),
        (404, RequestOutcome::ClientError),
        (429, RequestOutcome::Throttled),
        (503, RequestOutcome::ServerError),
    ] {
        assert_eq!(RequestOutcome::from_status(status), outcome, "{status}");
    }
}

#[test]
fn a_boundary_is_up_while_it_answers_and_takes_our_credentials() {
    let metrics = Metrics::new().unwrap();
    let found = |status| {
        metrics.boundary_answered(Boundary::Storage, status);
        metrics.boundary_up.get((Boundary::Storage,))
    };
    for status in [200, 206, 302, 404, 409, 412, 429] {
        assert_eq!((found(Some(503)), found(Some(status))), (0, 1), "{status}");
    }
    for status in [None, Some(401), Some(403), Some(500), Some(599)] {
        assert_eq!((found(Some(200)), found(status)), (1, 0), "{status:?}");
    }
    assert_eq!(metrics.boundary_up.get((Boundary::Starburst,)), 0);
}

/// Every series, without its value.
fn series(metrics: &Metrics) -> std::collections::BTreeSet<String> {
    let text = metrics.exposition().unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
        .collect()
}

#[test]
fn ten_thousand_snapshots_add_no_series() {
    let metrics = Metrics::new().unwrap();
    let events = Events::new(Arc::clone(&metrics));
    let before = series(&metrics);
    for number in 0..10_000_u16 {
        let job_type = ["node", "edge", "hyperedge"][usize::from(number % 3)];
        let job = serde_json::from_value(serde_json::json!({
            "id": format!("job-{number}"), "snapshot_id": format!("snapshot-{number}"),
            "job_type": job_type,
            "entity_name": format!("Entity{number}"), "status": "pending",
        }));
        let facts = JobFacts::of(&job.unwrap());
        let query = QueryId::new(format!("query-{number}"));
        let cause = |kind| Cause {
            source: ErrorSource::Starburst,
            kind,
            message: format!("message {number}"),
        };
        let _in_flight = metrics.in_flight(Loop::Poller);
        drop(metrics.step(Step::Poll));
        metrics
            .outside_request(Boundary::Storage)
            .done(Some(number % 600));
        events.looked(Loop::Submitter, 1);
        events.claimed(&facts);
        events.submitted(&facts, &query);
        events.found(QueryState::parse(&format!("STATE_{number}")));
        events.queued(&facts, Duration::from_millis(number.into()));
        events.failed(&facts, &cause(ErrorKind::Permanent));
        events.given_back(&facts, &cause(ErrorKind::Transient), None);
        events.lease_lost(&facts, Step::Report);
        events.cancelled(&facts);
        let counts = Counts {
            rows: number.into(),
            bytes: number.into(),
            files: 1,
        };
        events.completed(&facts, counts, number.into(), None);
        let snapshot = format!("snapshot-{number}");
        events.snapshot_finalised(&snapshot.as_str().into(), SnapshotEnd::Ready);
    }
    assert_eq!(metrics.jobs.get((JobOutcome::Completed,)), 10_000);
    assert_eq!(series(&metrics), before);
}
