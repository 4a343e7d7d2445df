//! Replicas as an orchestrator runs them: some are added, some are told to go, some
//! are gone without a word.

use std::fmt;

use super::World;
use crate::process::{Process, signal};

/// What an operator who lets replicas come and go would set.
const SETTINGS: [(&str, &str); 5] = [
    ("LEASE_SECONDS", "8"),
    ("CLAIM_WAIT_SECONDS", "2"),
    ("EMPTY_POLL_BACKOFF_SECONDS", "1"),
    ("SHUTDOWN_GRACE_SECONDS", "5"),
    ("LOG_LEVEL", "info"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Removal {
    Terminated,
    Killed,
}

/// The replicas of one worker.
pub struct Replicas<'a> {
    world: &'a World,
    alive: Vec<Process>,
    removed: Vec<(Process, Removal)>,
    started: usize,
}

impl<'a> Replicas<'a> {
    pub fn new(world: &'a World) -> Self {
        Self {
            world,
            alive: Vec::new(),
            removed: Vec::new(),
            started: 0,
        }
    }

    /// How many are alive.
    pub fn alive(&self) -> usize {
        self.alive.len()
    }

    /// Starts one more.
    pub fn add(&mut self) {
        self.started += 1;
        let name = format!("replica-{}", self.started);
        self.alive.push(self.world.worker_with(&name, &SETTINGS));
    }

    /// Takes one away: every other one is told to stop, the others are killed.
    pub fn remove(&mut self, which: usize) {
        let replica = self.alive.remove(which);
        let removal = if self.removed.len().is_multiple_of(2) {
            replica.terminate();
            Removal::Terminated
        } else {
            signal(replica.pid(), "KILL");
            Removal::Killed
        };
        self.removed.push((replica, removal));
    }

    /// Waits until every one that was removed has ended; those that were told to
    /// must have done so in good order. One that was told to before it listened to
    /// signals has not begun: it has not even logged a line.
    pub async fn assert_ended_well(&mut self) {
        for (replica, removal) in &mut self.removed {
            let status = replica.ended().await;
            if *removal == Removal::Terminated {
                let had_not_begun = replica.text().is_empty();
                let well = status.success() || had_not_begun;
                assert!(well, "{status}: {}", replica.text());
            }
        }
    }
}

impl fmt::Display for Replicas<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.removed.len();
        let killed = self
            .removed
            .iter()
            .filter(|(_, how)| *how == Removal::Killed);
        let killed = killed.count();
        let (started, terminated) = (self.started, all - killed);
        write!(
            f,
            "{started} replicas started, {killed} killed, {terminated} terminated"
        )
    }
}
