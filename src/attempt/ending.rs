use chrono::{DateTime, Utc};
use export_api::{NextUri, QueryStats};

use super::{Failure, inventory::Inventory};
use crate::ports::QueryId;

/// How work on a job ended, as far as this worker is concerned.
#[derive(Debug)]
pub enum Ending {
    /// The query is over and its files are counted.
    Exported {
        /// The query that wrote them.
        query: QueryId,
        /// What was counted.
        inventory: Inventory,
        /// What the query cost, where its last page was seen.
        stats: Option<QueryStats>,
    },
    /// The query goes on; the next poller takes over from here.
    Parked {
        /// Where it goes on.
        next_uri: NextUri,
        /// When to ask again.
        next_poll_at: DateTime<Utc>,
        /// How often it was asked for.
        poll_count: u32,
        /// What kept this worker from seeing more, where something did.
        hindrance: Option<Failure>,
    },
    /// The job cannot be exported.
    Failed(Failure),
    /// Back to the queue.
    GivenBack {
        /// Why; `None` if a shutdown cut the attempt, which is then not counted.
        failure: Option<Failure>,
        /// Not before so many seconds.
        retry_after_seconds: u32,
    },
    /// The query was cancelled, as somebody asked.
    Cancelled,
    /// Somebody else has the job.
    LeaseLost,
    /// Not touched: not due yet, or somebody else is at it who holds no lease.
    LeftAlone,
}
