use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};
use tracing::Instrument as _;

use super::{
    Ending, Failure, Shutdown, Task, World, lease::Lease, progress::Progress, report::report,
    verdict::judge,
};
use crate::{ports::ErrorKind, telemetry::Step};

/// How long a step is done again where the job cannot be given back,
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// and the pause between.
const AGAIN: Duration = Duration::from_secs(10);

/// An attempt under way: what every step of it needs at hand.
pub(super) struct Attempt<'a> {
    pub(super) world: &'a World,
    pub(super) shutdown: &'a Shutdown,
    pub(super) task: &'a Task,
    pub(super) lease: Lease<'a>,
    pub(super) progress: Progress,
}

impl<'a> Attempt<'a> {
    /// An attempt at a job that was just handed out, beginning with `step`.
    pub(super) fn new(
        world: &'a World,
        shutdown: &'a Shutdown,
        task: &'a Task,
        step: Step,
    ) -> Self {
        Self {
            world,
            shutdown,
            task,
            lease: Lease::new(world, task),
            progress: Progress::new(step),
        }
    }

    /// Does the work of the attempt while its lease holds and grace lasts, and
    /// reports how that ended.
    pub(super) async fn run(&self, work: impl Future<Output = Result<Ending, Failure>>) {
        let all = async {
            let ending = self.ending_of(work).await;
            report(self, ending).await;
        };
        all.instrument(self.task.facts.span().clone()).await;
    }

    async fn ending_of(&self, work: impl Future<Output = Result<Ending, Failure>>) -> Ending {
        let outcome = tokio::select! {
            biased;
            () = self.shutdown.aborting.cancelled() => {
                return self.progress.interrupted(self.world.clock.now());
            }
            outcome = work => outcome,
            lost = self.lease.keep(self.world) => Err(lost),
        };
        outcome.unwrap_or_else(|failure| judge(self, failure))
    }

    /// Does the work of one step, inside the step's span and measured.
    pub(super) async fn during<T>(&self, step: Step, work: impl Future<Output = T>) -> T {
        self.progress.enter(step);
        let _clock = self.world.events.metrics().step(step);
        let span = tracing::info_span!("step", step = step.as_str());
        work.instrument(span).await
    }

    /// Does the work of a step that comes before the query is persisted.
    ///
    /// Where the job could be given back, once. A Control Plane without leases
    /// takes no job back, and an outage that fails every job in its queue would
    /// be worse than one that is waited for: there a passing failure is met by
    /// doing the step again, for a while.
    pub(super) async fn patiently<T, W>(
        &self,
        step: Step,
        mut work: impl FnMut() -> W,
    ) -> Result<T, Failure>
    where
        W: Future<Output = Result<T, Failure>>,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let result = self.during(step, work()).await;
            match result {
                Err(failure)
                    if self.task.token.is_none()
                        && failure.kind() == ErrorKind::Transient
                        && Instant::now() < deadline =>
                {
                    let (events, facts) = (&self.world.events, &self.task.facts);
                    events.left_as_it_is(facts, &failure.cause());
                    sleep(AGAIN).await;
                }
                result => return result,
            }
        }
    }

    /// Lets dying writers come to rest.
    pub(super) async fn settle(&self) {
        sleep(self.world.settings.settle).await;
    }
}
