//! Logging, metrics, typed events and the admin HTTP server.

mod json_lines;
pub mod logging;
mod metrics;

pub use logging::{LogFormat, LogLevel, LogLevelError};
pub use metrics::{Boundary, Metrics, OutsideRequest, RequestOutcome};
