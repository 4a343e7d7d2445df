use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use export_api::NextUri;

use super::{Ending, schedule};
use crate::ports::QueryId;

/// A query that the Control Plane knows of: whoever dies now, any replica can go on.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    pub(super) query: QueryId,
    pub(super) next_uri: NextUri,
    pub(super) poll_count: u32,
}

/// How far an attempt is: what is needed to hand the job over at any moment.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<Option<Submission>>);

impl Progress {
    /// An attempt whose query is persisted already.
    pub(super) fn at(submission: Submission) -> Self {
        Self(Mutex::new(Some(submission)))
    }

    /// The query is persisted from here on.
    pub(super) fn submitted(&self, submission: Submission) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(submission);
    }

    /// The query went on to this page.
    pub(super) fn advance(&self, next_uri: NextUri) {
        if let Some(submission) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            submission.next_uri = next_uri;
        }
    }

    pub(super) fn submission(&self) -> Option<Submission> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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
