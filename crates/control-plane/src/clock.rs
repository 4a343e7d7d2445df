//! What time it is.

use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::watch;

/// What time it is. Everything that expires or becomes due asks this clock,
/// so that a test can set it instead of waiting.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Set(watch::Sender<DateTime<Utc>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands still until it is [set](Self::set).
    pub fn standing_at(instant: DateTime<Utc>) -> Self {
        Self(Kind::Set(watch::Sender::new(instant.trunc_subsecs(6))))
    }

    /// Sets a standing clock and wakes who waits for that time. The machine's
    /// clock cannot be set.
    pub fn set(&self, instant: DateTime<Utc>) {
        match &self.0 {
            Kind::System => {}
            Kind::Set(time) => {
                time.send_replace(instant.trunc_subsecs(6));
            }
        }
    }

    /// Now, in whole microseconds: what the stores keep.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Kind::System => Utc::now().trunc_subsecs(6),
            Kind::Set(time) => *time.borrow(),
        }
    }

    /// Waits until this clock shows `instant` or later.
    pub async fn sleep_until(&self, instant: DateTime<Utc>) {
        match &self.0 {
            // A machine's clock may be set back while we sleep: look again.
            Kind::System => {
                while let Ok(left) = (instant - Utc::now()).to_std() {
                    if left.is_zero() {
                        return;
                    }
                    tokio::time::sleep(left).await;
                }
            }
            Kind::Set(time) => {
                let mut changes = time.subscribe();
                // The sender lives in `self`, so the channel is never closed.
                let _ = changes.wait_for(|now| *now >= instant).await;
            }
        }
    }
}
