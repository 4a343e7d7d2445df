//! What time it is: the machine's, or that of a simulated world.

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
