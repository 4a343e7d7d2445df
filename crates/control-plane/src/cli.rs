//! The command line.

use clap::{Parser, Subcommand};

use crate::config::{LogArgs, ServeArgs, StoreArgs, TracesArgs};

/// The reference Control Plane: a queue of export jobs over HTTP, on SQLite or PostgreSQL.
///
/// Every flag can be set by the environment variable beside it; the flag wins.
#[derive(Debug, Parser)]
#[command(name = "export-control-plane", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to log.
    #[command(flatten)]
    pub log: LogArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API
    Serve {
        /// Where the queue lives.
        #[command(flatten)]
        store: StoreArgs,
        /// How to serve.
        #[command(flatten)]
        serve: ServeArgs,
        /// Where traces go.
        #[command(flatten)]
        traces: TracesArgs,
    },
    /// Bring the tables up to date and end
    Migrate {
        /// Where the queue lives.
        #[command(flatten)]
        store: StoreArgs,
    },
}
