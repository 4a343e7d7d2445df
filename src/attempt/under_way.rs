use tokio::time::sleep;
use tracing::Instrument as _;

use super::{
    Ending, Failure, Shutdown, Task, World, lease::Lease, progress::Progress, report::report,
    verdict::judge,
};
use crate::telemetry::Step;

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

    /// Lets dying writers come to rest.
    pub(super) async fn settle(&self) {
        sleep(self.world.settings.settle).await;
    }
}
