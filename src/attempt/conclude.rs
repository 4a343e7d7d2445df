use export_api::QueryStats;
use tokio::time::sleep;

use super::{
    Ending, Failure, Task, World,
    destination::{foreign, purge},
    inventory::{self, Inventory},
    lease::Lease,
    progress::Progress,
};
use crate::{ports::QueryId, telemetry::Step};

/// Counts what a finished query wrote.
///
/// On a later attempt writers of an earlier one may still be dying: the listing
/// is taken twice, a settling time apart, and must agree, and files that carry
/// another query's id are debris.
pub(super) async fn conclude(
    world: &World,
    task: &Task,
    lease: &Lease<'_>,
    progress: &Progress,
    query: &QueryId,
    stats: Option<QueryStats>,
) -> Result<Ending, Failure> {
    let _clock = progress.enter(world, Step::Inventory);
    let first = count(world, task, query).await?;
    let inventory = if task.attempt.is_some_and(|attempt| attempt > 1) {
        sleep(world.settings.settle).await;
        let second = count(world, task, query).await?;
        if !second.agrees_with(&first) {
            return Err(Failure::Unsettled(task.destination.to_string()));
        }
        purge(world, lease, second.debris.clone()).await?;
        second
    } else {
        if let Some(object) = first.debris.first() {
            return Err(foreign(object).into());
        }
        first
    };
    Ok(Ending::Exported {
        query: query.clone(),
        inventory,
        stats,
    })
}

async fn count(world: &World, task: &Task, query: &QueryId) -> Result<Inventory, Failure> {
    let counted = inventory::take(
        world.storage.as_ref(),
        &task.destination,
        Some(query),
        world.settings.count_concurrency,
    );
    Ok(counted.await?)
}
