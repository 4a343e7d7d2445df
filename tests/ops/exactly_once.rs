//! Whether every job was exported exactly once, seen from the outside: by the
//! coordinator's record of queries and by the objects in the bucket. What worker
//! and Control Plane say of themselves is only compared with that.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use export_api::{ExportJob, JobStatus, SnapshotId, SnapshotStatus};
use export_sandbox::{
    parquet::{self, FolderCounts},
    starburst::{QueryRecord, QueryState},
    tpch,
};

use super::world::{World, exports};

/// What it took to export every job once.
#[derive(Debug, Default)]
pub struct Account {
    /// Jobs, each completed.
    pub jobs: usize,
    /// Rows in the bucket.
    pub rows: u64,
    /// Queries that ran.
    pub queries: usize,
    /// Queries that were registered and never ran.
    pub never_ran: usize,
    /// Queries that ran and were over before another took their place.
    pub buried: usize,
    /// Jobs that took more than one attempt.
    pub retried: usize,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            jobs,
            rows,
            queries,
            never_ran,
            buried,
            retried,
        } = self;
        write!(
            f,
            "{jobs} jobs, {rows} rows, {queries} queries ran ({buried} buried), \
             {never_ran} never ran, {retried} jobs retried"
        )
    }
}

/// Takes account of these snapshots, which must be all there are, once all are
/// ready. Fails, naming the job, where one was not exported exactly once.
pub async fn account(world: &World, snapshots: &[SnapshotId]) -> Account {
    let mut ready = Vec::new();
    for id in snapshots {
        ready.push(world.until_status(id, SnapshotStatus::Ready).await);
    }
    let store = world.sandbox.object_store().unwrap();
    let mut queries = by_location(exports(&world.sandbox));
    let mut strangers = objects(world);
    let mut true_rows = HashMap::new();
    let mut account = Account::default();
    for snapshot in &ready {
        for job in &snapshot.jobs {
            let sql = job.sql.clone().unwrap();
            let expected = *true_rows
                .entry(sql)
                .or_insert_with_key(|sql| tpch::count(0.01, sql).unwrap());
            let folder = folder(job);
            let counted = parquet::count_folder(&store, folder).await.unwrap();
            assert_reported(job, counted, expected);
            let ran = queries.remove(folder).unwrap_or_default();
            add_queries(&mut account, job, &ran, &written_by(&strangers, folder));
            strangers.retain(|name| !is_in(name, folder));
            account.jobs += 1;
            account.rows += counted.rows;
            account.retried += usize::from(job.attempt > Some(1));
        }
    }
    assert!(strangers.is_empty(), "objects of no job: {strangers:?}");
    assert!(queries.is_empty(), "queries of no job: {queries:?}");
    account
}

fn folder(job: &ExportJob) -> &str {
    let path = job.gcs_path.as_deref().unwrap();
    path.trim_start_matches("gs://exports/").trim_matches('/')
}

fn is_in(name: &str, folder: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(of, _)| of == folder)
}

fn objects(world: &World) -> BTreeSet<String> {
    let objects = world.sandbox.store().objects(world.sandbox.bucket(), "");
    objects.into_iter().map(|object| object.name).collect()
}

/// Every query that was registered, by the folder its UNLOAD names.
fn by_location(queries: Vec<QueryRecord>) -> BTreeMap<String, Vec<QueryRecord>> {
    let mut by_location: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for query in queries {
        // The stand-in reads a statement when its query starts: those that never
        // did have no location yet, and their text tells it.
        let (_, after) = query.sql.split_once("gs://exports/").unwrap();
        let (folder, _) = after.split_once('\'').unwrap();
        let folder = folder.trim_matches('/').to_owned();
        by_location.entry(folder).or_default().push(query);
    }
    by_location
}

/// The queries whose files lie in a folder; a file's name begins with its query's id.
fn written_by(objects: &BTreeSet<String>, folder: &str) -> BTreeSet<String> {
    let names = objects.iter().filter(|name| is_in(name, folder));
    names
        .map(|name| {
            let (_, file) = name.rsplit_once('/').unwrap();
            file.rsplit_once('_').unwrap().0.to_owned()
        })
        .collect()
}

/// What was reported is what lies there, and is what the SELECT gives.
fn assert_reported(job: &ExportJob, counted: FolderCounts, expected: u64) {
    let FolderCounts { rows, bytes, files } = counted;
    assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
    assert_eq!(rows, expected, "rows in the bucket: {job:#?}");
    assert_eq!(
        (job.row_count, job.size_bytes, job.files),
        (Some(rows), Some(bytes), Some(files)),
        "what was reported is not what is there: {job:#?}"
    );
}

/// One query finished and all files are its own; every other one that ran was over
/// before that one was even registered.
fn add_queries(
    account: &mut Account,
    job: &ExportJob,
    queries: &[QueryRecord],
    writers: &BTreeSet<String>,
) {
    let of_the_job = job.starburst_query_id.as_deref();
    let (own, others): (Vec<_>, Vec<_>) = queries
        .iter()
        .partition(|query| Some(&*query.query_id) == of_the_job);
    let [own] = own.as_slice() else {
        panic!("no query of {job:#?} among {queries:#?}");
    };
    assert_eq!(own.state, QueryState::Finished, "{job:#?} {own:#?}");
    let only: BTreeSet<String> = [own.query_id.to_string()].into();
    assert_eq!(*writers, only, "whose files these are: {job:#?}");
    account.queries += 1;
    for other in others {
        if !other.started {
            account.never_ran += 1;
            continue;
        }
        let ended = other.ended_at;
        assert!(
            ended.is_some_and(|ended| ended <= own.created_at),
            "two queries of one job at once: {job:#?} {queries:#?}"
        );
        account.queries += 1;
        account.buried += 1;
    }
}
