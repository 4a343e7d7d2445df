use clap::{ArgMatches, Command};
use tokio::net::TcpListener;
use tracing::{error, info, warn};

use super::{Exit, complain, flags, signals};
use crate::{
    config::{Config, Sources, suspicious_variables},
    telemetry::logging,
    worker,
};

pub(super) const NAME: &str = "run";

pub(super) fn command() -> Command {
    flags::add(
        Command::new(NAME).about("Runs the worker until SIGTERM or SIGINT"),
        Config::GROUPS,
    )
}

pub(super) async fn run(matches: &ArgMatches, environment: Sources) -> Exit {
    let sources = flags::override_by(environment, Config::GROUPS, matches);
    let config = match Config::load(&sources) {
        Ok(config) => config,
        Err(errors) => {
            complain(&errors.to_string());
            return Exit::Usage;
        }
    };
    logging::init(
        &config.log.level,
        config.log.format,
        Some(&config.loops.worker_id),
    );
    for warning in suspicious_variables(&sources) {
        warn!("{warning}");
    }
    match start(config).await {
        Ok(()) => Exit::Done,
        Err(problem) => {
            error!(error = problem, "the worker ends");
            Exit::Failed
        }
    }
}

async fn start(config: Config) -> Result<(), String> {
    let shutdown = signals::shutdown_token()
        .map_err(|error| format!("signals cannot be listened for: {error}"))?;
    let wanted = config.admin.listen;
    let listener = TcpListener::bind(wanted).await.map_err(|error| {
        format!("LISTEN_ADDR: {wanted} cannot be listened on: {error}; set it to a free address")
    })?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    info!(
        version = env!("CARGO_PKG_VERSION"),
        address = %address,
        starburst = %config.starburst.url,
        control_plane = %config.control_plane.url,
        gcp_project = config.storage.gcp_project,
        dry_run = config.loops.dry_run,
        "export-worker starts"
    );
    worker::run(config, listener, shutdown)
        .await
        .map_err(|error| error.to_string())
}
