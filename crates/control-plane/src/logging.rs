//! Log lines.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::{LogArgs, LogFormat};

/// Sends log lines to standard output. The error names `LOG_LEVEL`.
pub fn init(args: &LogArgs) -> anyhow::Result<()> {
    // A server's notices that a table is there already are no news; LOG_LEVEL can bring them back.
    let filter = EnvFilter::try_new(format!("sqlx::postgres::notice=warn,{}", args.log_level))
        .map_err(|error| anyhow::anyhow!("LOG_LEVEL {:?}: {error}", args.log_level))?;
    let registry = tracing_subscriber::registry().with(filter);
    match args.log_format {
        LogFormat::Json => registry
            .with(fmt::layer().json().flatten_event(true))
            .try_init()?,
        LogFormat::Text => registry.with(fmt::layer()).try_init()?,
    }
    Ok(())
}
