//! What time it is: the machine's, or that of a simulated world.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Tells the wall-clock time.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// Stands at `at` when tokio's clock stands at `since`, and goes on with it:
    /// on paused time it moves as the simulation moves.
    Anchored {
        /// Wall-clock time at the anchor.
        at: DateTime<Utc>,
        /// Tokio's time at the anchor.
        since: Instant,
    },
}

impl Clock {
    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now(),
            // A span that chrono cannot hold is beyond any run of the process.
            Self::Anchored { at, since } => {
                *at + chrono::TimeDelta::from_std(since.elapsed()).unwrap_or_default()
            }
        }
    }
}

/// A span as the wire has it: whole seconds, cut off.
pub(crate) fn whole_seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}
