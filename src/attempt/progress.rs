use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use export_api::NextUri;

use super::{Ending, schedule};
use crate::{ports::QueryId, telemetry::Step};

/// A query that the Control Plane knows of: whoever dies now, any replica can go on.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    pub(super) query: QueryId,
    pub(super) next_uri: NextUri,
    pub(super) poll_count: u32,
    pub(super) submitted_at: Option<DateTime<Utc>>,
}

/// How far an attempt is: what is needed to hand the job over at any moment.
#[derive(Debug)]
pub(super) struct Progress {
    step: Mutex<Step>,
    submission: Mutex<Option<Submission>>,
    queued: Mutex<Option<Duration>>,
}

impl Progress {
    /// An attempt that begins with `step`.
    pub(super) fn new(step: Step) -> Self {
        Self {
            step: Mutex::new(step),
            submission: Mutex::default(),
            queued: Mutex::default(),
        }
    }

    /// A step begins.
    pub(super) fn enter(&self, step: Step) {
        *lock(&self.step) = step;
    }

    /// The step it is in.
    pub(super) fn step(&self) -> Step {
        *lock(&self.step)
    }

    /// The query is persisted from here on.
    pub(super) fn submitted(&self, submission: Submission) {
        *lock(&self.submission) = Some(submission);
    }

    /// The query went on to this page.
    pub(super) fn advance(&self, next_uri: NextUri) {
        if let Some(submission) = &mut *lock(&self.submission) {
            submission.next_uri = next_uri;
        }
    }

    pub(super) fn submission(&self) -> Option<Submission> {
        lock(&self.submission).clone()
    }

    /// The query is over, as its page says, and had waited for so long.
    pub(super) fn over(&self, queued: Duration) {
        *lock(&self.queued) = Some(queued);
    }

    /// How long the query had waited, where it is over.
    pub(super) fn queued(&self) -> Option<Duration> {
        *lock(&self.queued)
    }

    /// Hands the job over because of a shutdown: a persisted query may be
    /// taken by the next poller at once, anything else goes back to the queue.
    pub(super) fn interrupted(&self, now: DateTime<Utc>) -> Ending {
        match self.submission() {
            Some(submission) => Ending::Parked {
                next_uri: submission.next_uri,
                next_poll_at: now,
                poll_count: submission.poll_count,
                hindrance: None,
            },
            None => Ending::GivenBack {
                failure: None,
                retry_after_seconds: 0,
            },
        }
    }
}

impl Submission {
    /// To be asked for again by the schedule.
    pub(super) fn park(self, now: DateTime<Utc>) -> Ending {
        Ending::Parked {
            next_poll_at: schedule::next_poll_at(now, self.poll_count),
            next_uri: self.next_uri,
            poll_count: self.poll_count,
            hindrance: None,
        }
    }
}

/// A panic elsewhere leaves these plain values as they are.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
