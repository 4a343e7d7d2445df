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

#[path = "../blackbox/api.rs"]
#[allow(dead_code, reason = "the black-box tests use the rest")]
mod api;
mod coordinator;
#[path = "../blackbox/process.rs"]
#[allow(dead_code, reason = "the black-box tests use the rest")]
mod process;
mod statements;
mod worker;
#[path = "../blackbox/world.rs"]
#[allow(dead_code, reason = "the black-box tests use the rest")]
mod world;
