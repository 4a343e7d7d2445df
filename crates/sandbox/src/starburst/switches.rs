//! What tests set while the stand-in runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::error::QueryError;

type Matcher = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Switches; each takes effect for queries that start to run afterwards.
#[derive(Default)]
pub struct Switches {
    set: Mutex<Set>,
}

#[derive(Default)]
struct Set {
    duration: Duration,
    files: Option<usize>,
    debris: Option<Duration>,
    rules: Vec<Rule>,
}

struct Rule {
    matches: Matcher,
    effect: Effect,
}

enum Effect {
    Lasts(Duration),
    Held(watch::Receiver<()>),
    Fails { error: QueryError, left: usize },
}

/// Keeps queries RUNNING until it is dropped.
#[must_use = "the queries go on as soon as it is dropped"]
#[derive(Debug)]
pub struct Hold {
    _released: watch::Sender<()>,
}

/// How one query is to run.
pub(super) struct Course {
    pub(super) lasts: Duration,
    pub(super) holds: Vec<watch::Receiver<()>>,
    pub(super) fails: Option<QueryError>,
    pub(super) files: Option<usize>,
}

impl Switches {
    /// How long every query stays RUNNING before it does its work.
    pub fn set_duration(&self, duration: Duration) {
        self.lock().duration = duration;
    }

    /// How long queries stay RUNNING whose text `matches`; the last such rule counts.
    pub fn set_duration_where(
        &self,
        matches: impl Fn(&str) -> bool + Send + Sync + 'static,
        duration: Duration,
    ) {
        self.add(matches, Effect::Lasts(duration));
    }

    /// Keeps queries RUNNING whose text `matches`, before they write anything,
    /// until the hold is dropped.
    pub fn hold_where(&self, matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Hold {
        let (sender, receiver) = watch::channel(());
        self.add(matches, Effect::Held(receiver));
        Hold { _released: sender }
    }

    /// Lets the next `times` queries whose text `matches` fail while RUNNING.
    pub fn fail_where(
        &self,
        matches: impl Fn(&str) -> bool + Send + Sync + 'static,
        error: QueryError,
        times: usize,
    ) {
        self.add(matches, Effect::Fails { error, left: times });
    }

    /// How many files an unload writes, if it has so many rows; `None`: 2 to 4, by rows.
    pub fn set_files(&self, files: Option<usize>) {
        self.lock().files = files;
    }

    /// Whether an unload that was cancelled while RUNNING still leaves an object at
    /// its destination, so long after the query had failed.
    pub fn set_debris_after_cancel(&self, after: Option<Duration>) {
        self.lock().debris = after;
    }

    /// Sets everything back.
    pub fn reset(&self) {
        *self.lock() = Set::default();
    }

    pub(super) fn debris_after_cancel(&self) -> Option<Duration> {
        self.lock().debris
    }

    /// The course of a query with this text; counts down failures.
    pub(super) fn course(&self, sql: &str) -> Course {
        let mut set = self.lock();
        let mut course = Course {
            lasts: set.duration,
            holds: Vec::new(),
            fails: None,
            files: set.files,
        };
        for rule in &mut set.rules {
            if !(rule.matches)(sql) {
                continue;
            }
            match &mut rule.effect {
                Effect::Lasts(duration) => course.lasts = *duration,
                Effect::Held(released) => course.holds.push(released.clone()),
                Effect::Fails { error, left } => {
                    if *left > 0 && course.fails.is_none() {
                        *left -= 1;
                        course.fails = Some(error.clone());
                    }
                }
            }
        }
        course
    }

    fn add(&self, matches: impl Fn(&str) -> bool + Send + Sync + 'static, effect: Effect) {
        let mut set = self.lock();
        set.rules.retain(|rule| match &rule.effect {
            Effect::Lasts(_) => true,
            Effect::Held(released) => released.has_changed().is_ok(),
            Effect::Fails { left, .. } => *left > 0,
        });
        set.rules.push(Rule {
            matches: Arc::new(matches),
            effect,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
