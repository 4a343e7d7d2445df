//! An ending, as the Control Plane, the log and the metrics are told.

use std::time::Duration;

use chrono::{DateTime, Utc};
use export_api::{JobUpdate, WireTime};

use super::{Ending, under_way::Attempt};
use crate::{
    ports::ErrorKind,
    telemetry::{Cause, Counts, ErrorSource},
};

/// Why a job that a shutdown cut is given back.
const SHUT_DOWN: &str = "the worker shut down";

impl Ending {
    /// The change of the job that says so; `None` where nothing is to be written.
    pub(super) fn update(&self, now: DateTime<Utc>) -> Option<JobUpdate> {
        let completed_at = WireTime::from(now);
        match self {
            Ending::Exported {
                inventory, stats, ..
            } => Some(JobUpdate::Completed {
                row_count: inventory.rows,
                size_bytes: inventory.bytes,
                files: inventory.files,
                completed_at,
                stats: *stats,
            }),
            Ending::Parked {
                next_uri,
                next_poll_at,
                poll_count,
                ..
            } => Some(JobUpdate::Running {
                next_uri: next_uri.clone(),
                next_poll_at: WireTime::ceil(*next_poll_at),
                poll_count: *poll_count,
            }),
            Ending::Failed(failure) => Some(JobUpdate::Failed {
                error_message: failure.to_string(),
                completed_at,
            }),
            Ending::GivenBack {
                failure,
                retry_after_seconds,
            } => Some(JobUpdate::GiveBack {
                error_message: failure
                    .as_ref()
                    .map_or_else(|| SHUT_DOWN.to_owned(), ToString::to_string),
                retry_after_seconds: *retry_after_seconds,
                interrupted: failure.is_none(),
            }),
            Ending::Cancelled => Some(JobUpdate::Cancelled { completed_at }),
            Ending::LeaseLost | Ending::LeftAlone => None,
        }
    }

    /// Whether the job is over with it.
    pub(super) fn is_terminal(&self) -> bool {
        match self {
            Self::Exported { .. } | Self::Failed(_) | Self::Cancelled => true,
            Self::Parked { .. } | Self::GivenBack { .. } | Self::LeaseLost | Self::LeftAlone => {
                false
            }
        }
    }
}

/// Log line and metrics of an ending that the Control Plane knows now.
pub(super) fn tell(attempt: &Attempt<'_>, ending: &Ending, now: DateTime<Utc>) {
    let (events, facts) = (&attempt.world.events, &attempt.task.facts);
    match ending {
        Ending::Exported { .. } | Ending::Failed(_) | Ending::GivenBack { .. } => {
            if let Some(waited) = attempt.progress.queued() {
                events.queued(facts, waited);
            }
        }
        // Of a parked one the last page is read again, and tells again.
        Ending::Parked { .. } | Ending::Cancelled | Ending::LeaseLost | Ending::LeftAlone => {}
    }
    match ending {
        Ending::Exported { inventory, .. } => {
            let submission = attempt.progress.submission();
            let polls = submission
                .as_ref()
                .map_or(0, |submission| submission.poll_count);
            let took =
                submission.and_then(|submission| (now - submission.submitted_at?).to_std().ok());
            let counts = Counts {
                rows: inventory.rows,
                bytes: inventory.bytes,
                files: inventory.files,
            };
            events.completed(facts, counts, polls, took);
        }
        Ending::Parked {
            poll_count,
            next_poll_at,
            hindrance,
            ..
        } => {
            if let Some(failure) = hindrance {
                events.left_as_it_is(facts, &failure.cause());
            }
            let next_in = (*next_poll_at - now).to_std().unwrap_or_default();
            events.polled(facts, *poll_count, next_in);
        }
        Ending::Failed(failure) => events.failed(facts, &failure.cause()),
        Ending::GivenBack {
            failure: Some(failure),
            retry_after_seconds,
        } => {
            let retry_after = Duration::from_secs((*retry_after_seconds).into());
            events.given_back(facts, &failure.cause(), Some(retry_after));
        }
        Ending::GivenBack { failure: None, .. } => events.given_back(facts, &interruption(), None),
        Ending::Cancelled => events.cancelled(facts),
        Ending::LeaseLost | Ending::LeftAlone => {}
    }
}

fn interruption() -> Cause {
    Cause {
        source: ErrorSource::Job,
        kind: ErrorKind::Interrupted,
        message: SHUT_DOWN.to_owned(),
    }
}
