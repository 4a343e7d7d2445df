use export_traces::{Kind, Span, TraceParent, Under};

use crate::world::{World, draft};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01b902b7-01";

async fn the_trace_of_a_job_is_shown_to_whoever_is_given_it(world: World) {
    let mut draft = draft("traced", 1);
    draft.follows_caller = true;
    let parent = TraceParent::parse(PARENT);
    let request = Span::begin("request", Kind::Server, Under::Parent(parent.as_ref()));
    let creating = world.store.create_snapshot(&draft);
    let snapshot = request.around(creating).await.unwrap().snapshot;

    let claimed = world.claim_one("w1").await;
    assert_eq!(claimed.traceparent.as_deref(), Some(PARENT));
    world.update(&claimed, world.submitted()).await.unwrap();
    world.pass_seconds(100);
    let looked = world.store.look_pollable(1).await.unwrap().jobs.remove(0);
    let polled = world.poll("w2", 1).await.remove(0);
    let read = world.job(&claimed.id).await;
    let listed = world.store.snapshot(&snapshot.id).await.unwrap();
    let listed = listed.jobs.into_iter().next().unwrap();
    for job in [looked, polled, read, listed] {
        assert_eq!(job.traceparent.as_deref(), Some(PARENT));
    }
}

async fn a_job_of_no_trace_has_none(world: World) {
    world.snapshot("untraced", 1).await;
    assert_eq!(world.claim_one("w1").await.traceparent, None);
}

async fn a_store_that_a_later_version_has_brought_up_to_date_is_still_served(world: World) {
    world
        .tamper(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 1000, 'of a later version', TRUE, checksum, 0
             FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
    world.store.migrate().await.unwrap();
    world.snapshot("s", 1).await;
    world.claim_one("w1").await;
}

crate::conformance! {
    the_trace_of_a_job_is_shown_to_whoever_is_given_it
    a_job_of_no_trace_has_none
    a_store_that_a_later_version_has_brought_up_to_date_is_still_served
}
