use std::time::Duration;

use export_api::NextUri;
use tokio::time::{Instant, sleep};

use super::{Failure, under_way::Attempt};
use crate::{
    ports::{Fate, QueryId},
    retry::Retryable as _,
};

/// Between two looks at a query that was told to end.
const LOOK: Duration = Duration::from_secs(1);
/// A cancelled query ends within seconds; one that does not is the operator's matter.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sees to it that a query is over and its writers are still.
///
/// Cancels it where it runs, waits until the coordinator reports it terminal or
/// no longer knows it, and then lets it settle: cancelled writers were seen to
/// leave objects seconds after their query had failed.
pub(super) async fn bury(
    attempt: &Attempt<'_>,
    query: &QueryId,
    next_uri: Option<&NextUri>,
) -> Result<(), Failure> {
    let starburst = &attempt.world.starburst;
    let deadline = Instant::now() + PATIENCE;
    let mut cancelled = false;
    loop {
        match starburst.look_up(query).await? {
            Fate::Finished | Fate::Failed(_) | Fate::Unknown => break,
            Fate::Running | Fate::Finishing if Instant::now() >= deadline => {
                return Err(Failure::Undead(query.clone()));
            }
            Fate::Running | Fate::Finishing => {}
        }
        if !cancelled {
            match starburst.cancel(query, next_uri).await {
                Ok(()) => cancelled = true,
                // Asked again with the next look.
                Err(error) if error.is_transient() => {}
                Err(error) => return Err(error.into()),
            }
        }
        sleep(LOOK).await;
    }
    attempt.settle().await;
    Ok(())
}
