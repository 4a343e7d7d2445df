//! What tests can ask: every query seen, and how many requests came.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::session::Session;
use super::state::QueryState;

/// One query, as far as it came.
#[derive(Clone, Debug)]
pub struct QueryRecord {
    /// Its id.
    pub query_id: Arc<str>,
    /// Its text.
    pub sql: Arc<str>,
    /// Who asked, with which headers.
    pub session: Arc<Session>,
    /// Its state.
    pub state: QueryState,
    /// Whether the first GET came, so that it began.
    pub started: bool,
    /// Trino's name of the error that ended it.
    pub error_name: Option<&'static str>,
    /// Where it unloads to.
    pub location: Option<Arc<str>>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether the coordinator forgot it: never started, or a restart.
    pub forgotten: bool,
}

/// Requests answered so far, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// `POST /v1/statement`.
    pub statements: u64,
    /// GETs of a queued nextUri.
    pub queued: u64,
    /// GETs of an executing nextUri.
    pub executing: u64,
    /// HEADs of either.
    pub heartbeats: u64,
    /// DELETEs of a nextUri.
    pub cancels: u64,
    /// `GET /v1/query/{id}`.
    pub lookups: u64,
    /// `DELETE /v1/query/{id}`.
    pub kills: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) statements: AtomicU64,
    pub(super) queued: AtomicU64,
    pub(super) executing: AtomicU64,
    pub(super) heartbeats: AtomicU64,
    pub(super) cancels: AtomicU64,
    pub(super) lookups: AtomicU64,
    pub(super) kills: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn counts(&self) -> RequestCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RequestCounts {
            statements: read(&self.statements),
            queued: read(&self.queued),
            executing: read(&self.executing),
            heartbeats: read(&self.heartbeats),
            cancels: read(&self.cancels),
            lookups: read(&self.lookups),
            kills: read(&self.kills),
        }
    }
}

/// The last queries, oldest first.
pub(super) struct Record {
    kept: Mutex<Kept>,
    changed: watch::Sender<u64>,
    most: usize,
}

#[derive(Default)]
struct Kept {
    queries: VecDeque<QueryRecord>,
    /// Number of the oldest query kept.
    first: usize,
}

impl Record {
    pub(super) fn new(most: usize) -> Self {
        Self {
            kept: Mutex::default(),
            changed: watch::Sender::new(0),
            most: most.max(1),
        }
    }

    /// Adds a query; returns its number.
    pub(super) fn add(&self, query: QueryRecord) -> usize {
        let number = {
            let mut kept = self.lock();
            if kept.queries.len() == self.most {
                kept.queries.pop_front();
                kept.first += 1;
            }
            kept.queries.push_back(query);
            kept.first + kept.queries.len() - 1
        };
        self.changed.send_modify(|version| *version += 1);
        number
    }

    pub(super) fn change(&self, number: usize, change: impl FnOnce(&mut QueryRecord)) {
        {
            let mut kept = self.lock();
            let Some(at) = number.checked_sub(kept.first) else {
                return;
            };
            if let Some(query) = kept.queries.get_mut(at) {
                change(query);
            }
        }
        self.changed.send_modify(|version| *version += 1);
    }

    pub(super) fn queries(&self) -> Vec<QueryRecord> {
        self.lock().queries.iter().cloned().collect()
    }

    pub(super) async fn wait_until(&self, met: impl Fn(&[QueryRecord]) -> bool) {
        let mut changed = self.changed.subscribe();
        loop {
            // Marked as seen before the look, so that no change slips between.
            changed.borrow_and_update();
            if met(self.lock().queries.make_contiguous()) {
                return;
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
