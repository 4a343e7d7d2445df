//! Latency, scripted faults, gates and request counters round every service.
//!
//! A test scripts a fault by saying which requests it means and what happens to
//! them; the first rule that matches and is not used up decides. Everything a
//! test waits for is a signal: a gate that was reached, a rule that was hit, an
//! endpoint that was called.

mod action;
mod counters;
mod endpoint;
mod gate;
mod layer;
mod rule;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::Method;
use tokio::sync::watch;

use action::Action;
use counters::Counters;
use rule::{Request, Rule};

pub use counters::Logged;
pub use gate::{Hold, When};
pub use layer::{Dropped, handle};
pub use rule::{Armed, On};

/// Whose requests a rule or counter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The Starburst stand-in.
    Starburst,
    /// The object store.
    Store,
    /// The Control Plane, of either dialect.
    ControlPlane,
}

/// The handle tests hold: clones share one state.
#[derive(Clone, Default)]
pub struct Faults {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    rules: Mutex<Vec<Arc<Rule>>>,
    latency: Mutex<HashMap<(Service, Option<String>), Duration>>,
    counters: Counters,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Faults {
    /// No latency, no rules, counters at 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Delays every request to a service before it is handled.
    pub fn latency(&self, service: Service, delay: Duration) {
        lock(&self.shared.latency).insert((service, None), delay);
    }

    /// Delays the requests to one endpoint (see [`Faults::count`] for names), in
    /// place of the service's own latency.
    pub fn endpoint_latency(&self, service: Service, endpoint: &str, delay: Duration) {
        lock(&self.shared.latency).insert((service, Some(endpoint.to_owned())), delay);
    }

    /// Begins a rule for the requests of a service.
    pub fn on(&self, service: Service) -> On<'_> {
        On::new(self, service)
    }

    /// From now on, every connection to the service is closed without an answer,
    /// until the rule is disarmed.
    pub fn down(&self, service: Service) -> Armed {
        self.on(service).always().drop_connection()
    }

    /// Disarms every rule and opens every gate.
    pub fn clear(&self) {
        for rule in lock(&self.shared.rules).drain(..) {
            rule.disarm();
        }
    }

    /// How many requests an endpoint had, counted when they arrive.
    ///
    /// Endpoints of the store: `list`, `get`, `head`, `put`, `delete`,
    /// `initiate`, `put_part`, `complete`, `abort`. Of the others: the method
    /// and the path with its ids replaced, as in
    /// `PATCH /api/internal/export-jobs/{id}`, `POST /v1/statement`,
    /// `GET /v1/statement/executing`.
    pub fn count(&self, service: Service, endpoint: &str) -> u64 {
        self.shared.counters.count(service, endpoint)
    }

    /// How many requests a service had.
    pub fn total(&self, service: Service) -> u64 {
        self.shared.counters.total(service)
    }

    /// All counters of a service, by endpoint, in the order of names.
    pub fn counts(&self, service: Service) -> Vec<(String, u64)> {
        self.shared.counters.all(service)
    }

    /// Sets every counter to 0.
    pub fn reset_counts(&self) {
        self.shared.counters.reset();
    }

    /// Waits until an endpoint had at least `count` requests.
    pub async fn called(&self, service: Service, endpoint: &str, count: u64) {
        self.shared.counters.called(service, endpoint, count).await;
    }

    /// Grows with every request that was handled, of any service: a signal to
    /// look again at what requests change.
    pub fn handled(&self) -> watch::Receiver<u64> {
        self.shared.counters.watch_handled()
    }

    /// Keeps the newest `capacity` requests from now on; 0 keeps none.
    pub fn keep_log(&self, capacity: usize) {
        self.shared.counters.keep_log(capacity);
    }

    /// The kept requests, oldest first.
    pub fn log(&self) -> Vec<Logged> {
        self.shared.counters.log()
    }

    fn arm(&self, rule: Arc<Rule>) {
        lock(&self.shared.rules).push(rule);
    }

    fn delay(&self, service: Service, endpoint: &str) -> Duration {
        let latency = lock(&self.shared.latency);
        if latency.is_empty() {
            return Duration::ZERO;
        }
        latency
            .get(&(service, Some(endpoint.to_owned())))
            .or_else(|| latency.get(&(service, None)))
            .copied()
            .unwrap_or_default()
    }

    /// Whether a body has to be read before a rule can be found.
    fn needs_body(&self, service: Service, method: &Method) -> bool {
        // The store's bodies are files: they are read only for a rule that asks.
        (service != Service::Store && self.shared.counters.keeps_log())
            || lock(&self.shared.rules)
                .iter()
                .any(|rule| rule.needs_body(service, method))
    }

    fn next_action(&self, request: &Request<'_>) -> Option<Action> {
        let mut rules = lock(&self.shared.rules);
        rules.retain(|rule| !rule.is_spent());
        rules.iter().find_map(|rule| rule.strike(request))
    }
}
