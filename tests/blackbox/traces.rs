//! One trace for each job, through every process that has a part in it.

use export_api::{API_KEY_HEADER, JobStatus, NewSnapshot, SnapshotStatus};
use export_sandbox::{
    Sandbox, SandboxConfig,
    faults::{Service, When},
    gen1::NewGen1Job,
};
use tokio::net::TcpListener;

use super::{
    api::{KEY, regions},
    collector::{Collector, Manner, Span},
    process::{Process, worker_binary},
    world::{World, worker_variables},
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const DROPPED: &str = "spans do not reach the collector";

/// So much work on jobs that ended like this has reached the collector.
fn has_ended(spans: &[Span], outcome: &str, jobs: usize) -> bool {
    let ended =
        |span: &&Span| span.name.ends_with(" job") && span.says("export.outcome") == Some(outcome);
    spans.iter().filter(ended).count() >= jobs
}

/// The one span of this name in a trace.
fn one<'a>(spans: &'a [Span], trace: &str, name: &str) -> &'a Span {
    let mut found = spans
        .iter()
        .filter(|span| span.trace == trace && span.name == name);
    let span = found
        .next()
        .unwrap_or_else(|| panic!("no {name} in trace {trace}: {spans:#?}"));
    assert!(found.next().is_none(), "more than one {name}");
    span
}

fn of_trace<'a>(spans: &'a [Span], trace: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.trace == trace).collect()
}

/// Spans say of whom they are, and nothing but what the documents list.
fn assert_discreet(collector: &Collector, spans: &[Span]) {
    for span in spans {
        assert!(["export-worker", "export-control-plane"].contains(&span.service()));
        assert_eq!(span.resource["service.version"], env!("CARGO_PKG_VERSION"));
    }
    let known = export_traces::attributes();
    for name in spans.iter().flat_map(|span| span.attributes.keys()) {
        assert!(known.iter().any(|known| known.name == name), "{name}");
    }
    // A nextUri has these words in it.
    let text = collector.text();
    for secret in [KEY, "/v1/statement", "http://"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_job_is_one_trace_from_its_creation_to_its_report() {
    let collector = Collector::start(Manner::Takes).await;
    let traced = [(ENDPOINT, collector.url.as_str())];
    let world = World::start_traced(&traced).await;
    let hold = world.hold_the_regions();
    let submitter = world.worker_with("submitter", &[traced[0], ("ROLE", "submitter")]);
    let _poller = world.worker_with("poller", &[traced[0], ("ROLE", "poller")]);
    let jobs = vec![regions("A", "traced/a"), regions("B", "traced/b")];
    let id = world.caller.submit(jobs).await;
    // Both have left the submitter, and were asked for once in vain.
    collector
        .until("polled both", |spans| has_ended(spans, "parked", 4))
        .await;
    drop(hold);
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;
    let spans = collector
        .until("seen both reported", |spans| {
            has_ended(spans, "completed", 2)
                && spans
                    .iter()
                    .filter(|span| span.says("export.rows").is_some())
                    .count()
                    == 2
        })
        .await;

    let queries = world.sandbox.standin().queries();
    let mut of_jobs = Vec::new();
    for job in &ready.jobs {
        let job_id = job.id.as_str();
        let said = |span: &&Span| span.says("export.job_id") == Some(job_id);
        let of_job: Vec<&Span> = spans.iter().filter(said).collect();
        let trace = of_job[0].trace.as_str();
        assert!(of_job.iter().all(|span| span.trace == trace), "{of_job:#?}");
        of_jobs.push(trace.to_owned());

        let created = one(&spans, trace, "create job");
        assert_eq!(
            (created.service(), created.parent.as_str()),
            ("export-control-plane", "")
        );
        assert_eq!(created.says("export.snapshot_id"), Some(id.as_str()));
        assert_eq!(one(&spans, trace, "claim job").parent, created.id);
        let work = one(&spans, trace, "submit job");
        assert_eq!((work.instance(), &work.parent), ("submitter", &created.id));
        assert_eq!(work.says("export.attempt"), Some("1"));
        for step in ["check", "register", "persist", "kick"] {
            let span = one(&spans, trace, step);
            assert_eq!((&span.parent, span.instance()), (&work.id, "submitter"));
            assert_eq!(span.says("export.outcome"), Some("ok"), "{span:#?}");
        }
        let query = work.says("export.query_id").unwrap();
        let completed = of_trace(&spans, trace)
            .into_iter()
            .find(|span| span.says("export.outcome") == Some("completed"))
            .unwrap();
        assert_eq!(
            (completed.name.as_str(), completed.instance()),
            ("poll job", "poller")
        );
        assert_eq!(completed.parent, created.id);
        assert_eq!(completed.says("export.rows"), Some("5"));
        assert_eq!(completed.says("export.query_id"), Some(query));
        let inventory = one(&spans, trace, "inventory");
        assert_eq!(
            (&inventory.parent, inventory.says("export.query_id")),
            (&completed.id, Some(query))
        );
        // What the worker asked of the Control Plane is there from the other side too.
        let persisted = one(&spans, trace, "persist");
        let patched = of_trace(&spans, trace)
            .into_iter()
            .find(|span| span.parent == persisted.id)
            .unwrap();
        assert_eq!(patched.name, "PATCH /api/internal/export-jobs/{id}");
        assert_eq!(patched.service(), "export-control-plane");
        // From the query in Starburst one gets to the trace, and so from the log.
        let record = queries
            .iter()
            .find(|record| *record.query_id == *query)
            .unwrap();
        let token = record.session.trace_token.clone().unwrap();
        assert_eq!(token, format!("{id}/{job_id}/{trace}"));
        submitter
            .logged("the trace of the job", |line| {
                line["job_id"] == job_id && line["trace_id"] == trace
            })
            .await;
    }
    assert_ne!(of_jobs[0], of_jobs[1], "each job has a trace of its own");

    let asked = spans
        .iter()
        .find(|span| span.name == "POST /api/snapshots")
        .unwrap();
    assert_eq!(
        one(&spans, &of_jobs[0], "create job").links,
        std::slice::from_ref(&asked.id)
    );
    assert_discreet(&collector, &spans);
}

#[tokio::test]
async fn a_worker_that_is_killed_and_the_one_that_goes_on_are_in_one_trace() {
    let collector = Collector::start(Manner::Takes).await;
    let traced = [(ENDPOINT, collector.url.as_str())];
    let world = World::start_traced(&traced).await;
    let more = [traced[0], ("LEASE_SECONDS", "3")];
    let gate = world
        .faults()
        .on(Service::ControlPlane)
        .body_contains("\"submitted\"")
        .hold(When::BeforeAnswer);
    let victim = world.worker_with("victim", &more);
    let id = world.caller.submit(vec![regions("A", "killed/a")]).await;
    gate.reached().await;
    let steps = |spans: &[Span]| spans.iter().any(|span| span.name == "register");
    collector
        .until("seen the first worker register", steps)
        .await;
    victim.kill().await;
    gate.drop_connections();
    let _survivor = world.worker_with("survivor", &more);
    world.until_status(&id, SnapshotStatus::Ready).await;
    let spans = collector
        .until("seen the job reported", |spans| {
            has_ended(spans, "completed", 1)
        })
        .await;
    let created = spans.iter().find(|span| span.name == "create job");
    let trace = &created.unwrap().trace;
    for (name, instance) in [("register", "victim"), ("poll job", "survivor")] {
        let of_both = of_trace(&spans, trace);
        let mut found = of_both.iter().filter(|span| span.name == name);
        assert!(found.all(|span| span.instance() == instance), "{spans:#?}");
        assert!(of_both.iter().any(|span| span.name == name), "{spans:#?}");
    }
}

#[tokio::test]
async fn where_the_control_plane_keeps_no_trace_submitter_and_poller_meet_in_one() {
    let collector = Collector::start(Manner::Takes).await;
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let exports = |sql: &str| sql.contains(".unload(");
    let hold = sandbox.standin().switches().hold_where(exports);
    let start = |role: &str| {
        let mut variables = worker_variables(&sandbox, &sandbox.gen1_url());
        for (name, value) in [
            ("HOSTNAME", role),
            ("ROLE", role),
            (ENDPOINT, &collector.url),
            ("POLL_INTERVAL_SECONDS", "1"),
            ("EMPTY_POLL_BACKOFF_SECONDS", "1"),
        ] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        Process::start(role, &worker_binary(), &["run"], &variables)
    };
    let _workers = [start("submitter"), start("poller")];
    let snapshot = sandbox.gen1().create_snapshot(
        None,
        ["a", "b"]
            .map(|name| NewGen1Job {
                entity_name: name.to_owned(),
                sql: Some("SELECT regionkey FROM region".to_owned()),
                column_names: Some(vec!["regionkey".to_owned()]),
                gcs_path: Some(format!("gs://exports/met/{name}")),
                ..NewGen1Job::default()
            })
            .to_vec(),
    );
    collector
        .until("seen both submitted", |spans| has_ended(spans, "parked", 2))
        .await;
    drop(hold);
    sandbox.gen1().until_snapshot(snapshot, "ready").await;
    let spans = collector
        .until("seen both reported", |spans| {
            has_ended(spans, "completed", 2)
        })
        .await;
    let of = |name: &str| -> Vec<&Span> { spans.iter().filter(|span| span.name == name).collect() };
    let submitted = of("submit job");
    assert_ne!(submitted[0].trace, submitted[1].trace);
    for submitted in submitted {
        let polled = of("poll job")
            .into_iter()
            .find(|span| span.says("export.job_id") == submitted.says("export.job_id"))
            .unwrap();
        assert_eq!(
            (polled.instance(), submitted.instance()),
            ("poller", "submitter")
        );
        assert_eq!(
            (&polled.trace, &polled.parent),
            (&submitted.trace, &submitted.parent)
        );
    }
}

#[tokio::test]
async fn the_jobs_of_a_caller_that_sends_a_traceparent_are_in_its_trace() {
    let collector = Collector::start(Manner::Takes).await;
    let traced = [(ENDPOINT, collector.url.as_str())];
    // Those of its own it would drop.
    let none_of_its_own = [traced[0], ("OTEL_TRACES_SAMPLER_ARG", "0")];
    let world = World::start_traced(&none_of_its_own).await;
    let _worker = world.worker_with("worker-1", &none_of_its_own);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let snapshot = NewSnapshot {
        name: None,
        jobs: vec![regions("A", "called/a"), regions("B", "called/b")],
        max_attempts: None,
    };
    let answer = reqwest::Client::new()
        .post(format!("{}/api/snapshots", world.control_plane_url()))
        .header(API_KEY_HEADER, KEY)
        .header("traceparent", format!("00-{trace}-00f067aa01b902b7-01"))
        .json(&snapshot)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    let spans = collector
        .until("seen both reported", |spans| {
            has_ended(spans, "completed", 2)
        })
        .await;
    assert!(spans.iter().all(|span| span.trace == trace), "{spans:#?}");
    let asked = one(&spans, trace, "POST /api/snapshots");
    assert_eq!(asked.parent, "00f067aa01b902b7");
    let created = spans.iter().filter(|span| span.name == "create job");
    assert!(created.clone().all(|span| span.parent == asked.id));
    assert_eq!(created.count(), 2);
}

#[tokio::test]
async fn a_share_of_none_keeps_no_trace() {
    let collector = Collector::start(Manner::Takes).await;
    let none = [
        (ENDPOINT, collector.url.as_str()),
        ("OTEL_TRACES_SAMPLER_ARG", "0"),
    ];
    let world = World::start_traced(&none).await;
    let mut worker = world.worker_with("worker-1", &none);
    let id = world.caller.submit(vec![regions("A", "unkept/a")]).await;
    world.until_status(&id, SnapshotStatus::Ready).await;
    worker.terminate();
    assert!(worker.ended().await.success());
    assert_eq!(collector.spans().len(), 0);
}

#[tokio::test]
async fn a_failed_step_says_why() {
    let collector = Collector::start(Manner::Takes).await;
    let traced = [(ENDPOINT, collector.url.as_str())];
    let world = World::start_traced(&traced).await;
    let _worker = world.worker_with("worker-1", &traced);
    let mut job = regions("A", "broken/a");
    job.sql = "SELECT nothing FROM region".to_owned();
    let id = world.caller.submit(vec![job]).await;
    let over = world.until_over(&id).await;
    assert_eq!(over.jobs[0].status, JobStatus::Failed);
    let spans = collector
        .until("seen it fail", |spans| has_ended(spans, "failed", 1))
        .await;
    let failed = spans.iter().find(|span| span.failed.is_some()).unwrap();
    assert_eq!(failed.says("export.error_kind"), Some("permanent"));
    assert_eq!(failed.says("export.boundary"), Some("starburst"));
    assert_eq!(failed.failed, over.jobs[0].error_message);
}

/// Exports beside a collector that does not do its part.
async fn export_beside(endpoint: &str) -> (World, Process) {
    let traced = [(ENDPOINT, endpoint)];
    let world = World::start_traced(&traced).await;
    let mut worker = world.worker_with("worker-1", &traced);
    for folder in ["first", "second"] {
        let id = world.caller.submit(vec![regions("A", folder)]).await;
        world.until_status(&id, SnapshotStatus::Ready).await;
    }
    worker
        .logged("that spans are dropped", |line| {
            let message = line["message"].as_str().unwrap_or_default();
            message.contains(DROPPED)
        })
        .await;
    let url = format!("http://{}/metrics", worker.address("address").await);
    let text = reqwest::get(&url).await.unwrap().text().await.unwrap();
    let counted = text
        .lines()
        .find(|line| line.starts_with("export_worker_spans_dropped_total"))
        .unwrap();
    assert!(!counted.ends_with(" 0"), "{counted}");
    worker.terminate();
    assert!(worker.ended().await.success(), "{}", worker.text());
    let told = worker.text().matches(DROPPED).count();
    assert_eq!(told, 1, "{}", worker.text());
    (world, worker)
}

#[tokio::test]
async fn a_collector_that_is_away_hinders_no_export() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    export_beside(&endpoint).await;
}

#[tokio::test]
async fn a_collector_that_refuses_hinders_no_export() {
    let collector = Collector::start(Manner::Refuses).await;
    export_beside(&collector.url).await;
}

#[tokio::test]
async fn a_collector_that_never_answers_hinders_no_export() {
    let collector = Collector::start(Manner::NeverAnswers).await;
    export_beside(&collector.url).await;
    collector.asked().await;
}
