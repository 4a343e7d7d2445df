use std::{fmt, time::Duration};

use async_trait::async_trait;
use export_api::{NextUri, QueryStats};
use thiserror::Error;

use super::{ErrorKind, QueryError, QueryState};
use crate::retry::Retryable;

/// Names one query: `20261122_030507_00042_abcde`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueryId(String);

impl QueryId {
    /// Wraps an id as the coordinator gave it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One statement and the session it runs in. What is the same for all of them
/// (user, source, client tags) belongs to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The SQL, complete.
    pub sql: String,
    /// Session catalog, in place of the client's.
    pub catalog: Option<String>,
    /// Role, in place of the client's.
    pub role: Option<String>,
    /// Appears in Starburst's events and logs beside the query.
    pub trace_token: String,
}

/// A registered query. It does not run before its `next_uri` is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its id.
    pub query_id: QueryId,
    /// Its first page.
    pub next_uri: NextUri,
}

/// How far a query is, by what its page says. A hint, never a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Waits in a resource group.
    Waiting,
    /// Between the queue and its first executing page, or begun so lately
    /// that the coordinator's own waiting (1 s a page) is the better clock.
    HandOver,
    /// Runs.
    Running,
    /// FINISHING or FINISHED, pages left.
    Draining,
}

/// One page of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it goes on. `None`: the query is over.
    pub next_uri: Option<NextUri>,
    /// How far it is.
    pub phase: Phase,
    /// What its coordinator calls that.
    pub state: QueryState,
    /// Whether the page carried rows.
    pub has_data: bool,
    /// Terminal, even beside a `next_uri`.
    pub error: Option<QueryError>,
    /// What it cost so far.
    pub stats: QueryStats,
}

impl Page {
    /// Whether the next page is there at once, or nearly: asking later would
    /// only make a short query look long.
    pub fn follow_at_once(&self) -> bool {
        self.has_data
            || match self.phase {
                Phase::HandOver | Phase::Draining => true,
                Phase::Waiting | Phase::Running => false,
            }
    }
}

/// What became of a query that was looked up by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Queued or running.
    Running,
    /// FINISHING: its files may be committed at any moment.
    Finishing,
    /// FINISHED: its files are committed.
    Finished,
    /// FAILED, or cancelled.
    Failed(QueryError),
    /// The coordinator knows no such query: it never ran, or it is long over.
    Unknown,
}

/// The coordinator.
///
/// Every call but [`Starburst::cancel`] retries in place, by its policy
/// (submission 3 times: 1, 2, 4 s), what a moment may mend ([`Retryable`]).
/// A 404 is not among that: to believe it, ask over a minute or look the query up.
#[async_trait]
pub trait Starburst: Send + Sync {
    /// Registers a statement: POST. Nothing runs yet; safe to repeat.
    async fn register(&self, statement: &Statement) -> Result<Registered, StarburstError>;

    /// Follows a nextUri once: GET. The first one of a query starts it.
    async fn follow(&self, next_uri: &NextUri) -> Result<Page, StarburstError>;

    /// Asks the coordinator to cancel a query: DELETE its nextUri where that is
    /// known, else the query by its id. Says nothing of when it is over.
    async fn cancel(
        &self,
        query: &QueryId,
        next_uri: Option<&NextUri>,
    ) -> Result<(), StarburstError>;

    /// Looks a query up by its id.
    async fn look_up(&self, query: &QueryId) -> Result<Fate, StarburstError>;

    /// Runs a statement to its end and returns its rows: for `doctor`, and for
    /// statements whose answer is small.
    async fn run(
        &self,
        statement: &Statement,
    ) -> Result<Vec<Vec<serde_json::Value>>, StarburstError>;
}

/// A request the coordinator did not grant, or a query it could not run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StarburstError {
    /// No answer: connection refused, reset, timed out, name not known.
    #[error("starburst at {origin} does not answer: {cause}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// The network's own words, without any URL.
        cause: String,
    },
    /// 408, 429, 502, 503, 504.
    #[error("starburst is busy: status {status}")]
    Busy {
        /// HTTP status.
        status: u16,
        /// `Retry-After`, clamped.
        retry_after: Option<Duration>,
    },
    /// An empty, truncated or foreign body beside a 200.
    #[error("starburst answered {status} with a body that cannot be read: {problem}")]
    Unreadable {
        /// HTTP status.
        status: u16,
        /// What is wrong with it.
        problem: String,
    },
    /// 401, also after the credential was read again.
    #[error("starburst refuses our credentials: {message}")]
    Unauthorized {
        /// Its own words, and what to do.
        message: String,
    },
    /// Our own credential could not be read.
    #[error("no credential for starburst: {0}")]
    Credential(String),
    /// 400, 403, 406, redirects we do not follow, a 500 that names a role we do not hold:
    /// the request will never be granted.
    #[error("starburst refuses the request: status {status}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its own words, and what to do.
        message: String,
    },
    /// Any other 5xx.
    #[error("starburst failed: status {status}: {message}")]
    ServerError {
        /// HTTP status.
        status: u16,
        /// Its own words, shortened.
        message: String,
    },
    /// A nextUri of another origin: our credentials do not go there.
    #[error(
        "starburst sent us to {found}, but it is configured as {expected}; behind a TLS proxy set STARBURST_REWRITE_NEXT_URI=true"
    )]
    ForeignOrigin {
        /// Scheme, host and port it named.
        found: String,
        /// Those of `STARBURST_URL`.
        expected: String,
    },
    /// 404: purged, coordinator restarted, or a gateway that misrouted.
    #[error("starburst knows no such query page: status 404")]
    NotFound,
    /// 410: somebody advanced the query.
    #[error("the query went on without us: status 410")]
    Gone,
    /// The query ended with an error.
    #[error("query failed: {0}")]
    Query(QueryError),
    /// [`Starburst::run`] was given more rows than it holds.
    #[error("the statement answers with more than {limit} rows")]
    TooManyRows {
        /// Rows it holds.
        limit: usize,
    },
    /// The worker shuts down.
    #[error("interrupted by shutdown")]
    Interrupted,
}

impl StarburstError {
    /// What happens to the job.
    pub fn kind(&self) -> ErrorKind {
        match self {
            // Nothing was decided: the job waits.
            // The page that is not there any more says nothing of the query.
            Self::Unreachable { .. }
            | Self::Busy { .. }
            | Self::Unreadable { .. }
            | Self::Credential(_)
            | Self::ServerError { .. }
            | Self::NotFound
            | Self::Gone => ErrorKind::Transient,
            // The same request will be answered the same way until somebody changes a
            // setting; a failed job tells which, a waiting one does not. A 401 comes
            // here after the credential was read again.
            Self::Unauthorized { .. }
            | Self::Refused { .. }
            | Self::ForeignOrigin { .. }
            | Self::TooManyRows { .. } => ErrorKind::Permanent,
            Self::Query(error) => error.remedy().kind(),
            Self::Interrupted => ErrorKind::Interrupted,
        }
    }
}

impl Retryable for StarburstError {
    /// Whether the same request, sent again in a moment, may do better.
    /// Narrower than [`ErrorKind::Transient`]: wrong passwords sent again lock
    /// accounts, and 404 and 410 ask for another step.
    fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Busy { .. }
            | Self::Unreadable { .. }
            | Self::ServerError { .. } => true,
            Self::Unauthorized { .. }
            | Self::Credential(_)
            | Self::Refused { .. }
            | Self::ForeignOrigin { .. }
            | Self::NotFound
            | Self::Gone
            | Self::Query(_)
            | Self::TooManyRows { .. }
            | Self::Interrupted => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            Self::Unreachable { .. }
            | Self::Unreadable { .. }
            | Self::Unauthorized { .. }
            | Self::Credential(_)
            | Self::Refused { .. }
            | Self::ServerError { .. }
            | Self::ForeignOrigin { .. }
            | Self::NotFound
            | Self::Gone
            | Self::Query(_)
            | Self::TooManyRows { .. }
            | Self::Interrupted => None,
        }
    }

    fn interrupted() -> Self {
        Self::Interrupted
    }
}
