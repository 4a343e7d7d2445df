//! `export-control-plane`: the reference Control Plane as a process.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use export_control_plane::{
    cli::{Cli, Command},
    clock::Clock,
    config::Config,
    logging, serve,
    store::{Store, StoreConfig},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// `EX_USAGE`: the configuration makes no sense.
const EXIT_CONFIG: u8 = 64;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = logging::init(&cli.log) {
        eprintln!("export-control-plane: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    let ended = match &cli.command {
        Command::Serve {
            store,
            serve,
            traces,
        } => match serve.config(store, traces) {
            Ok(config) => run(serve_until_told(config, serve.listen_addr)),
            Err(error) => return refuse(&error),
        },
        Command::Migrate { store } => match store.store() {
            Ok(store) => run(migrate(store)),
            Err(error) => return refuse(&error),
        },
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "ended by an error");
            eprintln!("export-control-plane: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn refuse(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("export-control-plane: {error}");
    ExitCode::from(EXIT_CONFIG)
}

fn run(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

async fn serve_until_told(config: Config, addr: std::net::SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(addr)
        .await
        .with_context(|| format!("cannot listen on {addr} (LISTEN_ADDR)"))?;
    let shutdown = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!(signal = "SIGTERM", "shutting down"),
            _ = interrupt.recv() => tracing::info!(signal = "SIGINT", "shutting down"),
        }
        told.cancel();
    });
    serve(config, listener, shutdown).await
}

async fn migrate(config: StoreConfig) -> anyhow::Result<()> {
    let store = Store::open(&config, Clock::system()).await?;
    store.migrate().await?;
    store.close().await;
    tracing::info!("the tables are up to date");
    Ok(())
}
