//! `export-worker`: turns export jobs into Parquet files in Google Cloud Storage,
//! by asking Starburst to UNLOAD them, and reports what landed.
//!
//! Data flows one way: `cli → worker → loops → attempt → ports`. The three
//! clients implement the ports and know nothing of each other.

pub mod attempt;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control_plane;
pub mod dry_run;
pub mod feed;
pub mod http;
pub mod poller;
pub mod ports;
pub mod retry;
pub mod secret;
pub mod starburst;
pub mod storage;
pub mod submitter;
pub mod telemetry;
pub mod worker;
