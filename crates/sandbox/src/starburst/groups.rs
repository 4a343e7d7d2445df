//! Resource groups: who runs, who waits, who is turned away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::config::ResourceGroup;
use super::error::QueryError;
use super::session::Session;

/// The groups of one coordinator's life.
pub(super) struct ResourceGroups {
    groups: Vec<Group>,
}

struct Group {
    set: ResourceGroup,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl ResourceGroups {
    pub(super) fn new(groups: &[ResourceGroup]) -> Self {
        let group = |set: &ResourceGroup| Group {
            slots: Arc::new(Semaphore::new(set.concurrency.min(Semaphore::MAX_PERMITS))),
            waiting: AtomicUsize::new(0),
            set: set.clone(),
        };
        Self {
            groups: groups.iter().map(group).collect(),
        }
    }

    /// Waits for a slot; it is held as long as what is returned. Without any groups
    /// there is nothing to wait for.
    pub(super) async fn enter(
        &self,
        session: &Session,
    ) -> Result<Option<OwnedSemaphorePermit>, QueryError> {
        if self.groups.is_empty() {
            return Ok(None);
        }
        let matches = |group: &&Group| {
            group
                .set
                .tags
                .iter()
                .all(|tag| session.client_tags.contains(tag))
        };
        let Some(group) = self.groups.iter().find(matches) else {
            let message = "Query did not match any selection rule";
            return Err(QueryError::new("QUERY_REJECTED", message));
        };
        if let Ok(slot) = Arc::clone(&group.slots).try_acquire_owned() {
            return Ok(Some(slot));
        }
        let Some(_place) = group.queue() else {
            let message = format!("Too many queued queries for \"{}\"", group.set.name);
            return Err(QueryError::new("QUERY_QUEUE_FULL", message));
        };
        let slot = Arc::clone(&group.slots).acquire_owned().await;
        slot.map(Some)
            .map_err(|_| QueryError::new("SERVER_SHUTTING_DOWN", "Server is shutting down"))
    }
}

impl Group {
    fn queue(&self) -> Option<Place<'_>> {
        self.waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
                (waiting < self.set.max_queued).then_some(waiting + 1)
            })
            .is_ok()
            .then_some(Place(&self.waiting))
    }
}

/// A place in the queue, given up when dropped.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
