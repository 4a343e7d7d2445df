//! What a worker costs while it waits: memory, processor, size, time to start.
//!
//! The real binaries. `cargo bench --bench footprint -- idle` runs one part
//! alone: `binary`, `start`, `idle` or `polling`.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::match_wild_err_arm,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic, and what it shares with others serves them all"
)]

#[path = "../figures/mod.rs"]
mod figures;
#[path = "../../tests/harness/mod.rs"]
mod harness;
mod idle;
mod polling;
mod proc;
mod start;

use harness::{api, process, world};

use figures::{Figures, is_asked_for};

/// Where the settings that tests hasten stand by default.
pub const DEFAULTS: [(&str, &str); 2] = [("LOG_LEVEL", "info"), ("STARBURST_SETTLE_SECONDS", "10")];

#[tokio::main]
async fn main() {
    let header = ["figure", "min", "median", "max", "target"];
    let mut table = Figures::new("Footprint of the worker", &header);
    if is_asked_for("binary") {
        let binary = std::fs::metadata(process::worker_binary()).unwrap();
        let size = format!("{:.1}", binary.len() as f64 / 1e6);
        table.row(["binary, MB", "", &size, "", "25"]);
    }
    if is_asked_for("start") {
        start::measure(&mut table).await;
    }
    if is_asked_for("idle") {
        idle::measure(&mut table).await;
    }
    if is_asked_for("polling") {
        polling::measure(&mut table).await;
    }
    table.print();
}
