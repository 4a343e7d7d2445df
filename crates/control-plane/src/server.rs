use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Access, Config},
    http,
    long_poll::LongPolls,
    metrics::Metrics,
    opening::{self, Opened, Opening},
    reaper, traces, watch as queue_watch,
};

/// How long the store's connections may take to end: one that hangs is left to the
/// end of the process.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the last spans may take to reach the collector.
const SPANS_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves the API on `listener` until `shutdown`, then answers what is under way.
///
/// Probes and metrics are answered at once; requests to the API that come before the
/// store is open wait for it for a while.
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
    let metrics = Metrics::new(config.clock.clone())?;
    let exporting = config
        .traces
        .clone()
        .and_then(|config| traces::start(config, &metrics));
    let (told, opening) = watch::channel(Opening::Waiting("starting".to_owned()));
    let app = http::router(http::Front {
        metrics: Arc::clone(&metrics),
        opening: opening.clone(),
        shutdown: shutdown.clone(),
    });
    let shutdown_grace = config.shutdown_grace;
    let queue = tokio::spawn(keep_queue(config, told, metrics, shutdown.clone()));
    let told = shutdown.clone();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        told.cancelled().await;
    });
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(shutdown_grace).await;
    };
    let queue_failed = async {
        match queue.await {
            // It ends at shutdown; the requests under way end after it.
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    let ended = tokio::select! {
        served = serving => served.context("the server failed"),
        error = queue_failed => Err(error).context("what keeps the queue failed"),
        () = overdue => {
            tracing::warn!("requests under way took too long; ending without them");
            Ok(())
        }
    };
    let store = match &*opening.borrow() {
        Opening::Open(app) => Some(app.store.clone()),
        Opening::Waiting(_) => None,
    };
    if let Some(store) = store
        && tokio::time::timeout(CLOSE_TIMEOUT, store.close())
            .await
            .is_err()
    {
        tracing::warn!("connections to the store took too long to end; ending without them");
    }
    if let Some(exporting) = exporting {
        exporting.finish(SPANS_TIMEOUT).await;
    }
    tracing::info!("ended");
    ended
}

/// Opens the queue, lets requests in, and looks after it until shutdown.
async fn keep_queue(
    config: Config,
    told: watch::Sender<Opening>,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
) {
    let Opened { store, key } = tokio::select! {
        opened = opening::open(&config, &told) => opened,
        () = shutdown.cancelled() => return,
    };
    // Before anybody is let in: who is ready shows every metric.
    if let Err(error) = queue_watch::look(&store, &metrics, config.metrics_snapshots).await {
        tracing::warn!(
            error,
            "cannot look at the queue; its metrics are not shown meanwhile"
        );
    }
    told.send_replace(Opening::Open(Arc::new(http::App {
        store: store.clone(),
        metrics: Arc::clone(&metrics),
        key,
        lease_seconds: config.lease_seconds,
        max_attempts: config.max_attempts,
        long_polls: LongPolls::new(shutdown.clone()),
    })));
    tracing::info!("ready");
    let look = queue_watch::run(
        store.clone(),
        Arc::clone(&metrics),
        config.metrics_snapshots,
        shutdown.clone(),
    );
    let reap = reaper::run(store, metrics, config.reap_interval, shutdown);
    tokio::join!(look, reap);
}
