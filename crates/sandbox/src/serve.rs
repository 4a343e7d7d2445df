//! `sandbox serve`: the sandbox by itself, for people and other programs.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::{
    Sandbox, SandboxConfig,
    faults::Service,
    starburst::{ResourceGroup, StandinConfig},
};

/// How the sandbox is served.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Address to listen on; beyond this machine with 0.0.0.0
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::from(Ipv4Addr::LOCALHOST))]
    pub address: IpAddr,
    /// Port of the Starburst stand-in; 0 takes any
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub starburst_port: u16,
    /// Port of the object store; 0 takes any
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub store_port: u16,
    /// Port of the first-generation Control Plane; 0 takes any
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub gen1_port: u16,
    /// Scale of the TPC-H tables; 1 is about 1 GB
    #[arg(long, value_name = "FACTOR", default_value_t = 0.01)]
    pub scale: f64,
    /// Milliseconds every request waits before it is handled
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub latency: u64,
    /// Milliseconds every query runs at least
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub query_time: u64,
    /// Queries that run at once; the others wait. No limit unless given
    #[arg(long, value_name = "QUERIES")]
    pub concurrency: Option<usize>,
    /// A bucket; may be given several times
    #[arg(long, value_name = "NAME", default_value = "exports")]
    pub bucket: Vec<String>,
    /// Directory of the store's objects, new or empty; a temporary one unless given
    #[arg(long, value_name = "DIRECTORY")]
    pub store_directory: Option<PathBuf>,
    /// Key the first-generation Control Plane asks for
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,
    /// Print the URLs as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Starts a sandbox as the options say.
pub async fn start(options: &Options) -> Result<Sandbox> {
    let resource_groups = options.concurrency.map(|concurrency| ResourceGroup {
        name: "all".to_owned(),
        tags: Vec::new(),
        concurrency,
        max_queued: usize::MAX,
    });
    let sandbox = Sandbox::start(SandboxConfig {
        starburst: StandinConfig {
            scale: options.scale,
            resource_groups: resource_groups.into_iter().collect(),
            ..StandinConfig::default()
        },
        address: options.address,
        starburst_port: options.starburst_port,
        store_port: options.store_port,
        gen1_port: options.gen1_port,
        buckets: options.bucket.clone(),
        store_directory: options.store_directory.clone(),
        api_key: options.api_key.clone(),
    })
    .await?;
    let latency = Duration::from_millis(options.latency);
    for service in [Service::Starburst, Service::Store, Service::ControlPlane] {
        sandbox.faults().latency(service, latency);
    }
    let query_time = Duration::from_millis(options.query_time);
    sandbox.standin().switches().set_duration(query_time);
    Ok(sandbox)
}

/// Where everything listens: one line each, or one JSON object.
pub fn addresses(sandbox: &Sandbox, as_json: bool) -> String {
    let (starburst, store, gen1) = (
        sandbox.starburst_url(),
        sandbox.store_url(),
        sandbox.gen1_url(),
    );
    let directory = sandbox.store().directory().display();
    if as_json {
        return json!({
            "starburst_url": starburst,
            "store_url": store,
            "gen1_url": gen1,
            "bucket": sandbox.bucket(),
            "store_directory": directory.to_string(),
        })
        .to_string();
    }
    format!(
        "STARBURST_URL={starburst}\n\
         STORAGE_EMULATOR_HOST={store}\n\
         CONTROL_PLANE_URL={gen1}\n\
         bucket {}, its objects in {directory}",
        sandbox.bucket()
    )
}
