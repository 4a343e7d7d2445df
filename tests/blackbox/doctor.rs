//! `doctor` and `count` of the real binary, before a world that is well or is not.

use std::process::Output;

use export_api::SnapshotStatus;
use export_sandbox::{SandboxConfig, faults::Service, starburst::StandinConfig};
use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    api::regions,
    process::run_to_end,
    world::{World, worker_variables},
};

/// Doctor's exit code and its lines.
struct Report {
    code: Option<i32>,
    lines: Vec<String>,
}

impl Report {
    fn new(output: &Output) -> Self {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        Self {
            code: output.status.code(),
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    fn line(&self, state: &str, what: &str) -> &str {
        let begin = format!("{state:<8} {what:<14}");
        self.lines
            .iter()
            .find(|line| line.starts_with(&begin))
            .unwrap_or_else(|| panic!("no line {begin:?}: {:#?}", self.lines))
    }

    /// Asserts that nothing failed but these.
    fn assert_failed(&self, what: &[&str]) {
        assert_eq!(self.code, Some(1), "{:#?}", self.lines);
        let failed: Vec<&String> = self
            .lines
            .iter()
            .filter(|line| line.starts_with("failed "))
            .collect();
        assert_eq!(failed.len(), what.len(), "{:#?}", self.lines);
        for what in what {
            self.line("failed", what);
        }
    }
}

async fn examine(world: &World, bucket: &str, more: &[(&str, &str)]) -> Report {
    let mut variables = worker_variables(&world.sandbox, &world.control_plane_url());
    for (name, value) in more {
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
    let folder = format!("gs://{bucket}/checks");
    Report::new(&run_to_end(&["doctor", "--bucket", &folder], &variables).await)
}

async fn world_with(starburst: StandinConfig) -> World {
    World::start_with(SandboxConfig {
        starburst,
        ..SandboxConfig::default()
    })
    .await
}

#[tokio::test]
async fn where_all_is_well_every_line_says_so_and_nothing_stays_behind() {
    let world = World::start().await;
    let report = examine(&world, "exports", &[]).await;
    assert_eq!(report.code, Some(0), "{:#?}", report.lines);
    assert_eq!(report.lines.len(), 5, "{:#?}", report.lines);
    for what in [
        "control plane",
        "starburst",
        "unload",
        "bucket list",
        "bucket write",
    ] {
        report.line("ok", what);
    }
    assert!(world.sandbox.store().objects("exports", "").is_empty());
    assert_eq!(world.caller.pending_count().await, 0);
}

#[tokio::test]
async fn a_cluster_without_the_unload_function_is_told_from_one_that_is_down() {
    let world = world_with(StandinConfig {
        unload_qualifiers: vec!["elsewhere".to_owned()],
        ..StandinConfig::default()
    })
    .await;
    let report = examine(&world, "exports", &[]).await;
    report.assert_failed(&["unload"]);
    let line = report.line("failed", "unload");
    assert!(line.contains("io.unload"), "{line}");
    assert!(line.contains("set STARBURST_UNLOAD_FUNCTION"), "{line}");

    let renamed = [("STARBURST_UNLOAD_FUNCTION", "elsewhere.unload")];
    let report = examine(&world, "exports", &renamed).await;
    assert_eq!(report.code, Some(0), "{:#?}", report.lines);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_named() {
    let world = World::start().await;
    let report = examine(&world, "nowhere", &[]).await;
    report.assert_failed(&["bucket list", "bucket write"]);
    for what in ["bucket list", "bucket write"] {
        let line = report.line("failed", what);
        assert!(line.contains("gs://nowhere; create it"), "{line}");
    }
}

#[tokio::test]
async fn a_bucket_that_may_only_be_read_is_told_apart() {
    let world = World::start().await;
    world
        .faults()
        .on(Service::Store)
        .method(Method::PUT)
        .always()
        .answer(StatusCode::FORBIDDEN, "no permission to create objects");
    let report = examine(&world, "exports", &[]).await;
    report.assert_failed(&["bucket write"]);
    report.line("ok", "bucket list");
    let line = report.line("failed", "bucket write");
    assert!(line.contains("gs://exports/checks/"), "{line}");
    assert!(
        line.contains("grant the worker's service account"),
        "{line}"
    );
}

#[tokio::test]
async fn a_key_the_control_plane_does_not_know_leads_to_its_variable() {
    let world = World::start().await;
    let wrong = [("GRAPH_OLAP_INTERNAL_API_KEY", "a key of another house")];
    let report = examine(&world, "exports", &wrong).await;
    report.assert_failed(&["control plane"]);
    let line = report.line("failed", "control plane");
    assert!(line.contains("GRAPH_OLAP_INTERNAL_API_KEY"), "{line}");
    assert!(!line.contains("another house"), "{line}");
}

#[tokio::test]
async fn a_wrong_password_of_starburst_leads_to_its_variable() {
    let world = world_with(StandinConfig {
        password: Some(("export".to_owned(), "right".to_owned())),
        ..StandinConfig::default()
    })
    .await;
    let report = examine(&world, "exports", &[("STARBURST_PASSWORD", "wr0ng")]).await;
    report.assert_failed(&["starburst", "unload"]);
    let line = report.line("failed", "starburst");
    assert!(line.contains("STARBURST_PASSWORD"), "{line}");
    assert!(!line.contains("wr0ng"), "{line}");

    let report = examine(&world, "exports", &[("STARBURST_PASSWORD", "right")]).await;
    assert_eq!(report.code, Some(0), "{:#?}", report.lines);
}

#[tokio::test]
async fn count_agrees_with_what_was_reported() {
    let world = World::start().await;
    let _worker = world.worker("worker-1");
    let id = world
        .caller
        .submit(vec![regions("Region", "counted")])
        .await;
    let ready = world.until_status(&id, SnapshotStatus::Ready).await;
    let variables = worker_variables(&world.sandbox, &world.control_plane_url());
    let arguments = ["count", "gs://exports/counted", "--json"];
    let output = run_to_end(&arguments, &variables).await;
    assert_eq!(output.status.code(), Some(0));
    let counted: Value = serde_json::from_slice(&output.stdout).unwrap();
    let job = &ready.jobs[0];
    assert_eq!(
        (
            counted["rows"].as_u64(),
            counted["size_bytes"].as_u64(),
            counted["files"].as_u64()
        ),
        (job.row_count, job.size_bytes, job.files)
    );
}
