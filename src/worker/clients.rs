//! The three clients, built from the configuration.

use std::sync::Arc;

use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{
        ControlPlaneAuth, ControlPlaneConfig, ExportConfig, StarburstConfig, StarburstCredentials,
        StorageConfig,
    },
    control_plane::{ControlPlaneClient, ControlPlaneCredential, ControlPlaneSettings},
    http::{HttpClient, TlsError, TlsSettings},
    ports::{ControlPlane, ControlPlaneError, Starburst, Storage, StorageError},
    retry::RetryPolicy,
    starburst::{Credential, SettingsError, StarburstClient, StarburstSettings},
    storage::{Endpoint, EndpointError, StorageClient, StorageSettings},
    telemetry::Metrics,
};

/// All that the worker speaks to.
#[derive(Clone)]
pub struct Clients {
    /// The job queue.
    pub control_plane: Arc<dyn ControlPlane>,
    /// The coordinator.
    pub starburst: Arc<dyn Starburst>,
    /// The object store.
    pub storage: Arc<dyn Storage>,
}

/// A client that could not be built.
#[derive(Debug, Error)]
pub enum ClientsError {
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The same for Starburst's own.
    #[error("STARBURST_CA_FILE: {0}")]
    StarburstTls(TlsError),
    /// The Control Plane's address or credential.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    /// The coordinator's settings.
    #[error(transparent)]
    Starburst(#[from] SettingsError),
    /// The emulator's address.
    #[error("STORAGE_EMULATOR_HOST: {0}")]
    Endpoint(#[from] EndpointError),
    /// The object store's credentials.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Clients {
    /// Builds them. All share one HTTP client; Starburst has its own only where
    /// it is trusted differently, so that the others keep full verification.
    ///
    /// A cancelled `abort` cuts every wait and request: cancel it at the end of
    /// the grace of a shutdown, not at its beginning.
    ///
    /// Must be called within a tokio runtime.
    pub fn build(
        starburst: &StarburstConfig,
        control_plane: &ControlPlaneConfig,
        storage: &StorageConfig,
        export: &ExportConfig,
        metrics: Arc<Metrics>,
        abort: CancellationToken,
    ) -> Result<Self, ClientsError> {
        let http = HttpClient::build(&TlsSettings::default(), Arc::clone(&metrics))?;
        let starburst_tls = TlsSettings {
            ca_file: starburst.ca_file.clone(),
            accept_invalid: !starburst.ssl_verify,
        };
        let starburst_http = if starburst_tls == TlsSettings::default() {
            http.clone()
        } else {
            HttpClient::build(&starburst_tls, metrics).map_err(ClientsError::StarburstTls)?
        };
        Ok(Self {
            control_plane: Arc::new(ControlPlaneClient::new(
                control_plane_settings(control_plane),
                control_plane_credential(control_plane)?,
                &http,
                abort.clone(),
            )?),
            starburst: Arc::new(StarburstClient::new(
                starburst_settings(starburst, export),
                &starburst_http,
                abort.clone(),
            )?),
            storage: Arc::new(storage_client(storage, &http, abort)?),
        })
    }
}

/// The object store alone, for what needs no more.
pub fn storage_alone(
    config: &StorageConfig,
    metrics: Arc<Metrics>,
    abort: CancellationToken,
) -> Result<StorageClient, ClientsError> {
    let http = HttpClient::build(&TlsSettings::default(), metrics)?;
    storage_client(config, &http, abort)
}

fn storage_client(
    config: &StorageConfig,
    http: &HttpClient,
    abort: CancellationToken,
) -> Result<StorageClient, ClientsError> {
    let endpoint = match &config.emulator {
        Some(url) => Endpoint::emulator(url.as_str())?,
        None => Endpoint::google(),
    };
    Ok(StorageClient::new(
        StorageSettings::new(endpoint),
        http,
        abort,
    )?)
}

fn control_plane_settings(config: &ControlPlaneConfig) -> ControlPlaneSettings {
    ControlPlaneSettings {
        url: config.url.clone(),
        timeout: config.timeout,
        retry: RetryPolicy::STATUS_UPDATE.with_retries(config.max_retries),
    }
}

fn control_plane_credential(
    config: &ControlPlaneConfig,
) -> Result<ControlPlaneCredential, ControlPlaneError> {
    match &config.auth {
        ControlPlaneAuth::ApiKey(key) => Ok(ControlPlaneCredential::ApiKey(key.clone())),
        // A URL without a path is written with a slash that an audience does not have.
        ControlPlaneAuth::Google => {
            ControlPlaneCredential::google(config.url.as_str().trim_end_matches('/'))
        }
        ControlPlaneAuth::None => Ok(ControlPlaneCredential::None),
    }
}

fn starburst_settings(config: &StarburstConfig, export: &ExportConfig) -> StarburstSettings {
    StarburstSettings {
        credential: match &config.credentials {
            StarburstCredentials::None => Credential::None,
            StarburstCredentials::Password(secret) => Credential::Password(secret.clone()),
            StarburstCredentials::Token(secret) => Credential::Token(secret.clone()),
        },
        catalog: config.catalog.clone(),
        schema: config.schema.clone(),
        role: config.role.clone(),
        source: config.source.clone(),
        client_tags: config.client_tags.clone(),
        unload_function: export.unload_function.clone(),
        request_timeout: config.request_timeout,
        rewrite_next_uri: config.rewrite_next_uri,
        ..StarburstSettings::new(config.url.clone(), config.user.clone())
    }
}
