//! `sandbox`: the outside world of the export worker in one process.

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};
use export_sandbox::{demo, serve};

/// The outside world of the export worker in one process: a Starburst stand-in,
/// an object store and a first-generation Control Plane
#[derive(Parser)]
#[command(name = "sandbox", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything until Ctrl-C, and print where it listens
    Serve(serve::Options),
    /// Export a graph with the real binaries, and check every row
    Demo(demo::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    // Fails only where a provider is installed already.
    export_sandbox::tls::install_provider();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("LOG_LEVEL")
                .unwrap_or_else(|_| "warn".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    match Cli::parse().command {
        Command::Demo(options) => demo::run(&options).await,
        Command::Serve(options) => match serve(&options).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("sandbox: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}

async fn serve(options: &serve::Options) -> anyhow::Result<()> {
    let sandbox = serve::start(options).await?;
    println!("{}", serve::addresses(&sandbox, options.json));
    // Whoever started us may read it through a pipe.
    std::io::stdout().flush()?;
    demo::interrupted().await;
    Ok(())
}
