//! Clocks that are read when they are dropped or done.

use tokio::time::Instant;

use super::{Boundary, Loop, Metrics, RequestOutcome, Step};

impl Metrics {
    /// Starts the clock of one request to the outside.
    pub fn outside_request(&self, boundary: Boundary) -> OutsideRequest<'_> {
        OutsideRequest {
            metrics: self,
            boundary,
            started: Instant::now(),
        }
    }

    /// Starts the clock of one step. It is read when the guard is dropped,
    /// however the step ended.
    pub fn step(&self, step: Step) -> StepClock<'_> {
        StepClock {
            metrics: self,
            step,
            started: Instant::now(),
        }
    }

    /// Counts a job as in flight until the guard is dropped.
    pub fn in_flight(&self, which: Loop) -> InFlight<'_> {
        self.jobs_in_flight.up((which,));
        InFlight {
            metrics: self,
            which,
        }
    }
}

/// A request under way.
#[must_use = "a request that is never done is never counted"]
#[derive(Debug)]
pub struct OutsideRequest<'a> {
    metrics: &'a Metrics,
    boundary: Boundary,
    started: Instant,
}

impl OutsideRequest<'_> {
    /// Stops the clock.
    pub fn done(self, outcome: RequestOutcome) {
        self.metrics.outside_request_seconds.observe(
            (self.boundary, outcome),
            self.started.elapsed().as_secs_f64(),
        );
    }
}

/// A step under way.
#[must_use = "a clock that is dropped at once has measured nothing"]
#[derive(Debug)]
pub struct StepClock<'a> {
    metrics: &'a Metrics,
    step: Step,
    started: Instant,
}

impl Drop for StepClock<'_> {
    fn drop(&mut self) {
        self.metrics
            .step_seconds
            .observe((self.step,), self.started.elapsed().as_secs_f64());
    }
}

/// A job in flight.
#[must_use = "a guard that is dropped at once has counted nothing"]
#[derive(Debug)]
pub struct InFlight<'a> {
    metrics: &'a Metrics,
    which: Loop,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.metrics.jobs_in_flight.down((self.which,));
    }
}
