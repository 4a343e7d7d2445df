use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use export_api::ErrorCode;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{App, answer::Refusal};
use crate::{metrics::Metrics, opening::Opening};

/// How long a request that came too early waits for the start to be over.
const PATIENCE: Duration = Duration::from_secs(5);

/// What there is from the first request on, whether the store is open or not.
pub(crate) struct Front {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) opening: watch::Receiver<Opening>,
    pub(crate) shutdown: CancellationToken,
}

impl Front {
    /// What handlers of the API work with; waits a moment where it is not there yet.
    pub(super) async fn app(&self) -> Result<Arc<App>, Refusal> {
        let mut opening = self.opening.clone();
        let open = opening.wait_for(|opening| matches!(opening, Opening::Open(_)));
        tokio::select! {
            _ = tokio::time::timeout(PATIENCE, open) => {}
            () = self.shutdown.cancelled() => {}
        }
        match &*self.opening.borrow() {
            Opening::Open(app) => Ok(Arc::clone(app)),
            Opening::Waiting(_) => Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "not ready yet; /readyz says what is missing; try again",
            )),
        }
    }
}
