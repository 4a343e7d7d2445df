use std::{
    io,
    sync::{Arc, Mutex},
};

use export_api::ExportJob;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::ports::{ErrorKind, QueryId};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Runs `work` with a log of its own.
fn logged(level: &str, format: LogFormat, work: impl FnOnce()) -> Log {
    let log = Log::default();
    let level = LogLevel::parse(level).unwrap();
    let subscriber = logging::subscriber(&level, format, Some("worker-1"), log.clone());
    tracing::subscriber::with_default(subscriber, work);
    log
}

fn job() -> ExportJob {
    serde_json::from_value(json!({
        "id": "job-1", "snapshot_id": "snapshot-1", "job_type": "edge",
        "entity_name": "PURCHASED", "status": "claimed", "attempt": 2,
    }))
    .unwrap()
}

#[test]
fn every_line_about_a_job_carries_its_flat_fields() {
    let events = Events::new(Metrics::new().unwrap());
    let log = logged("info", LogFormat::Json, || {
        let facts = JobFacts::of(&job());
        events.submitted(&facts, &QueryId::new("20261122_030507_00042_abcde"));
        let counts = Counts {
            rows: 3_000_000_000,
            bytes: 7,
            files: 1,
        };
        events.completed(&facts, counts, 4, None);
    });
    let lines = log.lines();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        for (field, value) in [
            ("snapshot_id", json!("snapshot-1")),
            ("job_id", json!("job-1")),
            ("entity", json!("PURCHASED")),
            ("attempt", json!(2)),
            ("query_id", json!("20261122_030507_00042_abcde")),
            ("worker_id", json!("worker-1")),
            ("severity", json!("INFO")),
        ] {
            assert_eq!(line[field], value, "{field} in {line}");
        }
    }
    assert_eq!(lines[1]["message"], "job completed");
    assert_eq!(lines[1]["rows"], json!(3_000_000_000_u64));
}

#[test]
fn a_line_inside_a_step_carries_the_fields_of_the_job_around_it() {
    let log = logged("info", LogFormat::Json, || {
        let facts = JobFacts::of(&job());
        facts.span().in_scope(|| {
            tracing::info_span!("step", step = "check").in_scope(|| {
                tracing::warn!(url = "gs://bucket/a", "debris");
            });
        });
    });
    let line = &log.lines()[0];
    assert_eq!(line["job_id"], "job-1");
    assert_eq!(line["step"], "check");
    assert_eq!(line["url"], "gs://bucket/a");
    assert_eq!(line["severity"], "WARNING");
}

#[test]
fn a_warning_names_its_job_even_where_only_warnings_are_logged() {
    let events = Events::new(Metrics::new().unwrap());
    let log = logged("WARN", LogFormat::Json, || {
        let facts = JobFacts::of(&job());
        events.claimed(&facts);
        events.lease_lost(&facts, Step::Persist);
    });
    let lines = log.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["job_id"], "job-1");
    assert_eq!(lines[0]["step"], "persist");
}

#[test]
fn an_event_writes_its_metrics_beside_its_line() {
    let metrics = Metrics::new().unwrap();
    let events = Events::new(Arc::clone(&metrics));
    let facts = JobFacts::of(&job());
    let cause = |kind| Cause {
        source: ErrorSource::Starburst,
        kind,
        message: "query failed".to_owned(),
    };
    events.looked(Loop::Submitter, 1);
    events.looked(Loop::Submitter, 0);
    events.claimed(&facts);
    events.given_back(&facts, &cause(ErrorKind::Transient), None);
    events.given_back(&facts, &cause(ErrorKind::Interrupted), None);
    events.failed(&facts, &cause(ErrorKind::Permanent));
    events.cancelled(&facts);
    events.lease_lost(&facts, Step::Report);
    let counts = Counts {
        rows: 10,
        bytes: 20,
        files: 2,
    };
    events.completed(&facts, counts, 3, Some(std::time::Duration::from_secs(4)));
    events.snapshot_finalised(&"snapshot-1".into(), SnapshotEnd::Failed);

    for outcome in [
        JobOutcome::Claimed,
        JobOutcome::GivenBack,
        JobOutcome::Interrupted,
        JobOutcome::Failed,
        JobOutcome::Cancelled,
        JobOutcome::LeaseLost,
        JobOutcome::Completed,
    ] {
        assert_eq!(metrics.jobs.get((outcome,)), 1, "{outcome:?}");
    }
    assert_eq!(metrics.jobs.get((JobOutcome::Submitted,)), 0);
    assert_eq!(metrics.claims.get((Loop::Submitter,)), 2);
    assert_eq!(metrics.empty_claims.get((Loop::Submitter,)), 1);
    let errors = |kind, source| metrics.errors.get((kind, source));
    assert_eq!(errors(ErrorKind::Permanent, ErrorSource::Starburst), 1);
    assert_eq!(errors(ErrorKind::LeaseLost, ErrorSource::ControlPlane), 1);
    assert_eq!(metrics.rows.get((Exported::Edge,)), 10);
    assert_eq!(metrics.bytes.get((Exported::Edge,)), 20);
    assert_eq!(metrics.files.get((Exported::Edge,)), 2);
    assert_eq!(metrics.rows.get((Exported::Node,)), 0);
    assert_eq!(metrics.lease_losses.get((Step::Report,)), 1);
    assert_eq!(metrics.export_duration_seconds.count(()), 1);
    assert_eq!(metrics.polls_per_query.count(()), 1);
    assert_eq!(metrics.snapshots_finalised.get((SnapshotEnd::Failed,)), 1);
}

#[test]
fn text_lines_are_for_people() {
    let log = logged("info", LogFormat::Text, || {
        tracing::info!(rows = 3, "job completed");
    });
    assert!(log.text().contains("INFO"), "{}", log.text());
    assert!(
        log.text().contains("job completed rows=3"),
        "{}",
        log.text()
    );
}

#[test]
fn the_http_stack_never_logs_urls_and_headers() {
    for level in ["trace", "info,hyper=trace,h2=trace"] {
        for format in [LogFormat::Json, LogFormat::Text] {
            let log = logged(level, format, || {
                tracing::trace!(target: "h2::codec", path = "/v1/statement/secret", "frame");
                tracing::debug!(target: "hyper_util::client", uri = "http://secret", "connect");
                tracing::info!(target: "hyper", "kept");
            });
            assert!(!log.text().contains("secret"), "{level}: {}", log.text());
            assert!(log.text().contains("kept"), "{level}: {}", log.text());
        }
    }
}

#[test]
fn directives_choose_what_is_logged() {
    let log = logged("warn,export_worker::attempt=debug", LogFormat::Json, || {
        tracing::info!(target: "export_worker::poller", "left out");
        tracing::debug!(target: "export_worker::attempt::bury", "written");
    });
    let lines = log.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["message"], "written");
}

#[test]
fn a_word_that_is_no_level_is_refused() {
    for text in ["verbose", "info,loud", "info,export_worker=loud", "[["] {
        assert_eq!(LogLevel::parse(text), Err(LogLevelError), "{text}");
    }
    for text in ["INFO", "Warning", "off", "info,export_worker=debug"] {
        assert!(LogLevel::parse(text).is_ok(), "{text}");
    }
}
