//! What stands between start and work: nothing is claimed before the outside was
//! reached once, with our credentials.

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures::future::join_all;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::clients::{Clients, ClientsError, Patience, Wiring};
use crate::{
    checks,
    config::Config,
    retry::endless,
    telemetry::{Boundary, Metrics, Readiness},
};

const BOUNDARIES: [Boundary; 3] = [
    Boundary::ControlPlane,
    Boundary::Starburst,
    Boundary::Storage,
];
/// Between the first two tries of a boundary; each later pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause. Twenty replicas with a wrong password ask 40 times a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often a boundary that was last seen down is asked whether it still is.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// What the worker waits for before it is ready.
pub(super) fn awaited() -> impl Iterator<Item = &'static str> {
    BOUNDARIES.into_iter().map(checks::name)
}

/// Asks each boundary until it was reached.
pub(super) struct Gate<'a> {
    config: &'a Config,
    wiring: &'a Wiring<'a>,
    metrics: &'a Metrics,
    readiness: &'a Readiness,
}

/// Why a boundary was not reached.
enum Unreached {
    /// For a reason that may pass.
    SoFar(String),
    /// For one that stays while the process runs.
    ForGood(ClientsError),
}

impl From<ClientsError> for Unreached {
    fn from(error: ClientsError) -> Self {
        if error.is_lasting() {
            Self::ForGood(error)
        } else {
            Self::SoFar(error.to_string())
        }
    }
}

impl<'a> Gate<'a> {
    pub(super) fn new(
        config: &'a Config,
        wiring: &'a Wiring<'a>,
        metrics: &'a Metrics,
        readiness: &'a Readiness,
    ) -> Self {
        Self {
            config,
            wiring,
            metrics,
            readiness,
        }
    }

    /// Waits until every boundary was reached once, all of them asked at the same
    /// time and for ever, and returns the clients to work with. Drop it to stop asking.
    ///
    /// A reason is logged when it is another than before; the readiness has it meanwhile.
    pub(super) async fn pass(&self) -> Result<Clients, ClientsError> {
        let (config, wiring) = (self.config, self.wiring);
        let (control_plane, starburst, storage) = tokio::try_join!(
            self.reach(Boundary::ControlPlane, || wiring
                .control_plane(&config.control_plane)),
            self.reach(Boundary::Starburst, || wiring
                .starburst(&config.starburst, &config.export)),
            self.reach(Boundary::Storage, || wiring.storage(&config.storage)),
        )?;
        info!("ready: the outside was reached");
        Ok(Clients {
            control_plane: Arc::new(control_plane),
            starburst: Arc::new(starburst),
            storage: Arc::new(storage),
        })
    }

    /// Asks the boundaries that the last request found down whether they still are,
    /// for as long as it is polled: a worker that has nothing to do sends no
    /// requests that would tell.
    pub(super) async fn watch(&self) -> Infallible {
        loop {
            sleep(LOOK_AGAIN).await;
            let down = BOUNDARIES
                .into_iter()
                .filter(|boundary| self.metrics.boundary_up.get((*boundary,)) == 0)
                .filter(|boundary| self.is_asked(*boundary));
            join_all(down.map(|boundary| async move {
                let is_up = self.ask(boundary).await.is_ok();
                self.metrics.boundary_up.set((boundary,), is_up);
            }))
            .await;
        }
    }

    /// Asks one boundary until it was reached, and builds the client to work with.
    /// Both are done anew each time, for a file that was missing or wrong may be right now.
    async fn reach<T>(
        &self,
        boundary: Boundary,
        build: impl Fn() -> Result<T, ClientsError>,
    ) -> Result<T, ClientsError> {
        let what = checks::name(boundary);
        let mut pauses = endless(FIRST_PAUSE, LONGEST_PAUSE);
        let mut tries = 0_u64;
        loop {
            tries += 1;
            let asked = self.ask(boundary).await;
            let reached = asked.and_then(|()| build().map_err(Unreached::from));
            self.metrics.boundary_up.set((boundary,), reached.is_ok());
            match reached {
                Ok(client) => {
                    self.readiness.reached(what);
                    info!(boundary = boundary.as_str(), "reached");
                    return Ok(client);
                }
                Err(Unreached::ForGood(error)) => return Err(error),
                Err(Unreached::SoFar(reason)) => {
                    let reason = checks::on_one_line(&reason);
                    if self.readiness.unreached(what, reason.as_str()) {
                        warn!(
                            boundary = boundary.as_str(),
                            reason, "not ready; trying again"
                        );
                    }
                }
            }
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            debug!(boundary = boundary.as_str(), tries, ?pause, "not reached");
            sleep(pause).await;
        }
    }

    /// Whether there is anything to ask: of the object store only a bucket is known.
    fn is_asked(&self, boundary: Boundary) -> bool {
        match boundary {
            Boundary::ControlPlane | Boundary::Starburst => true,
            Boundary::Storage => self.config.storage.export_bucket.is_some(),
        }
    }

    /// Asks one boundary once. Nothing is written or leased.
    async fn ask(&self, boundary: Boundary) -> Result<(), Unreached> {
        let config = self.config;
        let asking = self.wiring.with(Patience::Asker);
        let verdict = match (boundary, &config.storage.export_bucket) {
            (Boundary::ControlPlane, _) => {
                checks::control_plane(&asking.control_plane(&config.control_plane)?).await
            }
            (Boundary::Starburst, _) => {
                let client = asking.starburst(&config.starburst, &config.export)?;
                checks::starburst(&client).await
            }
            (Boundary::Storage, Some(folder)) => {
                checks::listing(&asking.storage(&config.storage)?, folder).await
            }
            (Boundary::Storage, None) => return Ok(()),
        };
        verdict.map(drop).map_err(Unreached::SoFar)
    }
}
