//! What both loops are: fetch as many jobs as there is room for, work on each
//! by itself, go on at once while there is more.

#[cfg(test)]
mod tests;

use std::{any::Any, future::Future, sync::Arc, time::Duration};

use export_api::ExportJob;
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::retry::Retryable;

/// What one look at the queue brought.
#[derive(Debug)]
pub struct Batch {
    /// Jobs to work on.
    pub jobs: Vec<ExportJob>,
    /// How long to wait before the next look; `None`: there may be more right now.
    pub pause: Option<Duration>,
}

impl Batch {
    /// A look that was answered after `took`. An empty answer is followed by
    /// `pause`, unless the Control Plane waited about as long as it was asked to
    /// (`wait`): then the pause is over already.
    pub fn found(jobs: Vec<ExportJob>, took: Duration, wait: Duration, pause: Duration) -> Self {
        let has_waited = !wait.is_zero() && took >= wait / 2;
        let is_idle = jobs.is_empty() && !has_waited;
        Self {
            jobs,
            pause: is_idle.then_some(pause),
        }
    }

    /// A look that failed: the next one comes after `pause`, or after as long
    /// as the other side asked for.
    pub fn failed(error: &impl Retryable, pause: Duration) -> Self {
        Self {
            jobs: Vec::new(),
            pause: Some(error.retry_after().map_or(pause, |asked| asked.max(pause))),
        }
    }
}

/// Feeds jobs from `fetch` to `work` until `stopping` is cancelled, and then
/// waits for what is under way.
///
/// At most `concurrency` jobs are worked on at once, and no more than `batch`
/// are fetched at once. A slow job holds one place and nothing else. Returns
/// early only if work on a job panics: then the process is to end.
pub async fn feed<F, W>(
    concurrency: usize,
    batch: u32,
    stopping: &CancellationToken,
    fetch: impl Fn(u32) -> F,
    work: impl Fn(ExportJob) -> W,
) -> Result<(), Panicked>
where
    F: Future<Output = Batch>,
    W: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(concurrency));
    let mut under_way = JoinSet::new();
    while !stopping.is_cancelled() {
        tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            Some(ended) = under_way.join_next() => {
                ended.map_err(Panicked::from)?;
                continue;
            }
            // Given back at once: places are taken per job, below.
            room = places.acquire() => drop(room),
        }
        let room = u32::try_from(places.available_permits()).unwrap_or(u32::MAX);
        // Not cut by a shutdown: jobs in an answer that nobody reads would
        // stay claimed until their lease runs out.
        let Batch { jobs, pause } = fetch(room.clamp(1, batch)).await;
        for job in jobs {
            let place = Arc::clone(&places).acquire_owned().await;
            let work = work(job);
            under_way.spawn(async move {
                work.await;
                drop(place);
            });
        }
        if let Some(pause) = pause {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = sleep(jittered(pause)) => {}
            }
        }
    }
    while let Some(ended) = under_way.join_next().await {
        ended.map_err(Panicked::from)?;
    }
    Ok(())
}

/// Work on a job panicked.
#[derive(Debug, thiserror::Error)]
#[error("work on a job panicked: {0}")]
pub struct Panicked(String);

impl From<tokio::task::JoinError> for Panicked {
    fn from(error: tokio::task::JoinError) -> Self {
        match error.try_into_panic() {
            Ok(panic) => panic.into(),
            Err(error) => Self(error.to_string()),
        }
    }
}

impl From<Box<dyn Any + Send>> for Panicked {
    fn from(panic: Box<dyn Any + Send>) -> Self {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_else(|| "without a message".to_owned()))
    }
}

/// Up to a fifth more, so that replicas that started together do not ask together.
fn jittered(delay: Duration) -> Duration {
    delay.mul_f64(1.0 + 0.2 * fastrand::f64())
}
