//! `doctor`: checks every dependency with the real configuration.

mod checks;
#[cfg(test)]
mod tests;

use std::io::Write as _;

use clap::{Arg, ArgMatches, Command};
use tokio_util::sync::CancellationToken;

use super::{Exit, complain, flags};
use crate::{
    config::{DoctorConfig, Sources, suspicious_variables},
    ports::Folder,
    telemetry::{Metrics, logging},
    worker::clients::Clients,
};
use checks::{Patient, examine};

pub(super) const NAME: &str = "doctor";

const ABOUT: &str = "Checks Control Plane, Starburst and bucket with the real configuration";
const LONG_ABOUT: &str = "\
Checks Control Plane, Starburst and bucket with the real configuration: one line each, with what to
do. Nothing is exported. Only with --bucket, a small object is written there and deleted again.
Exit code 1 says that a check failed.";

pub(super) fn command() -> Command {
    let bucket = Arg::new("bucket")
        .long("bucket")
        .value_name("gs://BUCKET/FOLDER")
        .help("Folder in which listing and writing are tried; without it they are not checked");
    flags::add(
        Command::new(NAME)
            .about(ABOUT)
            .long_about(LONG_ABOUT)
            .arg(bucket),
        DoctorConfig::GROUPS,
    )
}

pub(super) async fn run(matches: &ArgMatches, environment: Sources) -> Exit {
    let sources = flags::override_by(environment, DoctorConfig::GROUPS, matches);
    let folder = matches
        .get_one::<String>("bucket")
        .map(|path| Folder::parse(path))
        .transpose();
    let (config, folder) = match (DoctorConfig::load(&sources), folder) {
        (Ok(config), Ok(folder)) => (config, folder),
        (config, folder) => {
            if let Err(errors) = config {
                complain(&errors.to_string());
            }
            if let Err(error) = folder {
                complain(&format!("--bucket: {error}"));
            }
            return Exit::Usage;
        }
    };
    logging::init(&config.log.level, config.log.format, None);
    let mut out = std::io::stdout();
    for warning in suspicious_variables(&sources) {
        let _ = writeln!(out, "warning  settings       {warning}");
    }
    let clients = Metrics::new()
        .map_err(|error| error.to_string())
        .and_then(|metrics| {
            Clients::build(
                &config.starburst,
                &config.control_plane,
                &config.storage,
                &config.export,
                metrics,
                CancellationToken::new(),
            )
            .map_err(|error| error.to_string())
        });
    let clients = match clients {
        Ok(clients) => clients,
        Err(problem) => {
            complain(&problem);
            return Exit::Failed;
        }
    };
    let patient = Patient {
        control_plane: &*clients.control_plane,
        starburst: &*clients.starburst,
        storage: &*clients.storage,
        unload_function: &config.export.unload_function,
        folder: folder.as_ref(),
    };
    let findings = examine(&patient, |finding| {
        let _ = writeln!(out, "{finding}");
    })
    .await;
    if findings.iter().any(checks::Finding::is_failure) {
        Exit::Failed
    } else {
        Exit::Done
    }
}
