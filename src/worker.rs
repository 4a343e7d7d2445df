//! The worker: clients, loops and admin server of one process, from start to shutdown.

pub mod clients;

use std::io;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::clients::{Clients, ClientsError};
use crate::{
    config::Config,
    telemetry::{Metrics, Readiness, admin},
};

/// A worker that could not run.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// A client could not be built.
    #[error(transparent)]
    Clients(#[from] ClientsError),
    /// Metrics could not be declared.
    #[error("metrics cannot be declared: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The admin server ended.
    #[error("the admin server ended: {0}")]
    Admin(#[from] io::Error),
}

/// Runs until `shutdown` is cancelled.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), WorkerError> {
    let metrics = Metrics::new()?;
    let _clients = Clients::build(&config, &metrics, &CancellationToken::new())?;
    let readiness = Readiness::waiting_for(["loops"]);
    admin::serve(listener, metrics, readiness, shutdown).await?;
    Ok(())
}
