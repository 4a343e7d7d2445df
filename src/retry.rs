//! Retry is data: how often, how long between, and one function that does it.

use std::{future::Future, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBuilder, Retryable as _};
use tokio_util::sync::CancellationToken;

/// `Retry-After` beyond this is cut to it: a slip of a proxy must not park a worker for a day.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Delays without an end: each twice the one before, up to `longest`, with jitter.
pub fn endless(first: Duration, longest: Duration) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay(longest)
        .without_max_times()
        .with_jitter()
        .build()
}

/// An error that knows whether asking again may help.
pub trait Retryable {
    /// Whether asking again may help.
    fn is_transient(&self) -> bool;

    /// How long the other side asked us to wait, clamped to [`LONGEST_RETRY_AFTER`].
    fn retry_after(&self) -> Option<Duration>;

    /// The error of an operation that was cut by a shutdown.
    fn interrupted() -> Self;
}

/// How often to ask again, and how long to wait between. Delays carry jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    first: Duration,
    factor: f32,
    retries: usize,
}

impl RetryPolicy {
    /// Starburst submission: 3 retries after 1, 2 and 4 s.
    pub const SUBMISSION: Self = Self::exponential(Duration::from_secs(1), 3);
    /// Following a nextUri: from 100 ms, doubling, 5 retries; past it the next poll tries again.
    pub const FOLLOW: Self = Self::exponential(Duration::from_millis(100), 5);
    /// Status updates to the Control Plane: 5 retries, 1 s apart.
    pub const STATUS_UPDATE: Self = Self::fixed(Duration::from_secs(1), 5);
    /// A look at the queue that crossed the close of an idle connection: once more, at once.
    pub const CROSSED_CLOSE: Self = Self::fixed(Duration::ZERO, 1);
    /// Object store operations: 3 retries after 0.5, 1 and 2 s.
    pub const STORAGE: Self = Self::exponential(Duration::from_millis(500), 3);

    /// Each delay twice the one before.
    pub const fn exponential(first: Duration, retries: usize) -> Self {
        Self {
            first,
            factor: 2.0,
            retries,
        }
    }

    /// All delays the same.
    pub const fn fixed(delay: Duration, retries: usize) -> Self {
        Self {
            first: delay,
            factor: 1.0,
            retries,
        }
    }

    /// The same delays, another number of retries.
    pub const fn with_retries(self, retries: usize) -> Self {
        Self { retries, ..self }
    }

    /// Runs `operation` until it succeeds, fails for good, or the retries are
    /// used up; then returns what it returned last. A cancelled `shutdown`
    /// ends it at once, also amid an attempt, with [`Retryable::interrupted`].
    pub async fn run<T, E, Fut>(
        self,
        shutdown: &CancellationToken,
        operation: impl FnMut() -> Fut,
    ) -> Result<T, E>
    where
        E: Retryable,
        Fut: Future<Output = Result<T, E>>,
    {
        let delays = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_factor(self.factor)
            .with_max_times(self.retries)
            .with_jitter();
        let retried = operation
            .retry(delays)
            .sleep(tokio::time::sleep)
            .when(E::is_transient)
            .adjust(|error, delay| {
                delay.map(|delay| error.retry_after().map_or(delay, |asked| asked.max(delay)))
            });
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Err(E::interrupted()),
            result = retried => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    #[derive(Debug, PartialEq)]
    enum Failure {
        Passing,
        Asked(Duration),
        Lasting,
        Interrupted,
    }

    impl Retryable for Failure {
        fn is_transient(&self) -> bool {
            matches!(self, Self::Passing | Self::Asked(_))
        }

        fn retry_after(&self) -> Option<Duration> {
            match self {
                Self::Asked(delay) => Some(*delay),
                Self::Passing | Self::Lasting | Self::Interrupted => None,
            }
        }

        fn interrupted() -> Self {
            Self::Interrupted
        }
    }

    async fn run(
        policy: RetryPolicy,
        outcomes: Vec<Result<(), Failure>>,
    ) -> (Result<(), Failure>, usize) {
        let outcomes = std::cell::RefCell::new(outcomes.into_iter());
        let calls = Cell::new(0);
        let result = policy
            .run(&CancellationToken::new(), || {
                calls.set(calls.get() + 1);
                let outcome = outcomes.borrow_mut().next().unwrap_or(Ok(()));
                async { outcome }
            })
            .await;
        (result, calls.get())
    }

    #[tokio::test(start_paused = true)]
    async fn a_passing_failure_is_asked_again_until_it_passes() {
        let (result, calls) = run(
            RetryPolicy::SUBMISSION,
            vec![Err(Failure::Passing), Err(Failure::Passing), Ok(())],
        )
        .await;
        assert_eq!((result, calls), (Ok(()), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_does_not_pass_is_returned_after_the_last_retry() {
        let (result, calls) = run(
            RetryPolicy::SUBMISSION,
            (0..9).map(|_| Err(Failure::Passing)).collect(),
        )
        .await;
        assert_eq!((result, calls), (Err(Failure::Passing), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lasting_failure_is_not_asked_again() {
        let (result, calls) = run(RetryPolicy::SUBMISSION, vec![Err(Failure::Lasting)]).await;
        assert_eq!((result, calls), (Err(Failure::Lasting), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_that_was_asked_for_is_kept() {
        let started = Instant::now();
        let asked = Duration::from_secs(42);
        let (result, _) = run(
            RetryPolicy::STORAGE,
            vec![Err(Failure::Asked(asked)), Ok(())],
        )
        .await;
        assert_eq!(result, Ok(()));
        assert!(started.elapsed() >= asked, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_ends_the_wait_at_once() {
        let shutdown = CancellationToken::new();
        let started = Instant::now();
        let waiting = RetryPolicy::SUBMISSION.run(&shutdown, || async {
            shutdown.cancel();
            Err::<(), _>(Failure::Passing)
        });
        assert_eq!(waiting.await, Err(Failure::Interrupted));
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
