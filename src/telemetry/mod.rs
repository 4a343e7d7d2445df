//! Logging, metrics, typed events and the admin HTTP server.

mod metrics;

pub use metrics::{Boundary, Metrics, OutsideRequest, RequestOutcome};
