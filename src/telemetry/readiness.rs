use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Whether the worker can do its work: not before everything it waits for was
/// reached, and never again once it was withdrawn. Clones share one state.
#[derive(Clone, Debug)]
pub struct Readiness {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    missing: BTreeSet<&'static str>,
    withdrawn: Option<&'static str>,
}

impl Readiness {
    /// Not ready until each of these was reached.
    pub fn waiting_for(what: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                missing: what.into_iter().collect(),
                withdrawn: None,
            })),
        }
    }

    /// One of the things it waits for is there.
    pub fn reached(&self, what: &'static str) {
        self.with(|state| state.missing.remove(what));
    }

    /// Never ready again, for this reason. The first reason stays.
    pub fn withdraw(&self, reason: &'static str) {
        self.with(|state| state.withdrawn.get_or_insert(reason).len());
    }

    /// Ready, or why not.
    pub fn check(&self) -> Result<(), String> {
        self.with(|state| {
            if let Some(reason) = state.withdrawn {
                return Err(reason.to_owned());
            }
            if state.missing.is_empty() {
                return Ok(());
            }
            let missing: Vec<&str> = state.missing.iter().copied().collect();
            Err(format!("waiting for {}", missing.join(", ")))
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
