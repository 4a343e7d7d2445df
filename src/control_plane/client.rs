use std::{sync::atomic::AtomicBool, time::Duration};

use export_api::{COMPONENT_HEADER, REQUEST_ID_HEADER};
use http::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION},
};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tracing::debug;
use url::Url;
use uuid::Uuid;

use super::{
    answer::Answer,
    credential::ControlPlaneCredential,
    request::{ANSWER_LIMIT, Call, internal},
    retry::{Failure, crossed_a_close},
};
use crate::{
    http::{BodyError, HttpClient, describe, origin, read_body, retry_after},
    ports::ControlPlaneError,
    retry::RetryPolicy,
    telemetry::Boundary,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const WORKER: HeaderValue = HeaderValue::from_static("worker");

/// Where the Control Plane is and how patient we are with it.
#[derive(Clone, Debug)]
pub struct ControlPlaneSettings {
    /// `CONTROL_PLANE_URL`: everything asked for lies below `{url}/api/internal`.
    pub url: Url,
    /// How long one answer may take. A long poll may take its wait on top.
    pub timeout: Duration,
    /// Delays and number of retries: [`RetryPolicy::STATUS_UPDATE`] with `CONTROL_PLANE_MAX_RETRIES`.
    pub retry: RetryPolicy,
}

/// The Control Plane over HTTP, in either dialect.
#[derive(Debug)]
pub struct ControlPlaneClient {
    pub(super) settings: ControlPlaneSettings,
    pub(super) credential: ControlPlaneCredential,
    pub(super) http: HttpClient,
    /// Ends every wait and every request at once. Not the first signal of a
    /// shutdown, for jobs are still given back after that.
    pub(super) shutdown: CancellationToken,
    /// It answered 405 to a PATCH of a snapshot's status once.
    pub(super) puts_snapshots: AtomicBool,
}

impl ControlPlaneClient {
    /// Builds the client. Fails where the URL cannot be one of a Control Plane.
    pub fn new(
        settings: ControlPlaneSettings,
        credential: ControlPlaneCredential,
        http: &HttpClient,
        shutdown: CancellationToken,
    ) -> Result<Self, ControlPlaneError> {
        if !matches!(settings.url.scheme(), "http" | "https") {
            return Err(ControlPlaneError::Unreadable {
                url: settings.url.to_string(),
                problem: "expected an http or https address".to_owned(),
            });
        }
        Ok(Self {
            settings,
            credential,
            http: http.at(Boundary::ControlPlane),
            shutdown,
            puts_snapshots: AtomicBool::new(false),
        })
    }

    /// A call without a body.
    pub(super) fn get(&self, path: &[&str]) -> Call {
        self.call(Method::GET, path)
    }

    /// A call with a body.
    pub(super) fn with_body(
        &self,
        method: Method,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<Call, ControlPlaneError> {
        let body = serde_json::to_vec(body).map_err(|error| ControlPlaneError::Refused {
            status: 0,
            message: format!("our own request cannot be written as JSON: {error}"),
        })?;
        Ok(Call {
            body: Some(body.into()),
            ..self.call(method, path)
        })
    }

    fn call(&self, method: Method, path: &[&str]) -> Call {
        Call {
            method,
            url: internal(&self.settings.url, path),
            body: None,
            timeout: self.settings.timeout,
            limit: ANSWER_LIMIT,
            request_id: Uuid::now_v7().to_string(),
        }
    }

    /// Sends a call that may be sent again, until `read` makes something of the answer.
    pub(super) async fn repeated<T>(
        &self,
        call: &Call,
        read: impl Fn(Answer) -> Result<T, ControlPlaneError> + Send + Sync,
    ) -> Result<T, ControlPlaneError> {
        self.settings
            .retry
            .run(&self.shutdown, || async {
                let answer = self.send(call).await.map_err(|failure| failure.error)?;
                read(answer)
            })
            .await
    }

    /// Sends a look at the queue. Whatever fails, the loop asks again after a
    /// pause, which a shutdown cuts; here only a request that crossed the close
    /// of an idle connection is sent once more.
    pub(super) async fn look<T>(
        &self,
        call: &Call,
        read: impl Fn(Answer) -> Result<T, ControlPlaneError> + Send + Sync,
    ) -> Result<T, ControlPlaneError> {
        RetryPolicy::CROSSED_CLOSE
            .run(&self.shutdown, || async {
                Ok(read(self.send(call).await?)?)
            })
            .await
            .map_err(|failure: Failure| failure.error)
    }

    /// Sends a call; on 401 once more, where the credential was changed meanwhile.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        let shown = self.credential.header().await?;
        let answer = self.send_once(call, shown.as_ref()).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let renewed = self.credential.renew().await?;
        let fresh = self.credential.header().await?;
        // Another call may have renewed it before us.
        if !renewed && fresh == shown {
            return Ok(answer);
        }
        self.send_once(call, fresh.as_ref()).await
    }

    async fn send_once(
        &self,
        call: &Call,
        credential: Option<&(HeaderName, HeaderValue)>,
    ) -> Result<Answer, Failure> {
        debug!(
            request_id = call.request_id,
            method = %call.method,
            path = call.url.path(),
            "asking the control plane"
        );
        let mut request = self
            .http
            .raw()
            .request(call.method.clone(), call.url.clone())
            .timeout(call.timeout)
            .header(CONTENT_TYPE, JSON)
            .header(COMPONENT_HEADER, WORKER)
            .header(REQUEST_ID_HEADER, &call.request_id);
        if let Some((name, value)) = credential {
            request = request.header(name, value);
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let unsent = |error: &reqwest::Error| Failure {
            crossed_a_close: crossed_a_close(error),
            error: self.unreachable(describe(error)),
        };
        let request = request.build().map_err(|error| unsent(&error))?;
        let response = self
            .http
            .send(request)
            .await
            .map_err(|error| unsent(&error))?;
        let mut answer = Answer {
            url: call.url.clone(),
            status: response.status(),
            retry_after: retry_after(response.headers()),
            location: location(&response),
            body: bytes::Bytes::new(),
        };
        answer.body = match read_body(response, call.limit).await {
            Ok(body) => body,
            Err(BodyError::Cut(cause)) => return Err(self.unreachable(cause).into()),
            Err(error @ BodyError::TooLarge(_)) => {
                return Err(answer.unreadable(&error.to_string()).into());
            }
        };
        Ok(answer)
    }

    fn unreachable(&self, cause: String) -> ControlPlaneError {
        ControlPlaneError::Unreachable {
            origin: origin(&self.settings.url),
            cause,
        }
    }
}

/// Where a redirect leads, without its query: it may carry tokens.
fn location(response: &reqwest::Response) -> Option<String> {
    let text = response.headers().get(LOCATION)?.to_str().ok()?;
    let mut target = response.url().join(text).ok()?;
    target.set_query(None);
    target.set_fragment(None);
    Some(target.into())
}
