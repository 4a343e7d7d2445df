use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{metrics::Metrics, store::Store};

/// How old what `/metrics` says of the store can be, beside the time of a look.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a look may take. It runs beside the scrapes, so a slow store delays none of them.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Looks at the queue for the metrics, until shutdown. However many scrape, the store is
/// asked once in a while.
pub(crate) async fn run(
    store: Store,
    metrics: Arc<Metrics>,
    snapshots: u32,
    shutdown: CancellationToken,
) {
    let mut failing = false;
    loop {
        let view = match tokio::time::timeout(TIMEOUT, store.view(snapshots)).await {
            Ok(Ok(view)) => Ok(view),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
        };
        if let Err(error) = &view
            && !failing
        {
            tracing::warn!(error, "cannot look at the queue; its metrics are not shown");
        }
        failing = view.is_err();
        metrics.look(view.ok());
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
