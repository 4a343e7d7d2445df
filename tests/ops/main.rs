//! What operators get, read by the real tools that will read it: image, chart,
//! kustomize, alerting rules, dashboard, Starburst's resource groups.
//!
//! Needs the tools that `make tools` installs, and so is left out of
//! `make test`; `make ops-test` runs it.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers serve it alone"
)]

#[path = "../harness/mod.rs"]
mod harness;
mod manifest;
mod programs;
mod schemas;
mod standards;
mod tool;

mod chart;
mod churn;
mod compose;
mod dashboard;
mod exactly_once;
mod image;
mod kustomize;
mod live;
mod prometheus;
mod promql;
mod rule_file;
mod rules;
mod runbook;
mod starburst;
mod upgrade;

use harness::{api, process, world};
