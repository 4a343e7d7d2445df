use std::sync::Arc;

use tokio::sync::watch;

/// Where a gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before the request is handled: it has no effect yet.
    BeforeHandling,
    /// After it was handled, before its answer goes out: it has its effect, and
    /// the client does not know yet.
    BeforeAnswer,
}

/// What becomes of the requests that wait at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    Drop,
}

pub(super) struct Gate {
    pub(super) when: When,
    reached: watch::Sender<u64>,
    verdict: watch::Sender<Option<Verdict>>,
}

impl Gate {
    pub(super) fn new(when: When) -> Arc<Self> {
        Arc::new(Self {
            when,
            reached: watch::Sender::new(0),
            verdict: watch::Sender::new(None),
        })
    }

    /// Tells the test, then waits for its verdict.
    pub(super) async fn pass(&self) -> Verdict {
        self.reached.send_modify(|reached| *reached += 1);
        let mut verdict = self.verdict.subscribe();
        // The sender lives in self, so the channel cannot be closed meanwhile.
        verdict
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|verdict| *verdict)
            .unwrap_or(Verdict::GoOn)
    }

    pub(super) fn open(&self, verdict: Verdict) {
        self.verdict.send_if_modified(|old| {
            let first = old.is_none();
            old.get_or_insert(verdict);
            first
        });
    }
}

/// A gate in a test's hand. Dropping it opens the gate.
#[must_use = "dropping a hold opens its gate"]
pub struct Hold {
    pub(super) gate: Arc<Gate>,
    pub(super) rule: super::Armed,
}

impl Hold {
    /// Waits until a request stands at the gate (or stood there once).
    pub async fn reached(&self) {
        self.reached_by(1).await;
    }

    /// Waits until so many requests have come to the gate.
    pub async fn reached_by(&self, requests: u64) {
        let mut reached = self.gate.reached.subscribe();
        // The sender lives in the gate, so waiting cannot fail.
        let _ = reached.wait_for(|reached| *reached >= requests).await;
    }

    /// Lets the waiting requests go on, and later ones pass.
    pub fn release(self) {
        drop(self);
    }

    /// Closes the connections of the waiting requests; later ones pass.
    pub fn drop_connections(self) {
        self.gate.open(Verdict::Drop);
        self.rule.disarm();
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // A gate that was opened already keeps its verdict.
        self.rule.disarm();
    }
}
