//! The queries of one stand-in: registered, run, ended, forgotten.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use object_store::ObjectStore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::config::StandinConfig;
use super::error::QueryError;
use super::execute::{Executor, RuntimeQuery};
use super::groups::ResourceGroups;
use super::query::{Progress, Query};
use super::record::{Counters, QueryRecord, Record};
use super::session::Session;
use super::state::QueryState;
use super::switches::Switches;

/// Gives the store behind a bucket's name.
pub type Stores = Arc<dyn Fn(&str) -> Arc<dyn ObjectStore> + Send + Sync>;

pub(super) struct Coordinator {
    pub(super) config: StandinConfig,
    pub(super) stores: Stores,
    pub(super) switches: Switches,
    pub(super) counters: Counters,
    pub(super) record: Record,
    pub(super) executor: Executor,
    known: Mutex<Known>,
    registered: AtomicU64,
}

/// What a restart forgets.
struct Known {
    queries: HashMap<Arc<str>, Arc<Query>>,
    /// Ended queries, the oldest first.
    ended: VecDeque<(Instant, Arc<str>)>,
    groups: Arc<ResourceGroups>,
    /// Ends the tasks of this life.
    life: CancellationToken,
    /// Last part of every query id.
    name: String,
}

impl Known {
    fn new(config: &StandinConfig) -> Self {
        Self {
            queries: HashMap::new(),
            ended: VecDeque::new(),
            groups: Arc::new(ResourceGroups::new(&config.resource_groups)),
            life: CancellationToken::new(),
            name: (0..5).map(|_| fastrand::lowercase()).collect(),
        }
    }

    /// Forgets what ended too long ago.
    fn expire(&mut self, config: &StandinConfig) {
        let now = Instant::now();
        while let Some((ended, id)) = self.ended.front() {
            let old = now.duration_since(*ended) >= config.purge_after;
            if !old && self.ended.len() <= config.max_history {
                break;
            }
            self.queries.remove(id);
            self.ended.pop_front();
        }
    }
}

impl Coordinator {
    pub(super) fn new(config: StandinConfig, stores: Stores) -> Self {
        Self {
            executor: Executor::new(config.scale, config.executors),
            record: Record::new(config.max_records),
            known: Mutex::new(Known::new(&config)),
            config,
            stores,
            switches: Switches::default(),
            counters: Counters::default(),
            registered: AtomicU64::new(0),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a statement; nothing runs yet.
    pub(super) fn register(self: &Arc<Self>, sql: String, session: Session) -> Arc<Query> {
        let number = self.registered.fetch_add(1, Ordering::Relaxed);
        let (query, groups, life) = {
            let mut known = self.known();
            known.expire(&self.config);
            let id = format!(
                "{}_{number:05}_{}",
                Utc::now().format("%Y%m%d_%H%M%S"),
                known.name
            );
            let query = Arc::new(Query::new(
                id.into(),
                sql.into(),
                session,
                self.config.finished_pages,
            ));
            known
                .queries
                .insert(Arc::clone(&query.id), Arc::clone(&query));
            (query, Arc::clone(&known.groups), known.life.clone())
        };
        let number = self.record.add(QueryRecord {
            query_id: Arc::clone(&query.id),
            sql: Arc::clone(&query.sql),
            session: Arc::clone(&query.session),
            state: QueryState::Queued,
            started: false,
            error_name: None,
            location: None,
            created_at: query.created_at,
            ended_at: None,
            forgotten: false,
        });
        let _ = query.number.set(number);
        let (coordinator, lived) = (Arc::clone(self), Arc::clone(&query));
        tokio::spawn(async move {
            life.run_until_cancelled(coordinator.live(&lived, &groups))
                .await;
        });
        query
    }

    /// A query by its id, started or not.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Query>> {
        let mut known = self.known();
        known.expire(&self.config);
        known.queries.get(id).cloned()
    }

    /// A query by its id, if it was started: before that nobody sees it.
    pub(super) fn find_started(&self, id: &str) -> Option<Arc<Query>> {
        self.find(id)
            .filter(|query| query.progress.borrow().started)
    }

    /// Changes a query and tells all who wait for it.
    pub(super) fn change<T>(&self, query: &Query, change: impl FnOnce(&mut Progress) -> T) -> T {
        let mut result = None;
        let mut seen = None;
        query.progress.send_if_modified(|progress| {
            let before = (progress.state, progress.started);
            result = Some(change(progress));
            if progress.state.is_done() && progress.ended_at.is_none() {
                progress.ended_at = Some((Instant::now(), Utc::now()));
            }
            if before != (progress.state, progress.started) {
                seen = Some((
                    progress.state,
                    progress.started,
                    progress.error.as_ref().map(|error| error.name),
                    progress.ended_at.map(|(_, at)| at),
                ));
            }
            true
        });
        if let (Some((state, started, error_name, ended_at)), Some(number)) =
            (seen, query.number.get())
        {
            self.record.change(*number, |record| {
                record.state = state;
                record.started = started;
                record.error_name = error_name;
                record.ended_at = ended_at;
            });
        }
        #[expect(
            clippy::expect_used,
            reason = "send_if_modified always calls its closure"
        )]
        result.expect("the change was made")
    }

    /// Changes a query unless it is over: it may be cancelled at any moment.
    pub(super) fn advance(&self, query: &Query, change: impl FnOnce(&mut Progress)) {
        self.change(query, |progress| {
            if !progress.state.is_done() {
                change(progress);
            }
        });
    }

    /// Ends a query by an error, unless it is over. A query that was never started
    /// is forgotten.
    pub(super) fn fail(&self, query: &Query, error: QueryError) {
        let started = self.change(query, |progress| {
            if progress.started && !progress.state.is_done() {
                progress.failed_in = Some(progress.state);
                progress.state = QueryState::Failed;
                progress.error = Some(error);
                progress.results = None;
            }
            progress.started
        });
        if !started {
            self.forget(query);
        }
    }

    /// Drops a registration.
    pub(super) fn forget(&self, query: &Query) {
        self.known().queries.remove(&query.id);
        if let Some(number) = query.number.get() {
            self.record.change(*number, |record| {
                record.forgotten = true;
                record.ended_at.get_or_insert_with(Utc::now);
            });
        }
    }

    /// Remembers an ended query for a while.
    pub(super) fn remember(&self, query: &Query) {
        let mut known = self.known();
        known
            .ended
            .push_back((Instant::now(), Arc::clone(&query.id)));
        known.expire(&self.config);
    }

    /// Forgets everything, as a coordinator does that was restarted.
    pub(super) fn restart(&self) {
        let old = std::mem::replace(&mut *self.known(), Known::new(&self.config));
        old.life.cancel();
        for query in old.queries.into_values() {
            if !query.progress.borrow().state.is_done() {
                self.forget(&query);
            }
        }
    }

    /// What `system.runtime.queries` shows.
    pub(super) fn runtime_queries(&self) -> Vec<RuntimeQuery> {
        let queries: Vec<Arc<Query>> = self.known().queries.values().cloned().collect();
        let time = |at: chrono::DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S%.3f UTC").to_string();
        let row = |query: Arc<Query>| {
            let progress = query.progress.borrow();
            progress.started.then(|| {
                [
                    Some(query.id.to_string()),
                    Some(progress.state.name().to_owned()),
                    Some(query.session.user.clone()),
                    query.session.source.clone(),
                    Some(query.sql.to_string()),
                    Some(time(query.created_at)),
                    progress.ended_at.map(|(_, at)| time(at)),
                    progress.error.as_ref().map(|error| error.name.to_owned()),
                ]
            })
        };
        queries.into_iter().filter_map(row).collect()
    }
}
