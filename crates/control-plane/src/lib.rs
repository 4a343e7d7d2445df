//! The reference Control Plane: a queue of export jobs over HTTP, on SQLite or PostgreSQL.
//!
//! [`serve`] is what the binary runs and what a test starts. [`store::Store`] is the
//! queue itself, its state machine enforced by the database.

pub mod cli;
pub mod clock;
pub mod config;
pub mod destination;
mod http;
pub mod limits;
pub mod logging;
mod long_poll;
pub mod metrics;
mod reaper;
mod server;
pub mod store;
#[cfg(feature = "test-support")]
pub mod testing;
mod validation;
mod watch;

pub use server::serve;
