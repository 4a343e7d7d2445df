use std::time::Duration;

use export_api::QueryStats;
use tokio::time::Instant;

use super::under_way::Attempt;
use crate::{ports::StarburstError, telemetry::Step};

/// A sprint without data ends after this long, whatever its pages promise.
const LONGEST_WITHOUT_DATA: Duration = Duration::from_secs(30);

/// Where a sprint ended.
#[derive(Debug)]
pub(super) enum Sprint {
    /// The query is over, successfully.
    Over(QueryStats),
    /// It goes on, and asking at once would only wait.
    Parked,
}

/// Follows the pages of a query as long as the next one is there at once: the
/// hand-over after the kick, pages with data, and what is left once the query
/// is FINISHING.
///
/// The nextUri that is persisted is the one before the first hop; the caller
/// persists what is left at the end. A worker that dies in between leaves a
/// token that answers 410, and the query is looked up by its id.
pub(super) async fn sprint(
    attempt: &Attempt<'_>,
    first_step: Step,
) -> Result<Sprint, StarburstError> {
    let mut last_data = Instant::now();
    let mut step = first_step;
    loop {
        let Some(submission) = attempt.progress.submission() else {
            return Ok(Sprint::Parked);
        };
        let following = attempt.world.starburst.follow(&submission.next_uri);
        let page = attempt.during(step, following).await?;
        if step == Step::Poll {
            attempt.world.events.found(page.state);
        }
        step = Step::Sprint;
        if page.error.is_some() || page.next_uri.is_none() {
            let queued = Duration::from_millis(page.stats.queued_millis);
            attempt.progress.over(queued);
        }
        if let Some(error) = page.error {
            return Err(StarburstError::Query(error));
        }
        let follow_at_once = page.follow_at_once();
        // The last page's own address stays in `progress`: it can be replayed.
        let Some(next_uri) = page.next_uri else {
            return Ok(Sprint::Over(page.stats));
        };
        attempt.progress.advance(next_uri);
        if page.has_data {
            last_data = Instant::now();
        }
        let is_promising = follow_at_once && last_data.elapsed() < LONGEST_WITHOUT_DATA;
        if !is_promising || attempt.shutdown.stopping.is_cancelled() {
            return Ok(Sprint::Parked);
        }
    }
}
