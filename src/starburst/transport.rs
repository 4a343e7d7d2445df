use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, header};
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Credential, StarburstSettings, endpoint::Endpoint, session};
use crate::{
    http::{HttpClient, describe},
    ports::StarburstError,
    telemetry::Boundary,
};

/// A page is about 1 MB; an answer beyond this is no coordinator's.
const LONGEST_BODY: usize = 16 * 1024 * 1024;
/// Of an error page only the beginning is of use.
const LONGEST_ERROR: usize = 64 * 1024;
const MOST_REDIRECTS: usize = 5;

/// Sends requests to the coordinator, and reads whole answers.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    http: HttpClient,
    pub(super) endpoint: Endpoint,
    user: String,
    credential: Credential,
    common: HeaderMap,
    timeout: Duration,
}

/// One request. GET and DELETE have no body.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

impl Call {
    pub(super) fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    pub(super) fn delete(url: Url) -> Self {
        Self::new(Method::DELETE, url)
    }

    pub(super) fn post(url: Url, headers: HeaderMap, body: String) -> Self {
        Self {
            headers,
            body: Some(body.into()),
            ..Self::new(Method::POST, url)
        }
    }

    fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }
}

/// A whole answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Of an error only the beginning; of a 2xx all of it, or why there is none.
    pub(super) body: Result<Bytes, String>,
}

impl Answer {
    fn is_temporary_redirect(&self) -> bool {
        matches!(
            self.status,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        )
    }
}

impl Transport {
    pub(super) fn new(settings: &StarburstSettings, http: &HttpClient) -> Self {
        Self {
            http: http.at(Boundary::Starburst),
            endpoint: Endpoint::new(settings.url.clone(), settings.rewrite_next_uri),
            user: settings.user.clone(),
            credential: settings.credential.clone(),
            common: session::common(settings),
            timeout: settings.request_timeout,
        }
    }

    /// Whether a password goes over the wire unencrypted.
    pub(super) fn is_insecure(&self) -> bool {
        self.endpoint.is_plain_http() && !matches!(self.credential, Credential::None)
    }

    /// Sends a request to an address of the [`Endpoint`]. A 401 is answered
    /// once with a credential read again, if it is another; a GET follows
    /// temporary redirects within the origin.
    pub(super) async fn send(&self, mut call: Call) -> Result<Answer, StarburstError> {
        for _ in 0..MOST_REDIRECTS {
            let answer = self.send_as_ourselves(&call).await?;
            let location = answer.headers.get(header::LOCATION);
            match location.and_then(|location| location.to_str().ok()) {
                Some(location) if answer.is_temporary_redirect() && call.method == Method::GET => {
                    call.url = self.endpoint.admit(location, Some(&call.url))?;
                }
                _ => return Ok(answer),
            }
        }
        Err(StarburstError::Refused {
            status: StatusCode::TEMPORARY_REDIRECT.as_u16(),
            message: format!("it redirected {MOST_REDIRECTS} times in a row; check STARBURST_URL"),
        })
    }

    async fn send_as_ourselves(&self, call: &Call) -> Result<Answer, StarburstError> {
        let secret = self.credential.current()?;
        let answer = self.send_once(call, secret.as_ref()).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        match self.credential.renewed(secret.as_ref())? {
            Some(renewed) => self.send_once(call, Some(&renewed)).await,
            None => Ok(answer),
        }
    }

    async fn send_once(
        &self,
        call: &Call,
        secret: Option<&SecretString>,
    ) -> Result<Answer, StarburstError> {
        let mut request = self
            .http
            .raw()
            .request(call.method.clone(), call.url.clone())
            .timeout(self.timeout)
            .headers(self.common.clone())
            .headers(call.headers.clone());
        request = match (&self.credential, secret) {
            (Credential::Password(_), Some(password)) => {
                request.basic_auth(&self.user, Some(password.expose_secret()))
            }
            (Credential::Token(_), Some(token)) => request.bearer_auth(token.expose_secret()),
            (Credential::None, _) | (_, None) => request,
        };
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        // All else that goes into a request was checked before.
        let request = request.build().map_err(|_| {
            // No server sees it, so none refuses it: read here what a later try will find.
            let _ = self.credential.renewed(None);
            StarburstError::Credential("the token cannot stand in a header".to_owned())
        })?;
        let mut response =
            self.http
                .send(request)
                .await
                .map_err(|error| StarburstError::Unreachable {
                    origin: self.endpoint.origin(),
                    cause: describe(&error),
                })?;
        let body = read(&mut response).await;
        Ok(Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

async fn read(response: &mut Response) -> Result<Bytes, String> {
    let (limit, whole) = if response.status().is_success() {
        (LONGEST_BODY, true)
    } else {
        (LONGEST_ERROR, false)
    };
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(_)) if whole => return Err(format!("it is longer than {limit} bytes")),
            Err(error) if whole => return Err(describe(&error)),
            Ok(_) | Err(_) => return Ok(body.freeze()),
        }
    }
}
