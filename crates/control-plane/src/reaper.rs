use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    metrics::{JobEnd, Metrics},
    store::{Reaped, Store},
};

/// Gives jobs back whose worker was not heard of again, every `interval`, until shutdown.
pub(crate) async fn run(
    store: Store,
    metrics: Arc<Metrics>,
    interval: Duration,
    shutdown: CancellationToken,
) {
    loop {
        match store.reap().await {
            Ok(Reaped { leases: 0, .. }) => {}
            Ok(Reaped { leases, failed }) => {
                metrics.leases_expired(leases);
                metrics.ended(JobEnd::Failed, failed);
                tracing::warn!(leases, "leases expired; their jobs go back to the queue");
            }
            Err(error) => tracing::error!(%error, "cannot look for expired leases"),
        }
        let next = store.clock().now() + interval;
        tokio::select! {
            () = store.clock().sleep_until(next) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
