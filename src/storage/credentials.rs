use std::{fmt, sync::Arc};

use async_trait::async_trait;
use http::{HeaderValue, Request, Response};
use object_store::{
    ClientOptions, RetryConfig,
    client::{
        HttpClient as StoreHttp, HttpConnector, HttpError, HttpErrorKind, HttpRequest,
        HttpResponse, HttpService,
    },
    gcp::{GcpCredentialProvider, GoogleCloudStorageBuilder},
};
use thiserror::Error;

use crate::http::{HttpClient, describe, read_body};

/// The largest answer of a token server that is read, in bytes.
const TOKEN_LIMIT: usize = 1024 * 1024;

/// Access tokens for the object store, kept and fetched anew before they expire.
#[derive(Clone)]
pub(super) struct Credentials(GcpCredentialProvider);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

/// In the words of whoever keeps the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no credential for storage: {0}")]
pub(super) struct CredentialError(String);

impl Credentials {
    /// The environment's own: a service account's file, workload identity, the
    /// metadata server. Files are read here, tokens when they are needed.
    pub(super) fn of_environment(http: &HttpClient) -> Result<Self, CredentialError> {
        let store = GoogleCloudStorageBuilder::from_env()
            // One provider serves every bucket; its store is never asked for an object.
            .with_bucket_name("any")
            .with_http_connector(Shared(http.clone()))
            .with_retry(RetryConfig {
                // Retries are ours, around the whole operation.
                max_retries: 0,
                ..RetryConfig::default()
            })
            .build()
            .map_err(|error| CredentialError(error.to_string()))?;
        Ok(Self(Arc::clone(store.credentials())))
    }

    #[cfg(test)]
    pub(super) fn of(provider: GcpCredentialProvider) -> Self {
        Self(provider)
    }

    /// `Bearer …`.
    pub(super) async fn header(&self) -> Result<HeaderValue, CredentialError> {
        let token = self
            .0
            .get_credential()
            .await
            .map_err(|error| CredentialError(error.to_string()))?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.bearer))
            .map_err(|_| CredentialError("the token has characters no header can carry".into()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// `object_store` over the process's one HTTP client: connections and trust are
/// shared, and token requests are measured like all others.
#[derive(Clone, Debug)]
pub(super) struct Shared(pub(super) HttpClient);

impl HttpConnector for Shared {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<StoreHttp> {
        Ok(StoreHttp::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Shared {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, reqwest::Body::wrap(body));
        let request = reqwest::Request::try_from(request).map_err(|error| failed(&error))?;
        let response = self.0.send(request).await.map_err(|error| failed(&error))?;
        let mut answer = Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = response.headers().clone();
        }
        let body = read_body(response, TOKEN_LIMIT)
            .await
            .map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
        answer
            .body(body.into())
            .map_err(|error| HttpError::new(HttpErrorKind::Decode, error))
    }
}

fn failed(error: &reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Request
    };
    HttpError::new(kind, CredentialError(describe(error)))
}
