use std::{path::PathBuf, time::Duration};

use clap::Args;

/// How the demo is run.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Leave everything running at the end, and print what to try next
    #[arg(long)]
    pub keep: bool,
    /// Where to write the worker's variables for a shell, while everything is left running;
    /// beside the logs unless given
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Scale of the TPC-H tables; 1 is about 1 GB
    #[arg(long, value_name = "FACTOR", default_value_t = 0.01)]
    pub scale: f64,
    /// Moves the order of the jobs
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// The worker's binary; the one beside this program unless given
    #[arg(long, value_name = "FILE")]
    pub worker: Option<PathBuf>,
    /// The Control Plane's binary; the one beside this program unless given
    #[arg(long, value_name = "FILE")]
    pub control_plane: Option<PathBuf>,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub timeout: u64,
}

impl Options {
    pub(super) fn deadline(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}
