//! Logging, metrics, typed events and the admin HTTP server.

pub mod admin;
pub mod events;
mod json_lines;
pub mod logging;
pub mod metrics;
mod readiness;
#[cfg(test)]
mod tests;
pub mod traces;

pub use events::{Cause, Counts, Events, JobFacts};
pub use logging::{LogFormat, LogLevel, LogLevelError};
pub use metrics::{
    Boundary, ErrorSource, Exported, JobOutcome, Loop, Metrics, OutsideRequest, RequestOutcome,
    SnapshotEnd, Step,
};
pub use readiness::Readiness;
