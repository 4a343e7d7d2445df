use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Access, Config},
    http,
    long_poll::LongPolls,
    metrics::Metrics,
    reaper,
    store::Store,
    watch,
};

/// How long the store's connections may take to end: one that hangs is left to the
/// end of the process.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves the API on `listener` until `shutdown`, then answers what is under way.
///
/// Requests that come before the store is open wait for it.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let addr = listener.local_addr()?;
    // The first line: whoever started us on port 0 reads the port from it.
    tracing::info!(%addr, "listening");
    if matches!(config.access, Access::Insecure) {
        tracing::warn!("no API key: everybody who reaches the port may do everything");
    }
    let store = Store::open(&config.store, config.clock.clone())
        .await
        .context("cannot open the store")?;
    if config.migrate {
        store
            .migrate()
            .await
            .context("cannot bring the tables up to date")?;
    }
    let metrics = Metrics::new(config.clock.clone())?;
    let reaper = tokio::spawn(reaper::run(
        store.clone(),
        Arc::clone(&metrics),
        config.reap_interval,
        shutdown.clone(),
    ));
    tokio::spawn(watch::run(
        store.clone(),
        Arc::clone(&metrics),
        config.metrics_snapshots,
        shutdown.clone(),
    ));
    let app = http::router(http::App {
        store: store.clone(),
        metrics,
        access: config.access,
        lease_seconds: config.lease_seconds,
        max_attempts: config.max_attempts,
        long_polls: LongPolls::new(shutdown.clone()),
        shutdown: shutdown.clone(),
    });
    let told = shutdown.clone();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        told.cancelled().await;
    });
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(config.shutdown_grace).await;
    };
    let reaper_failed = async {
        match reaper.await {
            // It ends at shutdown; the requests under way end after it.
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    let ended = tokio::select! {
        served = serving => served.context("the server failed"),
        error = reaper_failed => Err(error).context("the reaper failed"),
        () = overdue => {
            tracing::warn!("requests under way took too long; ending without them");
            Ok(())
        }
    };
    if tokio::time::timeout(CLOSE_TIMEOUT, store.close())
        .await
        .is_err()
    {
        tracing::warn!("connections to the store took too long to end; ending without them");
    }
    tracing::info!("ended");
    ended
}
