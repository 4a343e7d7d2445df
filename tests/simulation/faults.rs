//! What goes wrong, and when: by the number of the outside call.

use std::{
    collections::BTreeMap,
    future,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::sleep};

/// Every outside call takes this long.
const LATENCY: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request never arrives.
    RequestLost,
    /// It arrives and has its effect, but its answer does not come back.
    AnswerLost,
    /// The process dies just before the call.
    CrashBefore,
    /// The process dies just after the call had its effect.
    CrashAfter,
    /// The lease runs out just before the call; the process does not know.
    LeaseLost,
    /// The snapshot is cancelled just before the call, and with it a claimed job.
    Cancelled,
}

#[derive(Debug, Default)]
pub struct Faults {
    calls: AtomicUsize,
    plan: Mutex<BTreeMap<usize, Fault>>,
    names: Mutex<Vec<&'static str>>,
    pub crashed: Notify,
}

impl Faults {
    pub fn at(call: usize, fault: Fault) -> Self {
        Self::planned([(call, fault)])
    }

    pub fn planned(plan: impl IntoIterator<Item = (usize, Fault)>) -> Self {
        Self {
            plan: Mutex::new(plan.into_iter().collect()),
            ..Self::default()
        }
    }

    /// The names of the calls so far, in order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.names.lock().unwrap().clone()
    }

    /// Whether everything that was planned went wrong by now.
    pub fn all_happened(&self) -> bool {
        self.plan.lock().unwrap().is_empty()
    }

    /// Runs one outside call. `lost` is the error of a call without an answer;
    /// `upset` does to the world what a fault beside the call does.
    pub async fn around<T, E>(
        &self,
        name: &'static str,
        upset: impl FnOnce(Fault),
        effect: impl FnOnce() -> Result<T, E>,
        lost: impl FnOnce() -> E,
    ) -> Result<T, E> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        self.names.lock().unwrap().push(name);
        sleep(LATENCY).await;
        let fault = self.plan.lock().unwrap().remove(&call);
        match fault {
            None => effect(),
            Some(Fault::RequestLost) => Err(lost()),
            Some(Fault::AnswerLost) => {
                let _ = effect();
                Err(lost())
            }
            Some(fault @ (Fault::LeaseLost | Fault::Cancelled)) => {
                upset(fault);
                effect()
            }
            Some(Fault::CrashBefore) => self.die().await,
            Some(Fault::CrashAfter) => {
                let _ = effect();
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.crashed.notify_one();
        future::pending().await
    }
}
