//! `count`: rows, bytes and files of a folder, as an export of it would be counted.

mod progress;
mod total;

use std::io::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command};
use tokio_util::sync::CancellationToken;

use super::{Exit, complain, flags};
use progress::Watched;
use total::Total;

use crate::{
    attempt::inventory,
    config::{CountConfig, Sources},
    ports::Folder,
    telemetry::{Metrics, logging},
    worker::clients::{Patience, Wiring},
};

pub(super) const NAME: &str = "count";

pub(super) fn command() -> Command {
    let folder = Arg::new("folder")
        .value_name("gs://BUCKET/FOLDER")
        .required(true)
        .help("Folder whose Parquet files are counted");
    let json = Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help("Write one JSON object in place of a table");
    flags::add(
        Command::new(NAME)
            .about(
                "Counts rows, bytes and files of a folder, from the footers of its Parquet files",
            )
            .arg(folder)
            .arg(json),
        CountConfig::GROUPS,
    )
}

pub(super) async fn run(matches: &ArgMatches, environment: Sources) -> Exit {
    let sources = flags::override_by(environment, CountConfig::GROUPS, matches);
    let path = matches
        .get_one::<String>("folder")
        .map_or("", String::as_str);
    let (config, folder) = match (CountConfig::load(&sources), Folder::parse(path)) {
        (Ok(config), Ok(folder)) => (config, folder),
        (config, folder) => {
            if let Err(errors) = config {
                complain(&errors.to_string());
            }
            if let Err(error) = folder {
                complain(&error.to_string());
            }
            return Exit::Usage;
        }
    };
    logging::init(&config.log.level, config.log.format, None);
    let counted = tokio::select! {
        counted = count(&config, &folder) => counted,
        _ = tokio::signal::ctrl_c() => Err("interrupted".to_owned()),
    };
    match counted {
        Ok(total) if matches.get_flag("json") => {
            print(&total.json(&folder));
            Exit::Done
        }
        Ok(total) => {
            print(&total.table(&folder));
            Exit::Done
        }
        Err(problem) => {
            complain(&problem);
            Exit::Failed
        }
    }
}

async fn count(config: &CountConfig, folder: &Folder) -> Result<Total, String> {
    let metrics = Metrics::new().map_err(|error| error.to_string())?;
    let abort = CancellationToken::new();
    let storage = Wiring::new(Patience::Person, &metrics, &abort)
        .and_then(|wiring| wiring.storage(&config.storage))
        .map_err(|error| error.to_string())?;
    let watched = Watched::new(&storage);
    let inventory = inventory::take(&watched, folder, None, config.storage.count_concurrency)
        .await
        .map_err(|error| error.to_string())?;
    Ok(Total {
        rows: inventory.rows,
        bytes: inventory.bytes,
        files: inventory.files,
    })
}

/// Standard output; a reader that went away needs no answer.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
