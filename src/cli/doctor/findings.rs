//! What the checks found, a line each.

use std::fmt;

use crate::{
    checks::{self, Verdict},
    ports::{ControlPlane, Folder, Starburst, Storage},
    starburst::FunctionName,
    telemetry::Boundary,
};

/// What is examined; a port is missing where its client could not be built.
pub(super) struct Patient<'a> {
    pub(super) control_plane: Result<&'a dyn ControlPlane, String>,
    pub(super) starburst: Result<&'a dyn Starburst, String>,
    pub(super) storage: Result<&'a dyn Storage, String>,
    pub(super) unload_function: &'a FunctionName,
    pub(super) folder: Option<&'a Folder>,
}

/// What one check found: one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    state: State,
    what: &'static str,
    says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ok,
    Failed,
    Skipped,
}

impl Finding {
    fn of(what: &'static str, verdict: Verdict) -> Self {
        let (state, says) = match verdict {
            Ok(says) => (State::Ok, says),
            Err(says) => (State::Failed, says),
        };
        Self { state, what, says }
    }

    pub(super) fn is_failure(&self) -> bool {
        match self.state {
            State::Failed => true,
            State::Ok | State::Skipped => false,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok",
            State::Failed => "failed",
            State::Skipped => "skipped",
        };
        let says = checks::on_one_line(&self.says);
        write!(f, "{state:<8} {:<14} {says}", self.what)
    }
}

/// Runs every check, whatever the ones before it found; each finding is told at once.
pub(super) async fn examine(patient: &Patient<'_>, mut tell: impl FnMut(&Finding)) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |finding: Finding| {
        tell(&finding);
        findings.push(finding);
    };
    let name = checks::name(Boundary::ControlPlane);
    match &patient.control_plane {
        Ok(port) => found(Finding::of(name, checks::control_plane(*port).await)),
        Err(problem) => found(Finding::of(name, Err(problem.clone()))),
    }
    let name = checks::name(Boundary::Starburst);
    match &patient.starburst {
        Ok(port) => {
            found(Finding::of(name, checks::starburst(*port).await));
            let unload = checks::unload(*port, patient.unload_function, patient.folder).await;
            found(Finding::of("unload", unload));
        }
        Err(problem) => found(Finding::of(name, Err(problem.clone()))),
    }
    let name = checks::name(Boundary::Storage);
    match (patient.folder, &patient.storage) {
        (Some(folder), Ok(port)) => {
            let listing = checks::listing(*port, folder).await;
            found(Finding::of("bucket list", listing));
            let writing = checks::writing(*port, folder).await;
            found(Finding::of("bucket write", writing));
        }
        (_, Err(problem)) => found(Finding::of(name, Err(problem.clone()))),
        (None, Ok(_)) => found(Finding {
            state: State::Skipped,
            what: name,
            says: "give --bucket gs://bucket/folder, or set EXPORT_BUCKET, to check listing and writing"
                .to_owned(),
        }),
    }
    findings
}
