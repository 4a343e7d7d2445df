//! The real worker before a real Trino. Open-source Trino has no UNLOAD: a job
//! comes as far as the planning of its statement.

use export_api::JobStatus;

use super::{
    api::regions,
    coordinator::{Coordinator, USER},
    process::run_to_end,
    world::{World, worker_variables},
};

#[tokio::test]
async fn the_worker_talks_to_a_real_coordinator_and_says_that_unload_is_missing() {
    let trino = Coordinator::start().await;
    let world = World::start().await;
    let more = [
        ("STARBURST_URL", trino.url.as_str()),
        ("STARBURST_USER", USER),
        ("STARBURST_CATALOG", "lake"),
    ];
    let mut variables = worker_variables(&world.sandbox, &world.control_plane_url());
    variables.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let output = run_to_end(&["doctor"], &variables).await;
    let said = String::from_utf8(output.stdout).unwrap();
    let line = |what: &str| said.lines().find(|line| line.contains(what)).unwrap();
    assert!(line("starburst ").starts_with("ok "), "{said}");
    assert!(line("unload ").starts_with("failed "), "{said}");
    assert!(
        line("unload ").contains("STARBURST_UNLOAD_FUNCTION"),
        "{said}"
    );

    let worker = world.worker_with("worker-1", &more);
    let id = world.caller.submit(vec![regions("Region", "real")]).await;
    let over = world.until_over(&id).await;
    let job = &over.jobs[0];
    assert_eq!(
        (&job.status, job.attempt),
        (&JobStatus::Failed, Some(1)),
        "{}",
        worker.text()
    );
    let told = job.error_message.as_deref().unwrap();
    assert!(
        told.contains("FUNCTION_NOT_FOUND") && told.contains("io.unload"),
        "{told}"
    );
}
