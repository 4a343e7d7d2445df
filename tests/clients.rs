//! The worker's clients against the sandbox's services, over real sockets.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test, in functions its tests share"
)]

#[path = "clients/first_generation.rs"]
mod first_generation;
#[path = "clients/store.rs"]
mod store;

use export_sandbox::{Sandbox, SandboxConfig};
use export_worker::{
    http::{HttpClient, TlsSettings},
    telemetry::Metrics,
};

const KEY: &str = "the-key";

async fn sandbox() -> Sandbox {
    let config = SandboxConfig {
        api_key: Some(KEY.to_owned()),
        ..SandboxConfig::default()
    };
    Sandbox::start(config).await.unwrap()
}

fn http() -> HttpClient {
    HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap()
}
