//! The real binaries, as deployed, against the sandbox on real sockets.
//!
//! Nothing here sleeps: tests wait for log lines, for answers of the Control
//! Plane, or for gates they have put in the way of a request.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers serve it alone"
)]

mod collector;
#[path = "../harness/mod.rs"]
mod harness;
mod unready;

mod bad_input;
mod cancellation;
mod crashes;
mod demo;
mod dialects;
mod doctor;
mod exports;
mod readiness;
mod shapes;
mod shutdown;
mod traces;

use harness::{api, process, world};
