#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use anyhow::{Context, Result};
use export_api::{ExportJob, JobStatus, JobType, NewJob, SnapshotStatus};
use object_store::ObjectStore;

use super::{
    board::Entry,
    graph::{BROKEN_ENTITY, Expectation},
};
use crate::{
    parquet::{FolderCounts, count_folder},
    starburst::{QueryRecord, QueryState},
    tpch,
};

/// Two numbers, or words, that should be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    what: String,
    expected: String,
    found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            expected,
            found,
        } = self;
        write!(f, "{what}: expected {expected}, found {found}")
    }
}

/// What was compared.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) differences: Vec<Difference>,
    /// Files that were read back.
    pub(super) files: u64,
    /// Rows that were read back.
    pub(super) rows: u64,
}

impl Findings {
    /// A query of the snapshot that was cancelled must not run on.
    pub(super) fn cancelled_query(&mut self, query: &QueryRecord) {
        let what = format!("cancelled: state of query {}", query.query_id);
        self.same(&what, &QueryState::Failed, &query.state);
    }

    /// Compares a count with one the Control Plane may not have.
    fn count(&mut self, what: &str, expected: u64, found: Option<u64>) {
        if found != Some(expected) {
            self.differences.push(Difference {
                what: what.to_owned(),
                expected: expected.to_string(),
                found: found.map_or_else(|| "none".to_owned(), |found| found.to_string()),
            });
        }
    }

    fn same<T: PartialEq + fmt::Debug>(&mut self, what: &str, expected: &T, found: &T) {
        if expected != found {
            self.differences.push(Difference {
                what: what.to_owned(),
                expected: format!("{expected:?}"),
                found: format!("{found:?}"),
            });
        }
    }
}

/// The folder of a job's destination, without the bucket.
fn folder<'a>(job: &'a NewJob, bucket: &str) -> Result<&'a str> {
    job.gcs_path
        .strip_prefix(&format!("gs://{bucket}/"))
        .with_context(|| format!("{} is not in bucket {bucket}", job.gcs_path))
}

/// Reads every Parquet file of a snapshot back and compares its rows with the
/// same SELECT counted directly, and both with what the Control Plane says.
pub(super) async fn verify(
    entry: &Entry,
    store: &dyn ObjectStore,
    bucket: &str,
    scale: f64,
    findings: &mut Findings,
) -> Result<()> {
    let expectation = entry.planned.expectation;
    let title = entry.planned.title;
    let expected = match expectation {
        Expectation::Ready => SnapshotStatus::Ready,
        Expectation::OneBroken => SnapshotStatus::Failed,
        Expectation::Cancelled => SnapshotStatus::Cancelled,
    };
    findings.same(
        &format!("{title}: status"),
        &Some(&expected),
        &entry.status(),
    );
    let planned = &entry.planned.snapshot.jobs;
    findings.same(&format!("{title}: jobs"), &planned.len(), &entry.rows.len());
    let (mut nodes, mut edges) = (BTreeMap::new(), BTreeMap::new());
    for (job, row) in planned.iter().zip(&entry.rows) {
        let landed = count_folder(store, folder(job, bucket)?).await?;
        findings.files += landed.files;
        findings.rows += landed.rows;
        let what = format!("{title}: {}", job.entity_name);
        match expectation {
            Expectation::Cancelled => {
                nothing(&what, &JobStatus::Cancelled, &row.job, landed, findings);
            }
            Expectation::OneBroken if job.entity_name == BROKEN_ENTITY => {
                nothing(&what, &JobStatus::Failed, &row.job, landed, findings);
            }
            Expectation::Ready | Expectation::OneBroken => {
                let direct = count(scale, job.sql.clone()).await?;
                complete(&what, direct, &row.job, landed, findings);
                let counts = if job.job_type == JobType::Node {
                    &mut nodes
                } else {
                    &mut edges
                };
                counts.insert(job.entity_name.clone(), direct);
            }
        }
    }
    if expectation == Expectation::Ready
        && let Some(seen) = &entry.seen
    {
        let snapshot = &seen.snapshot;
        findings.same(
            &format!("{title}: node counts"),
            &Some(&nodes),
            &snapshot.node_counts.as_ref(),
        );
        findings.same(
            &format!("{title}: edge counts"),
            &Some(&edges),
            &snapshot.edge_counts.as_ref(),
        );
    }
    Ok(())
}

/// Counts a SELECT directly, past Starburst and store.
async fn count(scale: f64, sql: String) -> Result<u64> {
    let counted = tokio::task::spawn_blocking(move || tpch::count(scale, &sql)).await?;
    counted.map_err(|error| anyhow::anyhow!("count directly: {}", error.message))
}

fn complete(
    what: &str,
    direct: u64,
    job: &ExportJob,
    landed: FolderCounts,
    findings: &mut Findings,
) {
    findings.same(
        &format!("{what}: state"),
        &JobStatus::Completed,
        &job.status,
    );
    findings.same(
        &format!("{what}: rows read back, against the SELECT counted directly"),
        &direct,
        &landed.rows,
    );
    findings.count(
        &format!("{what}: rows reported, against the SELECT counted directly"),
        direct,
        job.row_count,
    );
    findings.count(
        &format!("{what}: bytes reported, against the store"),
        landed.bytes,
        job.size_bytes,
    );
    findings.count(
        &format!("{what}: files reported, against the store"),
        landed.files,
        job.files,
    );
}

fn nothing(
    what: &str,
    status: &JobStatus,
    job: &ExportJob,
    landed: FolderCounts,
    findings: &mut Findings,
) {
    findings.same(&format!("{what}: state"), status, &job.status);
    findings.same(&format!("{what}: files in the store"), &0, &landed.files);
    findings.same(
        &format!("{what}: has an error message"),
        &(*status == JobStatus::Failed),
        &job.error_message.is_some(),
    );
}
