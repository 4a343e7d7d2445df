//! What is true in the simulated world, and how it moves on with time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use export_api::{ExportJob, JobStatus, SnapshotStatus};

/// One object of the simulated bucket. It may be written in the future: writers
/// of a cancelled query still write for a while.
#[derive(Clone, Debug)]
pub struct Object {
    pub rows: u64,
    pub size: u64,
    /// The query that wrote it; empty for what is not ours.
    pub query: String,
    pub written: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum QueryState {
    Registered,
    Running,
    Finished,
    Failed(&'static str),
}

#[derive(Clone, Debug)]
pub struct Query {
    pub id: String,
    /// `bucket/prefix/` of the destination.
    pub location: String,
    pub rows: u64,
    pub state: QueryState,
    pub started: Option<DateTime<Utc>>,
    pub last_call: DateTime<Utc>,
    /// The newest token that was served; pages before it are gone.
    pub served: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub wire: ExportJob,
    pub token: u64,
    pub lease_until: Option<DateTime<Utc>>,
    pub not_before: DateTime<Utc>,
    /// How often a terminal state was written.
    pub endings: u32,
}

#[derive(Debug)]
pub struct State {
    pub jobs: Vec<Job>,
    pub snapshot: SnapshotStatus,
    pub queries: Vec<Query>,
    pub objects: BTreeMap<String, Object>,
    /// How long a query runs.
    pub run_time: TimeDelta,
    /// Names of the errors that the next queries end with, in this order.
    pub query_errors: Vec<&'static str>,
    /// Files are not named after their query: only order and patience keep
    /// those of a dead one apart.
    pub has_anonymous_files: bool,
    pub violations: Vec<String>,
}

/// A client that has not called for so long has abandoned its query.
const CLIENT_TIMEOUT: TimeDelta = TimeDelta::minutes(5);
/// How long after its cancellation a query still leaves an object.
const LATE_WRITE: TimeDelta = TimeDelta::seconds(4);

impl State {
    /// Lets everything happen that is due at `now`.
    pub fn advance(&mut self, now: DateTime<Utc>) {
        let (run_time, is_anonymous) = (self.run_time, self.has_anonymous_files);
        let mut ended = Vec::new();
        for (index, query) in self.queries.iter_mut().enumerate() {
            let abandoned = now - query.last_call > CLIENT_TIMEOUT;
            match (&query.state, query.started) {
                (QueryState::Running, Some(started)) if started + run_time <= now => {
                    ended.push((index, started + run_time));
                }
                (QueryState::Registered | QueryState::Running, _) if abandoned => {
                    query.state = QueryState::Failed("ABANDONED_QUERY");
                }
                _ => {}
            }
        }
        for (index, at) in ended {
            let error = (!self.query_errors.is_empty()).then(|| self.query_errors.remove(0));
            let query = &mut self.queries[index];
            let rows = query.rows;
            // A query that fails has written a part of its files.
            let parts = if error.is_some() { 1 } else { 2 };
            query.state = error.map_or(QueryState::Finished, QueryState::Failed);
            for part in 0..parts {
                let rows = if part == 0 { rows / 2 } else { rows - rows / 2 };
                let name = file_name(query, &part.to_string(), is_anonymous);
                let object = Object {
                    rows,
                    size: rows * 10,
                    query: query.id.clone(),
                    written: at,
                };
                self.objects.insert(name, object);
            }
        }
    }

    /// The first GET of a nextUri: the query runs from now on.
    pub fn start(&mut self, index: usize, now: DateTime<Utc>) {
        let location = self.queries[index].location.clone();
        let alive = self
            .queries
            .iter()
            .any(|query| query.location == location && query.state == QueryState::Running);
        if alive {
            self.violations
                .push(format!("two queries write to {location} at once"));
        }
        self.queries[index].state = QueryState::Running;
        self.queries[index].started = Some(now);
    }

    /// Every lease runs out; nobody is told.
    pub fn expire_leases(&mut self, now: DateTime<Utc>) {
        for job in &mut self.jobs {
            job.lease_until = job.lease_until.map(|_| now);
        }
    }

    /// Somebody cancels the snapshot while its job is only claimed: the token
    /// goes stale, and the folder is anybody's.
    pub fn cancel_snapshot(&mut self) {
        self.snapshot = SnapshotStatus::Cancelled;
        for job in &mut self.jobs {
            job.wire.status = JobStatus::Cancelled;
            job.token += 1;
            job.lease_until = None;
        }
    }

    pub fn cancel(&mut self, id: &str, now: DateTime<Utc>) {
        let is_anonymous = self.has_anonymous_files;
        let Some(query) = self.queries.iter_mut().find(|query| query.id == id) else {
            return;
        };
        if query.state == QueryState::Running {
            query.state = QueryState::Failed("USER_CANCELED");
            let name = file_name(query, "late", is_anonymous);
            let object = Object {
                rows: 7,
                size: 70,
                query: query.id.clone(),
                written: now + LATE_WRITE,
            };
            self.objects.insert(name, object);
        } else if query.state == QueryState::Registered {
            query.state = QueryState::Failed("USER_CANCELED");
        }
    }
}

fn file_name(query: &Query, part: &str, is_anonymous: bool) -> String {
    let (_, number) = query.id.split_at(16);
    let owner = if is_anonymous {
        &number[..5]
    } else {
        &query.id
    };
    format!("{}{owner}_{part}", query.location)
}
