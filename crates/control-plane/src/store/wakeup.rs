use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, futures::OwnedNotified};

/// Whoever waits looks again by itself at least so often, woken or not.
pub(crate) const LOOKS_AGAIN: Duration = Duration::from_secs(2);

/// What a long poll waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A job became pending.
    Pending,
    /// A submitted job became due, or will be at a time it was not before.
    Pollable,
}

/// Wakes the long polls of this process.
///
/// It only makes them quicker: whoever waits also looks again by itself from time
/// to time, so that a lost wake-up costs seconds, never a job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wakeups {
    pending: Arc<Notify>,
    pollable: Arc<Notify>,
}

impl Wakeups {
    fn of(&self, news: News) -> &Arc<Notify> {
        match news {
            News::Pending => &self.pending,
            News::Pollable => &self.pollable,
        }
    }

    /// Wakes everybody who waits for such news.
    pub(crate) fn wake(&self, news: News) {
        self.of(news).notify_waiters();
    }

    /// A waiter. Once enabled it misses nothing: enable it before looking.
    pub(crate) fn waiter(&self, news: News) -> OwnedNotified {
        Arc::clone(self.of(news)).notified_owned()
    }
}
