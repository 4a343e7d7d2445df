//! `export-sandbox`: the outside world of the export worker in one process.
//!
//! An object store that speaks the XML API of Google Cloud Storage, a Control
//! Plane of the first generation, a Starburst stand-in, and faults round all of
//! them: for the demo, tests and benchmarks. The production binaries never link
//! it.

pub mod demo;
pub mod faults;
pub mod gen1;
pub mod parquet;
pub mod proxy;
pub mod sandbox;
pub mod serve;
pub mod server;
pub mod starburst;
pub mod store;
pub mod tls;
pub mod tpch;

pub use sandbox::{Sandbox, SandboxConfig};
