//! A real Trino with the files of `deploy/starburst`, and the real worker before it.
//!
//! Needs the server that `make test-trino` installs, and a Java of version 24 or
//! newer; left out of `make test`.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers serve it alone"
)]

mod coordinator;
#[path = "../harness/mod.rs"]
mod harness;
mod statements;
mod worker;

use harness::{api, process, world};
