use std::io;

use tokio_util::sync::CancellationToken;
use tracing::info;

/// A token that SIGTERM and SIGINT cancel.
#[cfg(unix)]
pub(super) fn shutdown_token() -> io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        info!(signal = name, "signal received");
        cancelled.cancel();
    });
    Ok(token)
}
