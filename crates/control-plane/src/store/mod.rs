//! The queue: its state machine, written once, on SQLite or PostgreSQL.
//!
//! Every change is one transaction of guarded updates (`UPDATE … WHERE status … AND
//! claim_token …`): a step the machine does not know changes no row. Whoever changes
//! both a job and its snapshot locks the snapshot first, so that two such
//! transactions never wait for each other in a circle, and exactly one of two last
//! jobs sees that nothing remains.

mod cancel;
mod create;
mod engine;
mod error;
mod finalise;
mod lease;
mod migrations;
mod postgres;
mod read;
mod reap;
mod refusal;
mod row;
mod sqlite;
mod update;
mod view;
mod wakeup;

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};
use export_api::{ExportJob, NewJob, Snapshot};
use secrecy::SecretString;
use tokio::sync::{Mutex, futures::OwnedNotified};

pub use error::StoreError;
pub use read::LiveJobs;
pub use reap::Reaped;
pub use update::Updated;
pub(crate) use update::hex;
#[cfg(feature = "test-support")]
pub use view::STATEMENTS as VIEW_STATEMENTS;
pub use view::{OldestJobs, QueueView, UnfinishedSnapshot, UnfinishedSnapshots};

use crate::{clock::Clock, destination::Destination};
use engine::Engine;
use wakeup::News;

/// Where the queue lives.
#[derive(Clone, Debug)]
pub enum StoreConfig {
    /// In a file of its own, in this process.
    Sqlite {
        /// The file; made where there is none.
        path: PathBuf,
    },
    /// In a PostgreSQL database, shared by replicas.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: SecretString,
        /// Connections at most; one of them listens.
        max_connections: u32,
    },
}

/// The queue.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    clock: Clock,
    /// Held by the one creation of this process that may wait in the database for those
    /// of other processes: the others wait here, where they hold no connection.
    creating: Arc<Mutex<()>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// A new snapshot, checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// For people.
    pub name: Option<String>,
    /// Its jobs, each with its destination.
    pub jobs: Vec<(NewJob, Destination)>,
    /// After how many attempts a job fails.
    pub max_attempts: u32,
    /// Makes the creation safe to repeat.
    pub idempotency_key: Option<String>,
    /// Digest of the request, to tell a repeat from another use of the key.
    pub digest: String,
}

/// A snapshot that was asked for.
#[derive(Clone, Debug)]
pub struct Created {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Whether it was made now, not found by its idempotency key.
    pub new: bool,
}

/// Who takes jobs, how many, for how long.
#[derive(Clone, Debug)]
pub struct Taker {
    /// Names the worker.
    pub worker_id: String,
    /// How many jobs at most.
    pub limit: u32,
    /// How long the lease holds, in seconds.
    pub lease_seconds: u32,
}

/// Jobs that were there to be taken.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// The jobs.
    pub jobs: Vec<ExportJob>,
    /// Where there are none: when the first becomes due, as far as is known.
    pub next_due_at: Option<DateTime<Utc>>,
}

/// What a caller may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Jobs to claim.
    Pending,
    /// Queries to ask for.
    Pollable,
}

impl Store {
    /// Opens the store. Brings no tables up to date: see [`migrate`](Self::migrate).
    pub async fn open(config: &StoreConfig, clock: Clock) -> Result<Self, StoreError> {
        let engine: Arc<dyn Engine> = match config {
            StoreConfig::Sqlite { path } => Arc::new(sqlite::SqliteEngine::open(path).await?),
            StoreConfig::Postgres {
                url,
                max_connections,
            } => Arc::new(postgres::PostgresEngine::connect(url, *max_connections).await?),
        };
        Ok(Self {
            engine,
            clock,
            creating: Arc::default(),
        })
    }

    /// Brings the tables up to date.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.engine.migrate().await
    }

    /// Ends every connection.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// The clock everything expires by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Wakes when a queue may have something new. Enable it before looking.
    pub fn waiter(&self, queue: Queue) -> OwnedNotified {
        self.engine.wakeups().waiter(match queue {
            Queue::Pending => News::Pending,
            Queue::Pollable => News::Pollable,
        })
    }
}
