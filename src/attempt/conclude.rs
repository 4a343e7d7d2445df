use export_api::QueryStats;

use super::{
    Ending, Failure,
    destination::{foreign, purge},
    inventory::{self, Inventory},
    under_way::Attempt,
};
use crate::{ports::QueryId, telemetry::Step};

/// Counts what a finished query wrote.
///
/// On a later attempt writers of an earlier one may still be dying: the listing
/// is taken twice, a settling time apart, and must agree, and files that carry
/// another query's id are debris.
pub(super) async fn conclude(
    attempt: &Attempt<'_>,
    query: &QueryId,
    stats: Option<QueryStats>,
) -> Result<Ending, Failure> {
    let counting = count(attempt, query);
    let inventory = attempt.during(Step::Inventory, counting).await?;
    Ok(Ending::Exported {
        query: query.clone(),
        inventory,
        stats,
    })
}

async fn count(attempt: &Attempt<'_>, query: &QueryId) -> Result<Inventory, Failure> {
    let Attempt { world, task, .. } = attempt;
    let storage = world.storage.as_ref();
    let (folder, concurrency) = (&task.destination, world.settings.count_concurrency);
    let is_later_attempt = task.attempt.is_some_and(|number| number > 1);
    let before = if is_later_attempt {
        let before = inventory::fingerprint(storage, folder, Some(query)).await?;
        attempt.settle().await;
        Some(before)
    } else {
        None
    };
    let inventory = inventory::take(storage, folder, Some(query), concurrency).await?;
    if before.is_some_and(|before| inventory.fingerprint() != before) {
        return Err(Failure::Unsettled(folder.to_string()));
    }
    if !task.is_first_attempt() {
        purge(attempt, inventory.debris.clone()).await?;
    } else if let Some(object) = inventory.debris.first() {
        return Err(foreign(object).into());
    }
    Ok(inventory)
}
