//! The command line: one file per subcommand.

mod count;
mod doctor;
mod exit;
mod flags;
mod run;
mod signals;

use std::{io::Write as _, process::ExitCode};

use clap::{ArgMatches, Command};

pub use exit::Exit;

use crate::config::Sources;

const ABOUT: &str =
    "Turns export jobs into Parquet files in Google Cloud Storage, through Starburst or Trino";
const AFTER: &str = "\
Settings are environment variables; each but the secrets has a flag, which overrides it.
Exit codes: 0 done, 1 failed, 64 wrong settings or arguments.";
/// Help is as wide on every terminal, so that it can be compared.
const WIDTH: usize = 100;

/// The whole command line.
pub fn command() -> Command {
    Command::new("export-worker")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER)
        .term_width(WIDTH)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(run::command())
        .subcommand(doctor::command())
        .subcommand(count::command())
}

/// Parses the arguments of this process, loads what the subcommand needs, runs it.
pub fn main() -> ExitCode {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are no errors; nobody is left to tell where even this fails.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Done.into()
            };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("the async runtime does not start: {error}"));
            return Exit::Failed.into();
        }
    };
    runtime.block_on(dispatch(&matches)).into()
}

async fn dispatch(matches: &ArgMatches) -> Exit {
    let environment = Sources::of_process();
    match matches.subcommand() {
        Some((run::NAME, matches)) => run::run(matches, environment).await,
        Some((doctor::NAME, matches)) => doctor::run(matches, environment).await,
        Some((count::NAME, matches)) => count::run(matches, environment).await,
        Some(_) | None => Exit::Usage,
    }
}

/// Tells people what went wrong.
fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "error: {message}");
}
