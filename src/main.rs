//! The binary. It decides nothing: [`export_worker::cli`] parses, loads and runs.

use std::process::ExitCode;

fn main() -> ExitCode {
    export_worker::cli::main()
}
