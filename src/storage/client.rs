use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderName, Method,
    header::{AUTHORIZATION, CONTENT_TYPE, RANGE},
};
use tokio_util::sync::CancellationToken;

use super::{
    answer::{Action, Answer},
    credentials::Credentials,
    endpoint::Endpoint,
};
use crate::{
    http::{HttpClient, describe, read_body, retry_after},
    ports::StorageError,
    retry::RetryPolicy,
    telemetry::Boundary,
};

/// The longest error answer that is read, in bytes.
const ERROR_LIMIT: usize = 64 * 1024;
const GENERATION_MATCH: HeaderName = HeaderName::from_static("x-goog-if-generation-match");

/// Where the object store is and how patient we are with it.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// Google's, or an emulator.
    pub endpoint: Endpoint,
    /// How long one answer may take, its body included.
    pub timeout: Duration,
    /// Delays and number of retries of one operation: [`RetryPolicy::STORAGE`].
    pub retry: RetryPolicy,
    /// How much of a file's end the first read takes, in bytes.
    pub footer_read: u64,
    /// Objects per page of a listing; the store's own number where `None`.
    pub page_size: Option<u32>,
}

impl StorageSettings {
    /// The usual settings for an endpoint: 30 s per answer, 64 KiB of each file's end.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::STORAGE,
            footer_read: 64 * 1024,
            page_size: None,
        }
    }
}

/// The object store over its XML API.
#[derive(Debug)]
pub struct StorageClient {
    pub(super) settings: StorageSettings,
    pub(super) credentials: Option<Credentials>,
    pub(super) http: HttpClient,
    /// Ends every wait and every request at once.
    pub(super) shutdown: CancellationToken,
}

/// One request, as often as it has to be sent.
pub(super) struct Ask<'a> {
    pub(super) action: Action<'a>,
    pub(super) method: Method,
    pub(super) address: String,
    pub(super) query: Vec<(&'static str, String)>,
    /// First and last byte.
    pub(super) range: Option<(u64, u64)>,
    pub(super) body: Option<Bytes>,
    /// The object must still be this generation of its name.
    pub(super) generation: Option<String>,
    /// How large the answer may be, in bytes.
    pub(super) limit: usize,
}

impl<'a> Ask<'a> {
    pub(super) fn new(action: Action<'a>, method: Method, address: String) -> Self {
        Self {
            action,
            method,
            address,
            query: Vec::new(),
            range: None,
            body: None,
            generation: None,
            limit: ERROR_LIMIT,
        }
    }
}

impl StorageClient {
    /// Builds the client. Fails where the environment names credentials that cannot be read.
    pub fn new(
        settings: StorageSettings,
        http: &HttpClient,
        shutdown: CancellationToken,
    ) -> Result<Self, StorageError> {
        let http = http.at(Boundary::Storage);
        let credentials = if settings.endpoint.is_emulated() {
            None
        } else {
            let found =
                Credentials::of_environment(&http).map_err(|error| StorageError::Denied {
                    action: "use",
                    url: "google cloud storage".to_owned(),
                    cause: error.to_string(),
                })?;
            Some(found)
        };
        Ok(Self {
            settings,
            credentials,
            http,
            shutdown,
        })
    }

    /// Sends one request, once. A failing status is an error already.
    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Answer, StorageError> {
        let action = &ask.action;
        let unsent = |error: &reqwest::Error| action.unavailable(describe(error));
        let mut request = self
            .http
            .raw()
            .request(ask.method.clone(), &ask.address)
            .timeout(self.settings.timeout);
        if !ask.query.is_empty() {
            request = request.query(&ask.query);
        }
        if let Some(credentials) = &self.credentials {
            let header = credentials
                .header()
                .await
                .map_err(|error| action.unavailable(error.to_string()))?;
            request = request.header(AUTHORIZATION, header);
        }
        if let Some((first, last)) = ask.range {
            request = request.header(RANGE, format!("bytes={first}-{last}"));
        }
        if let Some(generation) = &ask.generation {
            request = request.header(GENERATION_MATCH, generation);
        }
        if let Some(body) = &ask.body {
            request = request
                .header(CONTENT_TYPE, "application/octet-stream")
                .body(body.clone());
        }
        let request = request.build().map_err(|error| unsent(&error))?;
        let response = self
            .http
            .send(request)
            .await
            .map_err(|error| unsent(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if !status.is_success() {
            // The status says enough where the body cannot be had.
            let body = read_body(response, ERROR_LIMIT).await.unwrap_or_default();
            return Err(action.refused(status, retry_after(&headers), &body));
        }
        let body = read_body(response, ask.limit)
            .await
            .map_err(|error| action.unavailable(error.to_string()))?;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}
