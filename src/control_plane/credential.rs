use std::{fmt, sync::Arc};

use google_cloud_auth::{build_errors, credentials::idtoken};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use secrecy::ExposeSecret as _;
use tokio::sync::RwLock;

use crate::{
    ports::ControlPlaneError,
    secret::{Secret, SecretError},
};

const API_KEY: HeaderName = HeaderName::from_static("x-internal-api-key");

/// How we show the Control Plane who we are.
#[derive(Debug)]
pub enum ControlPlaneCredential {
    /// `X-Internal-API-Key`.
    ApiKey(Secret),
    /// A Google ID token.
    IdToken(IdTokens),
    /// Nothing: for a Control Plane that asks for nothing.
    None,
}

impl ControlPlaneCredential {
    /// A Google ID token for `audience`, from the environment's default credentials.
    ///
    /// Must be called within a tokio runtime.
    pub fn google(audience: &str) -> Result<Self, ControlPlaneError> {
        let audience = audience.to_owned();
        IdTokens::new(move || idtoken::Builder::new(&audience).build()).map(Self::IdToken)
    }

    /// The header that shows it.
    pub(super) async fn header(
        &self,
    ) -> Result<Option<(HeaderName, HeaderValue)>, ControlPlaneError> {
        let (name, value) = match self {
            Self::ApiKey(key) => {
                let key = key.current().map_err(|error| unreadable(&error))?;
                (API_KEY, key.expose_secret().to_owned())
            }
            Self::IdToken(tokens) => (AUTHORIZATION, format!("Bearer {}", tokens.current().await?)),
            Self::None => return Ok(None),
        };
        let Ok(mut value) = HeaderValue::from_str(&value) else {
            // No server sees it, so none refuses it: read here what a later try will find.
            let _ = self.renew().await;
            return Err(ControlPlaneError::Credential(
                "the api key or token has characters no header can carry".to_owned(),
            ));
        };
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    /// Reads the credential anew after a 401. False: there is no other to try.
    pub(super) async fn renew(&self) -> Result<bool, ControlPlaneError> {
        match self {
            Self::ApiKey(key) => key.reload().map_err(|error| unreadable(&error)),
            Self::IdToken(tokens) => tokens.renew().await.map(|()| true),
            Self::None => Ok(false),
        }
    }
}

type Source = dyn Fn() -> Result<idtoken::IDTokenCredentials, build_errors::Error> + Send + Sync;

/// Google ID tokens for one audience. The library keeps a token and fetches the
/// next before it expires; only a 401 makes us begin anew.
pub struct IdTokens {
    source: Arc<Source>,
    current: RwLock<idtoken::IDTokenCredentials>,
}

impl fmt::Debug for IdTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdTokens([redacted])")
    }
}

impl IdTokens {
    /// Takes the tokens from wherever `source` says.
    ///
    /// Must be called within a tokio runtime.
    pub fn new(
        source: impl Fn() -> Result<idtoken::IDTokenCredentials, build_errors::Error>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self, ControlPlaneError> {
        let current = source().map_err(|error| unavailable(&error))?;
        Ok(Self {
            source: Arc::new(source),
            current: RwLock::new(current),
        })
    }

    async fn current(&self) -> Result<String, ControlPlaneError> {
        let credentials = self.current.read().await.clone();
        credentials
            .id_token()
            .await
            .map_err(|error| unavailable(&error))
    }

    async fn renew(&self) -> Result<(), ControlPlaneError> {
        // The library offers no way to drop the token it keeps but to build it again.
        let fresh = (self.source)().map_err(|error| unavailable(&error))?;
        *self.current.write().await = fresh;
        Ok(())
    }
}

fn unreadable(error: &SecretError) -> ControlPlaneError {
    ControlPlaneError::Credential(error.to_string())
}

fn unavailable(error: &dyn std::error::Error) -> ControlPlaneError {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    ControlPlaneError::Credential(format!(
        "google id token: {cause}; set GRAPH_OLAP_INTERNAL_API_KEY or run where application default credentials are found"
    ))
}
