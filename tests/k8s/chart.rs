//! The chart with values, rendered and installed.

use std::path::PathBuf;

use super::{cluster::Cluster, command::repository};

pub const CHART: &str = "helm/export-worker";

/// The values without which the chart is not installed.
pub const NEEDED: [&str; 6] = [
    "--set",
    "starburst.url=https://starburst.example.com:8443",
    "--set",
    "starburst.user=export",
    "--set",
    "controlPlane.url=https://control-plane.example.com",
];

/// The values files of the matrix.
pub fn matrix() -> Vec<PathBuf> {
    files("helm/export-worker/ci", "yaml")
}

/// The kustomize overlays.
pub fn overlays() -> Vec<PathBuf> {
    files("deploy/kustomize/overlays", "")
}

/// What of a folder has this extension, or none; relative to the repository.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(repository().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().unwrap_or_default() == extension)
        .collect();
    found.sort();
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

impl Cluster {
    /// What the chart makes of a values file.
    pub async fn rendered(&self, namespace: &str, more: &[&str]) -> String {
        let template = ["template", "release", CHART, "-n", namespace];
        let arguments = [&template[..], more].concat();
        self.helm(&arguments).await.well()
    }
}
