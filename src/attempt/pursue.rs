use std::time::Duration;

use tokio::time::sleep;

use super::{
    Ending, Failure,
    conclude::conclude,
    recover::{after_gone, after_not_found},
    sprint::{Sprint, sprint},
    under_way::Attempt,
};
use crate::{ports::StarburstError, telemetry::Step};

/// A query that cannot be found may be a gateway that misrouted: it is given up
/// after this many more looks,
const CONFIRMATIONS: u32 = 4;
/// this far apart, 60 s in all.
const CONFIRM_AFTER: Duration = Duration::from_secs(15);

/// Follows a persisted query as far as it goes now: to its end and the count of
/// its files, or to where the next poller takes over. `first_step` names the
/// first GET: the kick, or a poll.
pub(super) async fn pursue(attempt: &Attempt<'_>, first_step: Step) -> Result<Ending, Failure> {
    let mut missed = 0;
    loop {
        let result = sprint(attempt, first_step).await;
        let Some(submission) = attempt.progress.submission() else {
            return Err(Failure::NoQuery);
        };
        let is_last_look = missed == CONFIRMATIONS;
        let found = match result {
            Ok(Sprint::Over(stats)) => {
                return conclude(attempt, &submission.query, Some(stats)).await;
            }
            Ok(Sprint::Parked) => return Ok(submission.park(attempt.world.clock.now())),
            Err(StarburstError::Gone) => after_gone(attempt, &submission).await?,
            Err(StarburstError::NotFound) => {
                after_not_found(attempt, &submission, is_last_look).await?
            }
            Err(error) => return Err(error.into()),
        };
        match found {
            Some(ending) => return Ok(ending),
            None if is_last_look => return Err(Failure::Forgotten(submission.query)),
            None => {}
        }
        missed += 1;
        sleep(CONFIRM_AFTER).await;
    }
}
