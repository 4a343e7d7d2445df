//! The Helm chart, as helm, helm-unittest and the Kubernetes schemas read it.

mod copies;
mod documented;
mod matrix;
mod refusals;
mod settings;

use std::{path::PathBuf, process::Command};

use super::tool::{repository, tool};

/// Where the chart is.
pub const CHART: &str = "helm/export-worker";

/// helm, with a home of its own, so that nothing of the machine is read.
pub fn helm() -> Command {
    let mut command = tool("helm");
    command
        .env("HELM_CONFIG_HOME", "/nonexistent")
        .env("KUBECONFIG", "/nonexistent");
    command
}

/// `helm template` of the chart as release `graphs` in namespace `graph-olap`.
pub fn template() -> Command {
    let mut command = helm();
    command.args(["template", "graphs", CHART, "--namespace", "graph-olap"]);
    command
}

/// The files of values that the chart is tried with, one for each way to run it.
pub fn values_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(repository().join(CHART).join("ci"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 10, "only {} files of values", files.len());
    files
}
