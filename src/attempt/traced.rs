//! What a trace says of work on a job.

use std::fmt::Display;

use export_traces::{Attribute, Kind, Span, Under};

use super::{Ending, Failure, Task};
use crate::{
    ports::{ControlPlaneError, ErrorKind, QueryId, StarburstError},
    telemetry::{ErrorSource, Loop, Step},
};

/// Why a step failed, as its span says it.
pub(super) trait StepError: Display {
    /// What it does to the job.
    fn kind(&self) -> ErrorKind;
    /// Where it came from.
    fn source_of(&self) -> ErrorSource;
}

impl StepError for Failure {
    fn kind(&self) -> ErrorKind {
        Failure::kind(self)
    }

    fn source_of(&self) -> ErrorSource {
        Failure::source_of(self)
    }
}

impl StepError for ControlPlaneError {
    fn kind(&self) -> ErrorKind {
        ControlPlaneError::kind(self)
    }

    fn source_of(&self) -> ErrorSource {
        ErrorSource::ControlPlane
    }
}

impl StepError for StarburstError {
    fn kind(&self) -> ErrorKind {
        StarburstError::kind(self)
    }

    fn source_of(&self) -> ErrorSource {
        ErrorSource::Starburst
    }
}

/// The span of work on a job, from when it was handed out to its report.
pub(super) fn work_on(task: &Task, which: Loop) -> Span {
    let name = match which {
        Loop::Submitter => "submit job",
        Loop::Poller => "poll job",
    };
    let span = Span::begin(name, Kind::Consumer, Under::Parent(task.facts.trace()));
    name_job(&span, task);
    span.set(Attribute::ENTITY, task.facts.entity().to_owned());
    if which == Loop::Poller {
        span.set(Attribute::POLL_COUNT, i64::from(task.poll_count));
        name_query(&span, task.query.as_ref());
    }
    span
}

/// The span of a step, within that of the work.
pub(super) fn step(task: &Task, step: Step, query: Option<&QueryId>) -> Span {
    let span = Span::begin(step.as_str(), Kind::Internal, Under::Current);
    name_job(&span, task);
    name_query(&span, query);
    span
}

/// Names the query it is about, once: an earlier attempt's is buried under its own name.
pub(super) fn name_query(span: &Span, query: Option<&QueryId>) {
    if let Some(query) = query {
        span.set(Attribute::QUERY_ID, query.as_str().to_owned());
    }
}

fn name_job(span: &Span, task: &Task) {
    span.set(Attribute::JOB_ID, task.id.as_str().to_owned());
    span.set(Attribute::SNAPSHOT_ID, task.snapshot_id.as_str().to_owned());
    if let Some(attempt) = task.attempt {
        span.set(Attribute::ATTEMPT, i64::from(attempt));
    }
}

/// How a step ended.
pub(super) fn outcome<T, E: StepError>(span: &Span, result: &Result<T, E>) {
    match result {
        Ok(_) => span.set(Attribute::OUTCOME, "ok"),
        Err(error) => {
            span.set(Attribute::OUTCOME, "error");
            failed(span, error);
        }
    }
}

fn failed(span: &Span, error: &impl StepError) {
    span.set(Attribute::ERROR_KIND, error.kind().as_str());
    span.set(Attribute::BOUNDARY, error.source_of().as_str());
    span.fail(error.to_string());
}

/// Work on a job ended, and the Control Plane could not be told how.
pub(super) fn untold(span: &Span, failure: &Failure) {
    span.set(Attribute::OUTCOME, "untold");
    failed(span, failure);
}

/// How work on a job ended, as the Control Plane knows it. Said once of a span.
pub(super) fn ending(span: &Span, ending: &Ending) {
    let outcome = match ending {
        Ending::Exported { inventory, .. } => {
            for (attribute, count) in [
                (Attribute::ROWS, inventory.rows),
                (Attribute::BYTES, inventory.bytes),
                (Attribute::FILES, inventory.files),
            ] {
                span.set(attribute, i64::try_from(count).unwrap_or(i64::MAX));
            }
            "completed"
        }
        Ending::Parked { hindrance, .. } => {
            if let Some(failure) = hindrance {
                failed(span, failure);
            }
            "parked"
        }
        Ending::Failed(failure) => {
            failed(span, failure);
            "failed"
        }
        Ending::GivenBack { failure, .. } => {
            if let Some(failure) = failure {
                failed(span, failure);
            }
            "given_back"
        }
        Ending::Cancelled => "cancelled",
        Ending::LeaseLost => "lease_lost",
        Ending::LeftAlone => "left_alone",
    };
    span.set(Attribute::OUTCOME, outcome);
}
