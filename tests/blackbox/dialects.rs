//! A Control Plane of the first generation, with its nine quirks.

use export_sandbox::{Sandbox, SandboxConfig, gen1::NewGen1Job};

use super::{
    process::{Process, worker_binary},
    world::{exports, worker_variables},
};

fn worker(sandbox: &Sandbox, name: &str) -> Process {
    let mut variables = worker_variables(sandbox, &sandbox.gen1_url());
    variables.insert("HOSTNAME".to_owned(), name.to_owned());
    variables.insert("POLL_INTERVAL_SECONDS".to_owned(), "1".to_owned());
    variables.insert("EMPTY_POLL_BACKOFF_SECONDS".to_owned(), "1".to_owned());
    Process::start(name, &worker_binary(), &["run"], &variables)
}

fn job(entity: &str, sql: Option<&str>, folder: &str) -> NewGen1Job {
    NewGen1Job {
        entity_name: entity.to_owned(),
        sql: sql.map(str::to_owned),
        column_names: Some(vec!["regionkey".to_owned()]),
        gcs_path: Some(format!("gs://exports/{folder}")),
        ..NewGen1Job::default()
    }
}

const REGIONS: Option<&str> = Some("SELECT regionkey FROM region");

#[tokio::test]
async fn the_first_generation_gets_its_snapshot_counted_and_ready() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let id = sandbox.gen1().create_snapshot(
        None,
        vec![job("A", REGIONS, "gen1/a"), job("B", REGIONS, "gen1/b")],
    );
    sandbox.gen1().empty_claims(2);
    let _workers = [worker(&sandbox, "worker-1"), worker(&sandbox, "worker-2")];
    sandbox.gen1().until_snapshot(id, "ready").await;
    let jobs = sandbox.gen1().jobs(id);
    assert!(jobs.iter().all(|job| job.row_count == Some(5)), "{jobs:?}");
}

#[tokio::test]
async fn a_job_without_sql_fails_alone_and_the_worker_finalises_the_snapshot() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let id = sandbox.gen1().create_snapshot(
        None,
        vec![job("A", REGIONS, "gen1/a"), job("B", None, "gen1/b")],
    );
    let _worker = worker(&sandbox, "worker-1");
    sandbox.gen1().until_snapshot(id, "failed").await;
    let jobs = sandbox.gen1().jobs(id);
    assert_eq!(
        (jobs[0].status.as_str(), jobs[1].status.as_str()),
        ("completed", "failed")
    );
    assert!(
        jobs[1].error_message.as_deref().unwrap().contains("sql"),
        "{jobs:?}"
    );
}

#[tokio::test]
async fn a_query_of_several_polls_comes_to_its_end_though_nobody_keeps_the_schedule() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let hold = sandbox
        .standin()
        .switches()
        .hold_where(|sql| sql.contains("FROM region"));
    let id = sandbox
        .gen1()
        .create_snapshot(None, vec![job("A", REGIONS, "gen1/slow")]);
    let _worker = worker(&sandbox, "worker-1");
    let patched = "PATCH /api/internal/export-jobs/{id}";
    sandbox
        .faults()
        .called(export_sandbox::faults::Service::ControlPlane, patched, 4)
        .await;
    drop(hold);
    sandbox.gen1().until_snapshot(id, "ready").await;
    assert_eq!(sandbox.gen1().jobs(id)[0].row_count, Some(5));
    assert_eq!(exports(&sandbox).len(), 1);
}

#[tokio::test]
async fn counts_that_the_first_generation_cannot_store_fail_the_job_once() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let gate = sandbox
        .faults()
        .on(export_sandbox::faults::Service::Store)
        .query_contains("list-type")
        .nth(2)
        .hold(export_sandbox::faults::When::BeforeHandling);
    let id = sandbox
        .gen1()
        .create_snapshot(None, vec![job("A", REGIONS, "gen1/huge")]);
    let _worker = worker(&sandbox, "worker-1");
    gate.reached().await;
    let huge = export_sandbox::store::samples::claiming_rows(3_000_000_000).unwrap();
    let unloaded = exports(&sandbox)[0].query_id.clone();
    sandbox
        .store()
        .put("exports", &format!("gen1/huge/{unloaded}_9.parquet"), huge)
        .await
        .unwrap();
    gate.release();
    sandbox.gen1().until_snapshot(id, "failed").await;
    let job = &sandbox.gen1().jobs(id)[0];
    assert!(
        job.error_message.as_deref().unwrap().contains("3000000005"),
        "{job:?}"
    );
}

#[tokio::test]
async fn an_outage_of_starburst_fails_no_job_of_a_queue_that_takes_none_back() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    // Longer than the submission's own retries.
    let down = sandbox
        .faults()
        .on(export_sandbox::faults::Service::Starburst)
        .body_contains(".unload(")
        .times(5)
        .drop_connection();
    let id = sandbox
        .gen1()
        .create_snapshot(None, vec![job("A", REGIONS, "gen1/outage")]);
    let _worker = worker(&sandbox, "worker-1");
    sandbox.gen1().until_snapshot(id, "ready").await;
    assert_eq!(down.hits(), 5);
    assert_eq!(sandbox.gen1().jobs(id)[0].row_count, Some(5));
}
