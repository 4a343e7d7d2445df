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

    /// Keeps what the answer to a request, its HTTP status or none, tells of a boundary.
    pub fn boundary_answered(&self, boundary: Boundary, status: Option<u16>) {
        self.boundary_up.set((boundary,), is_up(status));
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
    /// Stops the clock, at the HTTP status of the answer or at none.
    pub fn done(self, status: Option<u16>) {
        let outcome = status.map_or(RequestOutcome::NoAnswer, RequestOutcome::from_status);
        self.metrics.outside_request_seconds.observe(
            (self.boundary, outcome),
            self.started.elapsed().as_secs_f64(),
        );
    }
}

/// Whether a boundary that answers so is there and takes our credentials. A 404,
/// a 409 or a 429 is an answer to one of us; a 401, a 403 or a 5xx is none.
fn is_up(status: Option<u16>) -> bool {
    match status {
        None | Some(401 | 403 | 500..) => false,
        Some(_) => true,
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
