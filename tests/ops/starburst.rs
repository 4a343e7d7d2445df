//! What is handed to the people who run Starburst and the bucket. A real Trino
//! loads the same files in the tests of `make test-trino`.

use std::collections::BTreeSet;

use export_api::{JobStatus, SnapshotStatus, SnapshotWithJobs};
use export_sandbox::{
    Sandbox, SandboxConfig, faults::Service, proxy::Upstream, server::Server, starburst::QueryError,
};
use export_worker::config::{self, Config};
use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    api::regions,
    process::{Process, run_to_end},
    tool::read,
    world::{World, is_export, worker_variables},
};

fn json(file: &str) -> Value {
    let file = format!("deploy/starburst/{file}");
    serde_json::from_str(&read(&file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_selector_takes_the_client_tag_that_the_worker_sends() {
    let tags = Config::GROUPS
        .iter()
        .flat_map(|group| group.settings)
        .find(|setting| setting.variable == "STARBURST_CLIENT_TAGS")
        .unwrap();
    let config::Default::Value(tag) = tags.default else {
        panic!("client tags have no default");
    };
    let groups = json("resource-groups.json");
    let selectors = groups["selectors"].as_array().unwrap();
    assert_eq!(selectors[0]["clientTags"], serde_json::json!([tag]));
    assert_eq!(selectors[0]["group"], "exports");
    let last = selectors.last().unwrap().as_object().unwrap();
    let conditions: Vec<&String> = last.keys().collect();
    assert_eq!(conditions, ["group"], "no query is left without a group");
}

#[test]
fn every_default_of_a_session_may_be_set_by_the_user() {
    let rules = json("access-control-rules.json");
    let allowed = rules["system_session_properties"][0]["property"].as_str();
    let allowed: BTreeSet<&str> = allowed.unwrap().split('|').collect();
    let defaults = json("session-properties.json");
    let set: BTreeSet<&str> = defaults[0]["sessionProperties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        allowed, set,
        "Trino checks defaults as if the user set them"
    );
}

/// One way to ask the store for something, and the permission Cloud Storage wants for it:
/// <https://cloud.google.com/storage/docs/access-control/iam-xml>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    List,
    Get,
    Delete,
    Write,
}

impl Request {
    const ALL: [Self; 4] = [Self::List, Self::Get, Self::Delete, Self::Write];

    fn permission(self) -> &'static str {
        match self {
            Self::List => "storage.objects.list",
            Self::Get => "storage.objects.get",
            Self::Delete => "storage.objects.delete",
            Self::Write => "storage.objects.create",
        }
    }
}

/// The permissions of a role, as `gcloud iam roles create --file` reads them.
fn permissions(role: &str) -> BTreeSet<String> {
    let text = read(&format!("deploy/starburst/bucket-roles/{role}.yaml"));
    let (_, list) = text.split_once("includedPermissions:\n").unwrap();
    list.lines()
        .map(|line| line.strip_prefix("- ").unwrap().to_owned())
        .collect()
}

/// The store as an account sees it that has only some permissions. Starburst
/// goes to the store itself.
struct Restricted {
    front: Server,
    _gate: Sandbox,
}

async fn restricted(world: &World, granted: &BTreeSet<String>) -> Restricted {
    let gate = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let upstream = Upstream::new(&world.sandbox.store_url());
    let front = gate.front(Service::Store, upstream).await.unwrap();
    for request in Request::ALL {
        if granted.contains(request.permission()) {
            continue;
        }
        let refuse = |method| {
            let on = gate.faults().on(Service::Store).method(method).always();
            let on = match request {
                Request::List => on.query_contains("list-type"),
                Request::Get => on.path("*.parquet"),
                Request::Delete | Request::Write => on,
            };
            on.answer(
                StatusCode::FORBIDDEN,
                "<Error><Code>AccessDenied</Code></Error>",
            );
        };
        match request {
            Request::List | Request::Get => refuse(Method::GET),
            Request::Delete => refuse(Method::DELETE),
            Request::Write => [Method::PUT, Method::POST].into_iter().for_each(refuse),
        }
    }
    Restricted { front, _gate: gate }
}

/// A job whose first query fails when something of it is there already: its
/// second attempt has to clear the folder.
async fn export_with_debris(world: &World, store: &Restricted) -> (SnapshotWithJobs, Process) {
    let switches = world.sandbox.standin().switches();
    let hold = world.hold_the_regions();
    let exports = |sql: &str| sql.contains(".unload(");
    switches.fail_where(exports, QueryError::new("REMOTE_TASK_ERROR", "lost"), 1);
    let more = [("STORAGE_EMULATOR_HOST", store.front.url())];
    let more = more.each_ref().map(|(name, value)| (*name, value.as_str()));
    let worker = world.worker_with("worker-1", &more);
    let id = world.caller.submit(vec![regions("Region", "roles")]).await;
    let started = |queries: &[_]| queries.iter().any(is_export);
    tokio::select! {
        () = world.sandbox.standin().wait_until(started) => {
            let bucket = world.sandbox.store();
            let debris = bucket.put("exports", "roles/part.parquet", "debris".into());
            debris.await.unwrap();
        }
        // Without the right to look at its destination a job gets no query.
        _ = world.until_over(&id) => {}
    }
    drop(hold);
    (world.until_over(&id).await, worker)
}

#[tokio::test]
async fn the_role_of_the_worker_is_enough_also_after_an_attempt_that_left_debris() {
    let world = World::start().await;
    let store = restricted(&world, &permissions("worker")).await;
    let (over, worker) = export_with_debris(&world, &store).await;
    assert_eq!(
        over.snapshot.status,
        SnapshotStatus::Ready,
        "{}",
        worker.text()
    );
    assert_eq!(
        (over.jobs[0].attempt, over.jobs[0].row_count),
        (Some(2), Some(5))
    );
}

async fn assert_fails_without(permission: &str) {
    let world = World::start().await;
    let mut less = permissions("worker");
    assert!(less.remove(permission));
    let store = restricted(&world, &less).await;
    let (over, worker) = export_with_debris(&world, &store).await;
    let job = &over.jobs[0];
    assert_eq!(job.status, JobStatus::Failed, "{}", worker.text());
    let told = job.error_message.as_deref().unwrap();
    assert!(told.contains("gs://exports/roles/"), "{told}");
}

#[tokio::test]
async fn the_worker_cannot_do_without_listing() {
    assert_fails_without("storage.objects.list").await;
}

#[tokio::test]
async fn the_worker_cannot_do_without_reading() {
    assert_fails_without("storage.objects.get").await;
}

#[tokio::test]
async fn the_worker_cannot_do_without_deleting() {
    assert_fails_without("storage.objects.delete").await;
}

#[tokio::test]
async fn doctor_needs_one_permission_more() {
    let world = World::start().await;
    let mut both = permissions("worker");
    both.extend(permissions("worker-doctor"));
    for (granted, code) in [(permissions("worker"), 1), (both, 0)] {
        let store = restricted(&world, &granted).await;
        let mut variables = worker_variables(&world.sandbox, &world.control_plane_url());
        variables.insert("STORAGE_EMULATOR_HOST".to_owned(), store.front.url());
        let arguments = ["doctor", "--bucket", "gs://exports/checks"];
        let output = run_to_end(&arguments, &variables).await;
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
    }
}
