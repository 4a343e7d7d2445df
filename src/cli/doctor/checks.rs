//! The checks themselves, on the ports alone.

use std::fmt;

use futures::TryStreamExt as _;

use crate::{
    ports::{
        ControlPlane, Folder, QueryError, Starburst, StarburstError, Statement, Storage,
        StorageError,
    },
    starburst::FunctionName,
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
    pub(super) state: State,
    pub(super) what: &'static str,
    pub(super) says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Failed,
    Skipped,
}

impl Finding {
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
        // One line, whatever a server says.
        let says: String = self
            .says
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        write!(f, "{state:<8} {:<14} {says}", self.what)
    }
}

/// Runs every check, whatever the ones before it found; each finding is told at once.
pub(super) async fn examine(patient: &Patient<'_>, mut tell: impl FnMut(&Finding)) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |what, (state, says)| {
        let finding = Finding { state, what, says };
        tell(&finding);
        findings.push(finding);
    };
    let broken = |problem: &String| (State::Failed, problem.clone());
    match &patient.control_plane {
        Ok(port) => found("control plane", control_plane(*port).await),
        Err(problem) => found("control plane", broken(problem)),
    }
    match &patient.starburst {
        Ok(port) => {
            found("starburst", starburst(*port).await);
            found("unload", unload(*port, patient).await);
        }
        Err(problem) => found("starburst", broken(problem)),
    }
    match patient.folder {
        Some(folder) => match &patient.storage {
            Ok(port) => {
                found("bucket list", listing(*port, folder).await);
                found("bucket write", writing(*port, folder).await);
            }
            Err(problem) => found("bucket", broken(problem)),
        },
        None => found(
            "bucket",
            (
                State::Skipped,
                "give --bucket gs://bucket/folder to check listing and writing".to_owned(),
            ),
        ),
    }
    findings
}

type Outcome = (State, String);

async fn control_plane(port: &dyn ControlPlane) -> Outcome {
    match port.check().await {
        Ok(()) => (State::Ok, "answers and takes our credentials".to_owned()),
        Err(error) => (State::Failed, error.to_string()),
    }
}

fn statement(sql: String) -> Statement {
    Statement {
        sql,
        catalog: None,
        role: None,
        trace_token: "export-worker-doctor".to_owned(),
    }
}

/// Needs a worker node: a coordinator that just started answers `SELECT 1` without one.
const OF_TPCH: &str = "SELECT count(*) FROM tpch.tiny.region";
/// The same for clusters without the catalog `tpch`. What is random is not
/// computed while planning, so a node must be found for it.
const OF_NO_CATALOG: &str =
    "SELECT count(*) FROM UNNEST(sequence(1, 100)) AS t (n) WHERE random() < 2";

async fn starburst(port: &dyn Starburst) -> Outcome {
    let mut answer = port.run(&statement(OF_TPCH.to_owned())).await;
    if let Err(StarburstError::Query(error)) = &answer
        && is_missing_or_hidden(error)
    {
        let sql = OF_NO_CATALOG.to_owned();
        answer = port.run(&statement(sql)).await;
    }
    match answer {
        Ok(rows) if rows.is_empty() => (
            State::Failed,
            "a count came back without a row; is STARBURST_URL a Starburst coordinator".to_owned(),
        ),
        Ok(_) => (
            State::Ok,
            "takes our credentials, and a worker node ran a query".to_owned(),
        ),
        Err(error) => (State::Failed, error.to_string()),
    }
}

fn is_missing_or_hidden(error: &QueryError) -> bool {
    matches!(
        error.name.as_str(),
        "CATALOG_NOT_FOUND" | "SCHEMA_NOT_FOUND" | "TABLE_NOT_FOUND" | "PERMISSION_DENIED"
    )
}

/// Plans an unload without running it: the function is looked up while
/// planning, and nothing is ever written.
async fn unload(port: &dyn Starburst, patient: &Patient<'_>) -> Outcome {
    let function = patient.unload_function;
    let location = patient.folder.map_or_else(
        || "gs://export-worker-doctor/never-written/".to_owned(),
        Folder::to_string,
    );
    let sql = format!(
        "EXPLAIN SELECT * FROM TABLE({function}(input => TABLE(SELECT 1 AS \"n\"), location => '{}', format => 'PARQUET', compression => 'SNAPPY'))",
        location.replace('\'', "''")
    );
    let Err(error) = port.run(&statement(sql)).await else {
        return (State::Ok, format!("{function} is there"));
    };
    let advice = match &error {
        StarburstError::Query(query) => match query.name.as_str() {
            "FUNCTION_NOT_FOUND" | "CATALOG_NOT_FOUND" => {
                "; set STARBURST_UNLOAD_FUNCTION to the name it has on this cluster"
            }
            "MISSING_CATALOG_NAME" => {
                "; set STARBURST_CATALOG, or STARBURST_UNLOAD_FUNCTION to a name of three parts"
            }
            "PERMISSION_DENIED" => "; grant STARBURST_USER, or STARBURST_ROLE, its execution",
            _ if patient.folder.is_none() => "; try again with --bucket gs://bucket/folder",
            _ => "",
        },
        _ => "",
    };
    (State::Failed, format!("{function}: {error}{advice}"))
}

async fn listing(storage: &dyn Storage, folder: &Folder) -> Outcome {
    match storage.list(folder).try_next().await {
        Ok(Some(object)) => (
            State::Ok,
            format!(
                "{folder} can be listed; it holds {} and maybe more",
                object.file_name()
            ),
        ),
        Ok(None) => (State::Ok, format!("{folder} can be listed; it is empty")),
        Err(error) => (State::Failed, of_bucket(&error)),
    }
}

async fn writing(storage: &dyn Storage, folder: &Folder) -> Outcome {
    match storage.check_writable(folder).await {
        Ok(()) => (State::Ok, format!("{folder} can be written to")),
        Err(error) => (State::Failed, of_bucket(&error)),
    }
}

fn of_bucket(error: &StorageError) -> String {
    let advice = match error {
        StorageError::NotFound { .. } => "; create it, or check the name after --bucket",
        StorageError::Unavailable { .. }
        | StorageError::Denied { .. }
        | StorageError::Refused { .. }
        | StorageError::UnreadableParquet { .. }
        | StorageError::Interrupted => "",
    };
    format!("{error}{advice}")
}
