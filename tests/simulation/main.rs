//! The loops and the attempt against a simulated world, on paused time.
//!
//! Every outside call is numbered. Each test runs the worker once per call and
//! lets that call go wrong in one way; whatever happens, the job ends once,
//! with the right counts, and nothing foreign is touched.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers serve it alone"
)]

mod bucket;
mod coordinator;
mod faults;
mod queue;
mod state;
mod world;

mod crashes;
mod happy;
mod losses;
mod storms;

use chrono::{DateTime, Utc};
pub use world::{Replica, SimulatedWorld};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a timestamp")
}
