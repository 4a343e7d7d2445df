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

/// Who waits for the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// A daemon: every retry its policies allow.
    Daemon,
    /// A person before a terminal: one retry.
    Person,
    /// Somebody who asks again by himself: no retry.
    Asker,
}

impl Patience {
    fn temper(self, policy: RetryPolicy) -> RetryPolicy {
        match self {
            Self::Daemon => policy,
            Self::Person => policy.with_retries(1),
            Self::Asker => policy.with_retries(0),
        }
    }

    fn over(self, http: &HttpClient) -> HttpClient {
        match self {
            Self::Daemon | Self::Person => http.clone(),
            Self::Asker => http.for_checks(),
        }
    }
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

impl ClientsError {
    /// Whether it stays while the process runs. Files that are missing may come;
    /// what a variable says does not change.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Starburst(_) | Self::Endpoint(_) => true,
            Self::ControlPlane(error) => !matches!(error, ControlPlaneError::Credential(_)),
            Self::Tls(_) | Self::StarburstTls(_) | Self::Storage(_) => false,
        }
    }
}

/// What the clients share: one HTTP client. Starburst has its own only where it is
/// trusted differently, so that the others keep full verification.
///
/// A cancelled `abort` cuts every wait and request: cancel it at the end of the
/// grace of a shutdown, not at its beginning. Clients must be built within a
/// tokio runtime.
pub struct Wiring<'a> {
    patience: Patience,
    metrics: &'a Arc<Metrics>,
    abort: &'a CancellationToken,
    http: HttpClient,
}

impl<'a> Wiring<'a> {
    /// Builds the HTTP client of the process.
    pub fn new(
        patience: Patience,
        metrics: &'a Arc<Metrics>,
        abort: &'a CancellationToken,
    ) -> Result<Self, ClientsError> {
        Ok(Self {
            patience,
            metrics,
            abort,
            http: HttpClient::build(&TlsSettings::default(), Arc::clone(metrics))?,
        })
    }

    /// The same for somebody of another patience, over the same HTTP client.
    #[must_use]
    pub fn with(&self, patience: Patience) -> Self {
        Self {
            patience,
            http: patience.over(&self.http),
            ..*self
        }
    }

    /// The client of the job queue.
    pub fn control_plane(
        &self,
        config: &ControlPlaneConfig,
    ) -> Result<ControlPlaneClient, ClientsError> {
        let retry = RetryPolicy::STATUS_UPDATE.with_retries(config.max_retries);
        let settings = ControlPlaneSettings {
            url: config.url.clone(),
            timeout: config.timeout,
            retry: self.patience.temper(retry),
        };
        let credential = control_plane_credential(config)?;
        let abort = self.abort.clone();
        Ok(ControlPlaneClient::new(
            settings, credential, &self.http, abort,
        )?)
    }

    /// The client of the coordinator.
    pub fn starburst(
        &self,
        config: &StarburstConfig,
        export: &ExportConfig,
    ) -> Result<StarburstClient, ClientsError> {
        let mut settings = starburst_settings(config, export);
        settings.submission_retry = self.patience.temper(settings.submission_retry);
        settings.follow_retry = self.patience.temper(settings.follow_retry);
        let tls = TlsSettings {
            ca_file: config.ca_file.clone(),
            accept_invalid: !config.ssl_verify,
        };
        let http = if tls == TlsSettings::default() {
            self.http.clone()
        } else {
            let own = HttpClient::build(&tls, Arc::clone(self.metrics));
            self.patience
                .over(&own.map_err(ClientsError::StarburstTls)?)
        };
        Ok(StarburstClient::new(settings, &http, self.abort.clone())?)
    }

    /// The client of the object store.
    pub fn storage(&self, config: &StorageConfig) -> Result<StorageClient, ClientsError> {
        let endpoint = match &config.emulator {
            Some(url) => Endpoint::emulator(url.as_str())?,
            None => Endpoint::google(),
        };
        let mut settings = StorageSettings::new(endpoint);
        settings.retry = self.patience.temper(settings.retry);
        Ok(StorageClient::new(
            settings,
            &self.http,
            self.abort.clone(),
        )?)
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
