use std::{
    collections::BTreeMap,
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
    /// What was not reached yet, and why.
    missing: BTreeMap<&'static str, String>,
    withdrawn: Option<&'static str>,
}

impl Readiness {
    /// Not ready until each of these was reached.
    pub fn waiting_for(what: impl IntoIterator<Item = &'static str>) -> Self {
        let not_yet = |what| (what, "not reached yet".to_owned());
        Self {
            state: Arc::new(Mutex::new(State {
                missing: what.into_iter().map(not_yet).collect(),
                withdrawn: None,
            })),
        }
    }

    /// One of the things it waits for is there.
    pub fn reached(&self, what: &'static str) {
        self.with(|state| state.missing.remove(what));
    }

    /// One of the things it waits for is not there, for this reason. Says whether
    /// that is another reason than before.
    pub fn unreached(&self, what: &'static str, reason: impl Into<String>) -> bool {
        let reason = reason.into();
        self.with(|state| {
            let before = state.missing.insert(what, reason.clone());
            before != Some(reason)
        })
    }

    /// Never ready again, for this reason. The first reason stays.
    pub fn withdraw(&self, reason: &'static str) {
        self.with(|state| state.withdrawn.get_or_insert(reason).len());
    }

    /// Ready, or why not: a line for each thing that was not reached.
    pub fn check(&self) -> Result<(), String> {
        self.with(|state| {
            if let Some(reason) = state.withdrawn {
                return Err(reason.to_owned());
            }
            if state.missing.is_empty() {
                return Ok(());
            }
            let lines: Vec<String> = state
                .missing
                .iter()
                .map(|(what, reason)| format!("{what}: {reason}"))
                .collect();
            Err(lines.join("\n"))
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
