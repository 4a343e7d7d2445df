//! Exports of unusual shape.

use bytes::Bytes;
use export_api::{NewJob, SnapshotStatus, SnapshotWithJobs};
use export_sandbox::store::samples;

use super::{
    api::{node, regions},
    world::World,
};

async fn export(world: &World, job: NewJob) -> SnapshotWithJobs {
    let _worker = world.worker("worker-1");
    let id = world.caller.submit(vec![job]).await;
    world.until_status(&id, SnapshotStatus::Ready).await
}

/// Exports the regions, with `files` more at the destination when they are counted.
async fn export_with(world: &World, files: Vec<(String, Bytes)>) -> SnapshotWithJobs {
    let gate = world.hold_the_count();
    let _worker = world.worker("worker-1");
    let id = world.caller.submit(vec![regions("Region", "shaped")]).await;
    gate.reached().await;
    let query = world.exports()[0].query_id.clone();
    for (name, bytes) in files {
        let name = format!("shaped/{query}_{name}");
        world
            .sandbox
            .store()
            .put("exports", &name, bytes)
            .await
            .unwrap();
    }
    gate.release();
    world.until_over(&id).await
}

#[tokio::test]
async fn a_select_without_rows_is_an_export_of_zero_rows() {
    let world = World::start().await;
    let none = node(
        "Nobody",
        &["custkey"],
        "SELECT custkey FROM customer WHERE custkey < 0",
        "none",
    );
    let ready = export(&world, none).await;
    assert_eq!(ready.snapshot.node_counts.unwrap()["Nobody"], 0);
    assert_eq!(
        (
            ready.jobs[0].row_count,
            ready.jobs[0].size_bytes,
            ready.jobs[0].files
        ),
        (Some(0), Some(0), Some(0))
    );
}

#[tokio::test]
async fn a_job_of_a_thousand_columns_is_exported() {
    let world = World::start().await;
    let names: Vec<String> = (0..1000).map(|number| format!("column_{number}")).collect();
    let select: Vec<String> = names
        .iter()
        .map(|name| format!("regionkey AS {name}"))
        .collect();
    let mut wide = regions("Wide", "wide");
    wide.sql = format!("SELECT {} FROM region", select.join(", "));
    wide.column_names = names;
    let ready = export(&world, wide).await;
    assert_eq!(ready.jobs[0].row_count, Some(5));
}

#[tokio::test]
async fn names_with_quotes_and_commas_are_exported() {
    let world = World::start().await;
    let odd = node(
        "Odd, \"quoted\"",
        &["a\"b", "c,d", "e f"],
        "SELECT regionkey AS \"a\"\"b\", name AS \"c,d\", comment AS \"e f\" FROM region -- it's all here (",
        "odd, names/it's here",
    );
    let ready = export(&world, odd).await;
    assert_eq!(ready.jobs[0].row_count, Some(5));
}

#[tokio::test]
async fn footers_larger_than_the_first_read_are_counted() {
    let world = World::start().await;
    let large = samples::large_footer(1234, 200_000).unwrap();
    let over = export_with(&world, vec![("9.parquet".to_owned(), large)]).await;
    assert_eq!(
        over.jobs[0].row_count,
        Some(1239),
        "{:?}",
        over.jobs[0].error_message
    );
}

#[tokio::test]
async fn a_listing_of_several_pages_is_counted_whole() {
    let world = World::start().await;
    world.sandbox.store().set_page_size(10);
    let small = samples::parquet(3).unwrap();
    let files = (0..57)
        .map(|number| (format!("extra_{number}.parquet"), small.clone()))
        .collect();
    let over = export_with(&world, files).await;
    assert_eq!(
        over.jobs[0].row_count,
        Some(5 + 57 * 3),
        "{:?}",
        over.jobs[0].error_message
    );
}

#[tokio::test]
async fn counts_beyond_two_to_the_31_are_stored() {
    let world = World::start().await;
    let rows = 5_000_000_000;
    let huge = samples::claiming_rows(rows).unwrap();
    let over = export_with(&world, vec![("9.parquet".to_owned(), huge)]).await;
    assert_eq!(
        over.jobs[0].row_count,
        Some(5_000_000_005),
        "{:?}",
        over.jobs[0].error_message
    );
    assert_eq!(over.snapshot.status, SnapshotStatus::Ready);
}
