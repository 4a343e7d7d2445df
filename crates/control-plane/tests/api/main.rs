//! The API over real sockets: answers, errors, limits, authentication, long polls, the binary.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "all of this is test"
)]

mod access;
mod binary;
mod errors;
mod flow;
mod long_poll;
mod server;
mod start;
