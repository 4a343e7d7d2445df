//! Everything at once: store, Starburst stand-in and first-generation Control
//! Plane on real sockets, with faults round each.

#[cfg(test)]
mod tests;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use object_store::gcp::GoogleCloudStorage;

use crate::{
    faults::{Faults, Service},
    gen1::{self, Gen1},
    proxy,
    server::{Serve, Server},
    starburst::{Standin, StandinConfig},
    store::{self, Store},
};

/// What a sandbox is like. The default is what tests want: free ports, one
/// bucket, a temporary directory, no key.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// The Starburst stand-in.
    pub starburst: StandinConfig,
    /// The address everything listens on.
    pub address: IpAddr,
    /// The stand-in's port; 0 for any.
    pub starburst_port: u16,
    /// Port of the store; 0 for any.
    pub store_port: u16,
    /// Port of the first-generation Control Plane; 0 for any.
    pub gen1_port: u16,
    /// The buckets there are; at least one.
    pub buckets: Vec<String>,
    /// Where the store keeps its objects; a temporary directory unless given.
    pub store_directory: Option<PathBuf>,
    /// The key the first-generation Control Plane asks for, if any.
    pub api_key: Option<String>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            starburst: StandinConfig::default(),
            address: Ipv4Addr::LOCALHOST.into(),
            starburst_port: 0,
            store_port: 0,
            gen1_port: 0,
            buckets: vec!["exports".to_owned()],
            store_directory: None,
            api_key: None,
        }
    }
}

/// A running sandbox. Everything stops when it is dropped.
pub struct Sandbox {
    faults: Faults,
    standin: Arc<Standin>,
    standin_server: Server,
    store: Arc<Store>,
    store_server: Server,
    // Where the stand-in writes: without faults, and not counted.
    _back_door: Server,
    gen1: Gen1,
    gen1_server: Server,
    bucket: String,
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

impl Sandbox {
    /// Starts everything.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        crate::tls::install_provider();
        let faults = Faults::new();
        let store = Store::open(config.store_directory.as_deref(), &config.buckets)?;
        let store_server = Serve::new(store.router())
            .with_faults(&faults, Service::Store)
            .listen((config.address, config.store_port).into())
            .await?;
        let back_door = Serve::new(store.router()).listen(local(0)).await?;
        let stores = Arc::new(store::clients(back_door.url()));
        let standin = Standin::new(config.starburst, stores);
        let standin_server = Serve::new(standin.router())
            .with_faults(&faults, Service::Starburst)
            .listen((config.address, config.starburst_port).into())
            .await?;
        let gen1 = Gen1::new(config.api_key);
        let gen1_server = Serve::new(gen1.router())
            .with_faults(&faults, Service::ControlPlane)
            .with_idle(gen1::IDLE)
            .listen((config.address, config.gen1_port).into())
            .await?;
        Ok(Self {
            faults,
            standin,
            standin_server,
            store,
            store_server,
            _back_door: back_door,
            gen1,
            gen1_server,
            bucket: config.buckets.into_iter().next().unwrap_or_default(),
        })
    }

    /// Latency, faults and counters of every service.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The Starburst stand-in, past the network: its switches and its queries.
    pub fn standin(&self) -> &Arc<Standin> {
        &self.standin
    }

    /// `STARBURST_URL` for the worker.
    pub fn starburst_url(&self) -> String {
        self.standin_server.url()
    }

    /// The store, past the network.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// `STORAGE_EMULATOR_HOST` for the worker.
    pub fn store_url(&self) -> String {
        self.store_server.url()
    }

    /// The first bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// A client of the first bucket, through the network and its faults.
    pub fn object_store(&self) -> object_store::Result<GoogleCloudStorage> {
        store::client(&self.store_url(), &self.bucket)
    }

    /// The first-generation Control Plane, past the network.
    pub fn gen1(&self) -> &Gen1 {
        &self.gen1
    }

    /// `CONTROL_PLANE_URL` for a worker that is to meet the first generation.
    pub fn gen1_url(&self) -> String {
        self.gen1_server.url()
    }

    /// Puts the faults of `service` in front of a real server at `upstream`, as of
    /// a Control Plane in a process of its own.
    pub async fn front(&self, service: Service, upstream: &str) -> io::Result<Server> {
        let router = proxy::router(upstream).map_err(io::Error::other)?;
        let front = Serve::new(router).with_faults(&self.faults, service);
        front.listen(local(0)).await
    }
}
