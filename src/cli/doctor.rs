//! `doctor`: checks every dependency with the real configuration.

mod findings;
#[cfg(test)]
mod tests;

use std::io::Write as _;

use clap::{Arg, ArgMatches, Command};
use tokio_util::sync::CancellationToken;

use super::{Exit, complain, flags};
use crate::{
    config::{DoctorConfig, Sources, examined, suspicious_variables},
    ports::{ControlPlane, Starburst, Storage},
    telemetry::{Metrics, logging},
    worker::clients::{ClientsError, Patience, Wiring},
};
use findings::{Finding, Patient, examine};

pub(super) const NAME: &str = "doctor";

const ABOUT: &str = "Checks Control Plane, Starburst and bucket with the real configuration";
const LONG_ABOUT: &str = "\
Checks Control Plane, Starburst and bucket with the real configuration: one line each, with what to
do. Nothing is exported. Only where a bucket is named, a small object is written there and deleted
again.
Exit code 1 says that a check failed.";

pub(super) fn command() -> Command {
    let bucket = Arg::new("bucket")
        .long("bucket")
        .value_name("gs://BUCKET/FOLDER")
        .help("Bucket or folder in which listing and writing are tried, in place of EXPORT_BUCKET");
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
        .map(|path| examined(path))
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
    let abort = CancellationToken::new();
    let metrics = match Metrics::new() {
        Ok(metrics) => metrics,
        Err(error) => {
            complain(&format!("metrics cannot be declared: {error}"));
            return Exit::Failed;
        }
    };
    let wiring = match Wiring::new(Patience::Person, &metrics, &abort) {
        Ok(wiring) => wiring,
        Err(error) => {
            complain(&error.to_string());
            return Exit::Failed;
        }
    };
    // What cannot be built is a finding like any other, and hides none.
    let control_plane = wiring.control_plane(&config.control_plane);
    let starburst = wiring.starburst(&config.starburst, &config.export);
    let storage = wiring.storage(&config.storage);
    let patient = Patient {
        control_plane: port(&control_plane, |client| client as &dyn ControlPlane),
        starburst: port(&starburst, |client| client as &dyn Starburst),
        storage: port(&storage, |client| client as &dyn Storage),
        unload_function: &config.export.unload_function,
        folder: folder.as_ref().or(config.storage.export_bucket.as_ref()),
    };
    let findings = examine(&patient, |finding| {
        let _ = writeln!(out, "{finding}");
    })
    .await;
    if findings.iter().any(Finding::is_failure) {
        Exit::Failed
    } else {
        Exit::Done
    }
}

/// A client as its port, or why there is none.
fn port<C, P: ?Sized>(
    client: &Result<C, ClientsError>,
    as_port: impl FnOnce(&C) -> &P,
) -> Result<&P, String> {
    client.as_ref().map(as_port).map_err(ToString::to_string)
}
