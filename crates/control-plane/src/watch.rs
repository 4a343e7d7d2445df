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
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.cancelled() => return,
        }
        match look(&store, &metrics, snapshots).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(
                        error,
                        "cannot look at the queue; its metrics are not shown meanwhile"
                    );
                }
                failing = true;
            }
        }
    }
}

/// Looks once, and shows what was seen.
pub(crate) async fn look(store: &Store, metrics: &Metrics, snapshots: u32) -> Result<(), String> {
    let view = match tokio::time::timeout(TIMEOUT, store.view(snapshots)).await {
        Ok(Ok(view)) => Ok(view),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
    };
    let looked = view.as_ref().map(drop).map_err(String::clone);
    metrics.look(view.ok());
    looked
}
