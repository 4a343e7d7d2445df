use std::{pin::pin, time::Duration};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    limits::MAX_WAITING,
    metrics::Metrics,
    store::{LOOKS_AGAIN, Offer, Queue, Store, StoreError},
};

/// How long to leave a job alone that is due but was not given out: somebody else is
/// writing it.
const BREATH: Duration = Duration::from_millis(100);

/// Waits for jobs, bounded in time and in number.
#[derive(Debug)]
pub(crate) struct LongPolls {
    places: Semaphore,
    shutdown: CancellationToken,
}

impl LongPolls {
    pub(crate) fn new(shutdown: CancellationToken) -> Self {
        Self {
            places: Semaphore::new(MAX_WAITING),
            shutdown,
        }
    }

    /// Looks until `look` finds jobs or so many seconds are over: again when the
    /// queue has news, when the first job becomes due, and from time to time. At
    /// shutdown the answer comes at once, and is empty.
    pub(crate) async fn wait<F, L>(
        &self,
        store: &Store,
        metrics: &Metrics,
        queue: Queue,
        wait_seconds: u32,
        mut look: F,
    ) -> Result<Offer, StoreError>
    where
        F: FnMut() -> L,
        L: Future<Output = Result<Offer, StoreError>>,
    {
        let clock = store.clock();
        let deadline = clock.now() + Duration::from_secs(u64::from(wait_seconds));
        let mut place = None;
        loop {
            if self.shutdown.is_cancelled() {
                return Ok(Offer::default());
            }
            let mut news = pin!(store.waiter(queue));
            // Before the look: news that comes between the two is not missed.
            news.as_mut().enable();
            let offer = look().await?;
            let now = clock.now();
            if !offer.jobs.is_empty() || now >= deadline {
                return Ok(offer);
            }
            if place.is_none() {
                let Ok(permit) = self.places.try_acquire() else {
                    return Ok(offer);
                };
                place = Some((permit, metrics.waits()));
            }
            let mut again = deadline.min(now + LOOKS_AGAIN);
            if let Some(due) = offer.next_due_at {
                again = again.min(due.max(now + BREATH));
            }
            tokio::select! {
                () = news => {}
                () = clock.sleep_until(again) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
    }
}
