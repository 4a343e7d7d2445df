//! One query: its state, and the pages its client turns.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use super::error::QueryError;
use super::session::Session;
use super::state::QueryState;

/// The two kinds of nextUri.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    Queued,
    Executing,
}

impl Phase {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Executing => "executing",
        }
    }
}

/// One answer, but for the origin of its URLs.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) body: Value,
    pub(super) next: Option<(Phase, u64)>,
}

/// What a query selects, or says about its unload.
#[derive(Debug)]
pub(super) struct Results {
    /// Trino's `columns`.
    pub(super) columns: Value,
    pub(super) rows: std::vec::IntoIter<Value>,
    pub(super) update_type: Option<&'static str>,
}

/// What changes about a query.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) state: QueryState,
    /// Whether the first GET came.
    pub(super) started: bool,
    /// Whether it left the queue, so that its nextUri is an executing one.
    pub(super) dispatched: bool,
    pub(super) last_contact: Instant,
    pub(super) dispatched_at: Option<Instant>,
    pub(super) ended_at: Option<(Instant, DateTime<Utc>)>,
    pub(super) error: Option<QueryError>,
    /// The state in which it failed.
    pub(super) failed_in: Option<QueryState>,
    pub(super) results: Option<Results>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// Pages in state FINISHED still to hand out with a nextUri.
    pub(super) finished_pages: u32,
    /// The last queued token that was asked for.
    pub(super) queued_token: u64,
    /// The last executing page and its token, to be replayed.
    pub(super) last_page: Option<(u64, Arc<Page>)>,
}

/// A query, registered or more.
pub(super) struct Query {
    pub(super) id: Arc<str>,
    pub(super) sql: Arc<str>,
    pub(super) session: Arc<Session>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) created: Instant,
    /// Its number in the record.
    pub(super) number: OnceLock<usize>,
    pub(super) progress: watch::Sender<Progress>,
    secret: u64,
}

impl Query {
    pub(super) fn new(id: Arc<str>, sql: Arc<str>, session: Session, finished_pages: u32) -> Self {
        let now = Instant::now();
        Self {
            id,
            sql,
            session: Arc::new(session),
            created_at: Utc::now(),
            created: now,
            number: OnceLock::new(),
            progress: watch::Sender::new(Progress {
                state: QueryState::Queued,
                started: false,
                dispatched: false,
                last_contact: now,
                dispatched_at: None,
                ended_at: None,
                error: None,
                failed_in: None,
                results: None,
                rows: 0,
                bytes: 0,
                finished_pages,
                queued_token: 0,
                last_page: None,
            }),
            secret: fastrand::u64(..),
        }
    }

    /// What makes a nextUri unguessable; another with every token.
    pub(super) fn slug(&self, phase: Phase, token: u64) -> String {
        let half = |salt: u64| {
            let mut hasher = DefaultHasher::new();
            (self.secret, phase, token, salt).hash(&mut hasher);
            hasher.finish()
        };
        let head = match phase {
            Phase::Queued => 'x',
            Phase::Executing => 'y',
        };
        format!("{head}{:016x}{:016x}", half(0), half(1))
    }

    /// Path of a nextUri.
    pub(super) fn path(&self, (phase, token): (Phase, u64)) -> String {
        let slug = self.slug(phase, token);
        format!("/v1/statement/{}/{}/{slug}/{token}", phase.name(), self.id)
    }

    /// The client called: it has not gone away.
    pub(super) fn touch(&self) {
        // Nobody waits for it, so nobody is woken.
        self.progress.send_if_modified(|progress| {
            progress.last_contact = Instant::now();
            false
        });
    }

    /// Ends once the client has not called for so long.
    pub(super) async fn abandoned(&self, timeout: Duration) {
        loop {
            let deadline = self.progress.borrow().last_contact + timeout;
            if Instant::now() >= deadline {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }
}
