//! Whatever is missing outside, the worker lives, says so, claims nothing, and
//! goes on by itself once it is there.

use export_sandbox::{SandboxConfig, faults::Service, starburst::StandinConfig};
use http::{Method, StatusCode};

use super::{
    api::{KEY, regions},
    unready::{Gap, Unready},
    world::World,
};

async fn world_with_a_password() -> World {
    World::start_with(SandboxConfig {
        starburst: StandinConfig {
            password: Some(("export".to_owned(), "right".to_owned())),
            ..StandinConfig::default()
        },
        ..SandboxConfig::default()
    })
    .await
}

#[tokio::test]
async fn a_control_plane_that_is_not_there_is_waited_for() {
    let (world, gap) = (World::start().await, Gap::new().await);
    let worker = Unready::start(&world, &[("CONTROL_PLANE_URL", &gap.url())]).await;
    let says = [gap.url(), "refused".to_owned()];
    let says = says.each_ref().map(String::as_str);
    worker
        .assert_waits("control_plane", "control plane", &says)
        .await;
    gap.close_by(&world.control_plane_url()).await;
    worker.assert_goes_on().await;
}

#[tokio::test]
async fn a_starburst_that_is_not_there_is_waited_for() {
    let (world, gap) = (World::start().await, Gap::new().await);
    let worker = Unready::start(&world, &[("STARBURST_URL", &gap.url())]).await;
    let says = [gap.url(), "refused".to_owned()];
    let says = says.each_ref().map(String::as_str);
    worker.assert_waits("starburst", "starburst", &says).await;
    gap.close_by(&world.sandbox.starburst_url()).await;
    worker.assert_goes_on().await;
}

#[tokio::test]
async fn a_key_the_control_plane_does_not_know_is_read_anew_until_it_does() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "a key of another house").unwrap();
    let variable = ("GRAPH_OLAP_INTERNAL_API_KEY_FILE", file.to_str().unwrap());
    let worker = Unready::start(&world, &[variable]).await;
    let says = ["status 401", "check GRAPH_OLAP_INTERNAL_API_KEY"];
    worker
        .assert_waits("control_plane", "control plane", &says)
        .await;
    assert!(!worker.worker.text().contains("another house"));
    std::fs::write(&file, KEY).unwrap();
    worker.assert_goes_on().await;
}

#[tokio::test]
async fn a_password_starburst_does_not_take_is_read_anew_until_it_does() {
    let world = world_with_a_password().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "wr0ng").unwrap();
    let variable = ("STARBURST_PASSWORD_FILE", file.to_str().unwrap());
    let worker = Unready::start(&world, &[variable]).await;
    let says = ["refuses our credentials", "STARBURST_PASSWORD"];
    worker.assert_waits("starburst", "starburst", &says).await;
    assert!(!worker.worker.text().contains("wr0ng"));
    std::fs::write(&file, "right").unwrap();
    worker.assert_goes_on().await;
}

#[tokio::test]
async fn a_key_file_that_is_missing_or_empty_is_waited_for_and_named() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let path = file.to_str().unwrap();
    let variable = "GRAPH_OLAP_INTERNAL_API_KEY_FILE";
    let worker = Unready::start(&world, &[(variable, path)]).await;
    let says = [variable, path, "No such file"];
    worker
        .assert_waits("control_plane", "control plane", &says)
        .await;
    std::fs::write(&file, "\n").unwrap();
    worker
        .worker
        .logged("that the file is empty", |line| {
            let reason = line["reason"].as_str();
            reason.is_some_and(|reason| reason.contains("is empty"))
        })
        .await;
    std::fs::write(&file, format!("{KEY}\n")).unwrap();
    worker.assert_goes_on().await;
}

#[tokio::test]
async fn a_password_file_that_is_missing_is_waited_for_and_named() {
    let world = world_with_a_password().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let path = file.to_str().unwrap();
    let worker = Unready::start(&world, &[("STARBURST_PASSWORD_FILE", path)]).await;
    let says = ["STARBURST_PASSWORD_FILE", path, "No such file"];
    worker.assert_waits("starburst", "starburst", &says).await;
    std::fs::write(&file, "right").unwrap();
    worker.assert_goes_on().await;
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_waited_for() {
    let world = World::start().await;
    let worker = Unready::start(&world, &[("EXPORT_BUCKET", "gs://later")]).await;
    let says = ["gs://later", "create it", "EXPORT_BUCKET"];
    worker.assert_waits("storage", "bucket list", &says).await;
    world.sandbox.store().create_bucket("later");
    worker.assert_goes_on().await;
    assert!(world.sandbox.store().objects("later", "").is_empty());
}

#[tokio::test]
async fn a_bucket_that_may_not_be_read_is_waited_for() {
    let world = World::start().await;
    let denied = world
        .faults()
        .on(Service::Store)
        .method(Method::GET)
        .always()
        .answer(StatusCode::FORBIDDEN, "");
    let bucket = ("EXPORT_BUCKET", "gs://exports/a/b");
    let worker = Unready::start(&world, &[bucket]).await;
    let says = ["gs://exports/a/b/", "grant the worker's service account"];
    worker.assert_waits("storage", "bucket list", &says).await;
    denied.disarm();
    worker.assert_goes_on().await;
}

#[tokio::test]
async fn all_that_is_missing_is_said_at_once_and_a_shutdown_is_not_held_up_by_it() {
    let world = World::start().await;
    let mut worker = Unready::start(
        &world,
        &[
            ("GRAPH_OLAP_INTERNAL_API_KEY_FILE", "/nowhere/key"),
            ("STARBURST_PASSWORD_FILE", "/nowhere/password"),
            ("STARBURST_CA_FILE", "/nowhere/ca.pem"),
            ("EXPORT_BUCKET", "gs://nowhere"),
            ("DRY_RUN", "true"),
        ],
    )
    .await;
    for boundary in ["control_plane", "starburst", "storage"] {
        worker.reason(boundary).await;
    }
    let (status, reasons) = worker.get("/readyz").await;
    let lines: Vec<&str> = reasons.lines().collect();
    assert_eq!((status, lines.len()), (503, 3), "{reasons}");
    for (line, begin, part) in [
        (lines[0], "bucket: ", "gs://nowhere"),
        (lines[1], "control plane: ", "/nowhere/key"),
        (lines[2], "starburst: ", "STARBURST_CA_FILE"),
    ] {
        assert!(line.starts_with(begin) && line.contains(part), "{line}");
    }
    worker.assert_idle().await;
    worker.worker.terminate();
    let status = worker.worker.ended().await;
    assert_eq!(status.code(), Some(0), "{}", worker.worker.text());
    assert!(!worker.worker.text().contains("grace"));
}

#[tokio::test]
async fn an_outage_after_the_start_shows_in_the_metrics_and_leaves_the_worker_ready() {
    let world = World::start().await;
    let more = [
        ("EXPORT_BUCKET", "gs://exports"),
        ("EMPTY_POLL_BACKOFF_SECONDS", "1"),
        ("CONTROL_PLANE_MAX_RETRIES", "0"),
    ];
    let worker = Unready::start(&world, &more).await;
    worker.assert_goes_on().await;

    let failing = world
        .faults()
        .on(Service::Store)
        .always()
        .answer(StatusCode::SERVICE_UNAVAILABLE, "");
    let id = world.caller.submit(vec![regions("Region", "outage")]).await;
    failing.hit(1).await;
    world.caller.cancel(&id).await;
    worker
        .worker
        .logged("that it has nothing to do any more", |line| {
            line["message"] == "lease lost; dropping the job"
        })
        .await;
    assert_eq!(worker.boundary_up("storage").await, 0);
    assert_eq!(worker.get("/readyz").await.0, 200);
    assert_eq!(worker.metric("export_worker_ready").await, 1);

    // Only a look of its own can tell now that it is over.
    let before = world.faults().total(Service::Store);
    let mut handled = world.faults().handled();
    failing.disarm();
    while world.faults().total(Service::Store) == before {
        handled.changed().await.unwrap();
    }
    while worker.boundary_up("storage").await == 0 {
        // The look is counted before the worker has read its answer.
        tokio::task::yield_now().await;
    }
}
