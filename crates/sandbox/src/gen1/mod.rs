//! A Control Plane of the first generation, in memory, with its quirks: what a
//! worker finds where the reference Control Plane is not deployed yet.
//!
//! - The still-running PATCH stores `next_uri` and drops `next_poll_at`;
//!   `poll_count` reads 0 for ever. Re-sending `submitted` stores both
//!   `next_poll_at` and `submitted_at`.
//! - A PATCH with neither `status` nor `next_uri` answers 404.
//! - Of claimers at the same time, some get nothing while jobs are pending.
//! - `pollable` leases nothing.
//! - Counts above 2^31-1 answer 500.
//! - Any status follows any other. `pending` and `cancelled` cannot be set.
//! - Jobs may lack their SQL or their columns.
//! - A limit above 100 on `pollable` answers 422.
//! - Snapshots are finalised by the worker or not at all.
//! - Timestamps other than `YYYY-MM-DDTHH:MM:SSZ` answer 422.

mod answer;
mod job;
mod patch;
mod public;
mod routes;
mod world;

#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::Router;
use tokio::sync::watch;

pub use job::{Gen1Job, Gen1Snapshot, NewGen1Job};
use world::World;

/// How long a claimer has looked at the queue before it takes its jobs: what
/// another one took meanwhile, it does not get.
const CLAIM_WINDOW: Duration = Duration::from_millis(2);

/// An idle connection is closed after so long.
pub const IDLE: Duration = Duration::from_secs(5);

/// A first-generation Control Plane. Clones share one state.
#[derive(Clone)]
pub struct Gen1 {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    /// Counts changes, for those who wait for one.
    changed: watch::Sender<u64>,
    api_key: Option<String>,
    /// So many of the next claims get nothing.
    empty_claims: AtomicU32,
}

impl Gen1 {
    /// An empty Control Plane; with a key, requests must carry it.
    pub fn new(api_key: Option<String>) -> Self {
        Self {
            shared: Arc::new(Shared {
                world: Mutex::default(),
                changed: watch::Sender::new(0),
                api_key,
                empty_claims: AtomicU32::new(0),
            }),
        }
    }

    /// Its HTTP side.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    /// Creates a snapshot and its jobs, all pending; answers its id.
    pub fn create_snapshot(&self, name: Option<String>, jobs: Vec<NewGen1Job>) -> u64 {
        self.change(|world| world.create(name, jobs))
    }

    /// A snapshot, if there is one.
    pub fn snapshot(&self, id: u64) -> Option<Gen1Snapshot> {
        self.world().snapshots.get(&id).cloned()
    }

    /// The jobs of a snapshot, in the order they were given.
    pub fn jobs(&self, snapshot: u64) -> Vec<Gen1Job> {
        self.world().jobs_of(snapshot)
    }

    /// One job, if there is one.
    pub fn job(&self, id: u64) -> Option<Gen1Job> {
        self.world().jobs.get(&id).cloned()
    }

    /// Changes a job past the API, to set a scene; false if there is none.
    pub fn edit_job(&self, id: u64, edit: impl FnOnce(&mut Gen1Job)) -> bool {
        self.change(|world| world.jobs.get_mut(&id).map(edit).is_some())
    }

    /// Sets a snapshot's status past the API; false if there is none.
    pub fn set_snapshot_status(&self, id: u64, status: &str) -> bool {
        self.change(|world| {
            world
                .snapshots
                .get_mut(&id)
                .map(|snapshot| status.clone_into(&mut snapshot.status))
                .is_some()
        })
    }

    /// Lets so many of the next claims come away with nothing, whatever is
    /// pending, as if other claimers had been quicker.
    pub fn empty_claims(&self, claims: u32) {
        self.shared.empty_claims.store(claims, Ordering::Release);
    }

    fn loses_race(&self) -> bool {
        self.shared
            .empty_claims
            .try_update(Ordering::AcqRel, Ordering::Acquire, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }

    /// Waits until `done` holds; it is asked now and after every change.
    pub async fn until(&self, mut done: impl FnMut(&Self) -> bool) {
        let mut changed = self.shared.changed.subscribe();
        while !done(self) {
            if changed.changed().await.is_err() {
                // The sender lives in self, so this does not happen.
                return;
            }
        }
    }

    /// Waits until a snapshot has this status.
    pub async fn until_snapshot(&self, id: u64, status: &str) {
        self.until(|gen1| {
            gen1.snapshot(id)
                .is_some_and(|found| found.status == status)
        })
        .await;
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared
            .world
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world());
        self.shared.changed.send_modify(|changes| *changes += 1);
        result
    }
}
