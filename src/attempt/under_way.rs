use std::{future::Future, time::Duration};

use export_traces::Span;
use tokio::time::{Instant, sleep};
use tracing::Instrument as _;

use super::{
    Ending, Failure, Shutdown, Task, World,
    lease::Lease,
    progress::Progress,
    report::report,
    traced::{self, StepError},
    verdict::judge,
};
use crate::{
    ports::{ErrorKind, QueryId},
    telemetry::{Loop, Step},
};

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
    /// What the job's trace says of it.
    pub(super) trace: Span,
}

impl<'a> Attempt<'a> {
    /// An attempt at a job that was just handed out to this loop.
    pub(super) fn new(
        world: &'a World,
        shutdown: &'a Shutdown,
        task: &'a Task,
        which: Loop,
    ) -> Self {
        let first_step = match which {
            Loop::Submitter => Step::Check,
            Loop::Poller => Step::Poll,
        };
        Self {
            world,
            shutdown,
            task,
            lease: Lease::new(world, task),
            progress: Progress::new(first_step),
            trace: traced::work_on(task, which),
        }
    }

    /// Does the work of the attempt while its lease holds and grace lasts, and
    /// reports how that ended.
    pub(super) async fn run(&self, work: impl Future<Output = Result<Ending, Failure>>) {
        let all = async {
            let ending = self.ending_of(work).await;
            report(self, ending).await;
        };
        let all = all.instrument(self.task.facts.span().clone());
        self.trace.around(all).await;
    }

    /// Its query is registered and persisted.
    pub(super) fn registered(&self, query: &QueryId) {
        traced::name_query(&self.trace, Some(query));
        self.world.events.submitted(&self.task.facts, query);
    }

    /// Somebody else has the job, as this step found.
    pub(super) fn lost(&self, step: Step) {
        traced::ending(&self.trace, &Ending::LeaseLost);
        self.world.events.lease_lost(&self.task.facts, step);
    }

    /// The Control Plane was not told how it ended: the job stays as it is.
    pub(super) fn untold(&self, failure: &Failure) {
        traced::untold(&self.trace, failure);
        let cause = failure.cause();
        self.world.events.left_as_it_is(&self.task.facts, &cause);
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

    /// Does the work of one step, inside the step's span, traced and measured.
    pub(super) async fn during<T, E: StepError>(
        &self,
        step: Step,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.progress.enter(step);
        let _clock = self.world.events.metrics().step(step);
        let span = tracing::info_span!("step", step = step.as_str());
        let submission = self.progress.submission();
        let query = submission.map(|submission| submission.query);
        let query = query.as_ref().or(self.task.query.as_ref());
        let trace = traced::step(self.task, step, query);
        let result = trace.around(work.instrument(span)).await;
        traced::outcome(&trace, &result);
        result
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
