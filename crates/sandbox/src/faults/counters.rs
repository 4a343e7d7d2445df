use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::sync::watch;

use super::{Service, lock};

/// A request as the log keeps it. Bodies of the store's requests are left out.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Whom it went to.
    pub service: Service,
    /// Its counter.
    pub endpoint: String,
    /// Its method.
    pub method: Method,
    /// Its path, percent-decoded.
    pub path: String,
    /// Its raw query string.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Requests by service and endpoint. Endpoints are a closed set, so this does
/// not grow with the number of requests.
pub(super) struct Counters {
    counts: watch::Sender<BTreeMap<(Service, String), u64>>,
    handled: watch::Sender<u64>,
    log: Mutex<VecDeque<Logged>>,
    capacity: AtomicUsize,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            counts: watch::Sender::new(BTreeMap::new()),
            handled: watch::Sender::new(0),
            log: Mutex::default(),
            capacity: AtomicUsize::new(0),
        }
    }
}

fn read(counts: &BTreeMap<(Service, String), u64>, service: Service, endpoint: &str) -> u64 {
    let key = (service, endpoint.to_owned());
    counts.get(&key).copied().unwrap_or_default()
}

impl Counters {
    pub(super) fn add(&self, service: Service, endpoint: &str) {
        self.counts.send_modify(|counts| {
            *counts.entry((service, endpoint.to_owned())).or_default() += 1;
        });
    }

    /// A request was handled: it has its effect.
    pub(super) fn handled(&self) {
        self.handled.send_modify(|handled| *handled += 1);
    }

    pub(super) fn watch_handled(&self) -> watch::Receiver<u64> {
        self.handled.subscribe()
    }

    pub(super) fn count(&self, service: Service, endpoint: &str) -> u64 {
        read(&self.counts.borrow(), service, endpoint)
    }

    pub(super) fn total(&self, service: Service) -> u64 {
        self.all(service).iter().map(|(_, count)| count).sum()
    }

    pub(super) fn all(&self, service: Service) -> Vec<(String, u64)> {
        self.counts
            .borrow()
            .iter()
            .filter(|((of, _), _)| *of == service)
            .map(|((_, endpoint), count)| (endpoint.clone(), *count))
            .collect()
    }

    pub(super) fn reset(&self) {
        self.counts.send_modify(BTreeMap::clear);
    }

    pub(super) async fn called(&self, service: Service, endpoint: &str, count: u64) {
        // The sender lives in self, so waiting cannot fail.
        let _ = self
            .counts
            .subscribe()
            .wait_for(|counts| read(counts, service, endpoint) >= count)
            .await;
    }

    pub(super) fn keep_log(&self, capacity: usize) {
        self.capacity.store(capacity, Ordering::Release);
        let mut log = lock(&self.log);
        let surplus = log.len().saturating_sub(capacity);
        log.drain(..surplus);
    }

    pub(super) fn keeps_log(&self) -> bool {
        self.capacity.load(Ordering::Acquire) > 0
    }

    pub(super) fn write_log(&self, request: Logged) {
        let capacity = self.capacity.load(Ordering::Acquire);
        let mut log = lock(&self.log);
        log.push_back(request);
        let surplus = log.len().saturating_sub(capacity);
        log.drain(..surplus);
    }

    pub(super) fn log(&self) -> Vec<Logged> {
        lock(&self.log).iter().cloned().collect()
    }
}
