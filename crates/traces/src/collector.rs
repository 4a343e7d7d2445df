use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use reqwest::redirect;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;

use crate::headers::parse_headers;

/// An answer longer than this is no collector's.
const LONGEST_ANSWER: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads the headers for the collector, as they are now.
pub(crate) type ReadHeaders = Arc<dyn Fn() -> Option<SecretString> + Send + Sync>;

/// The way to the collector. The exporter waits on a thread of its own, without a
/// runtime; requests run on the runtime of the process.
pub(crate) struct Collector {
    http: reqwest::Client,
    runtime: Handle,
    headers: ReadHeaders,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

impl Collector {
    /// Each request may take so long. Must be called within a tokio runtime.
    pub(crate) fn new(timeout: Duration, headers: ReadHeaders) -> Result<Self, reqwest::Error> {
        // Whoever came first has installed the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            http: reqwest::Client::builder()
                .timeout(timeout)
                .connect_timeout(CONNECT_TIMEOUT)
                .redirect(redirect::Policy::none())
                .build()?,
            runtime: Handle::current(),
            headers,
        })
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request)?;
        // Read every time: a token may be rotated while we run.
        if let Some(headers) = (self.headers)() {
            request
                .headers_mut()
                .extend(parse_headers(headers.expose_secret())?);
        }
        let http = self.http.clone();
        self.runtime.spawn(send(http, request)).await?
    }
}

async fn send(
    http: reqwest::Client,
    request: reqwest::Request,
) -> Result<Response<Bytes>, HttpError> {
    let mut answer = http.execute(request).await?;
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(format!("the answer is longer than {LONGEST_ANSWER} bytes").into());
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(body.freeze());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}
