//! The chart and the overlays on a real Kubernetes API server with etcd, the
//! controllers and KEDA; no kubelet, so that Pods are made and stay pending.
//!
//! Needs what `make tools-k8s` builds, and so is left out of `make test`;
//! `make test-k8s` runs it.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers serve it alone"
)]

mod certificates;
mod chart;
mod cluster;
mod command;
#[path = "../harness/mod.rs"]
mod harness;
mod keda;
mod objects;
mod parts;

mod admission;
mod lifecycle;
mod manifests;
mod scaling;
mod workloads;

use harness::{api, process, world};
