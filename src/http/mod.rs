//! The one HTTP client of the process.
//!
//! Connections, TLS and name look-ups are shared by all three clients; every
//! request is measured by boundary and outcome where it is sent, here.

mod answer;
#[cfg(test)]
pub(crate) mod scripted;
mod tls;

use std::{sync::Arc, time::Duration};

pub use answer::{BodyError, read_body, retry_after};
use reqwest::{Request, Response, redirect};
pub use tls::{TlsError, TlsSettings};

use crate::telemetry::{Boundary, Metrics};

/// First-generation Control Planes close idle connections after about 5 s: let
/// them go before that.
const POOL_IDLE: Duration = Duration::from_secs(4);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP client of the process, seen from one boundary. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
    boundary: Boundary,
    is_for_checks: bool,
    metrics: Arc<Metrics>,
}

impl HttpClient {
    /// Builds the client of the process. It follows no redirect by itself.
    pub fn build(tls: &TlsSettings, metrics: Arc<Metrics>) -> Result<Self, TlsError> {
        let client = tls
            .apply(reqwest::Client::builder())?
            .user_agent(concat!("export-worker/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| TlsError::Client(describe(&error)))?;
        Ok(Self {
            client,
            boundary: Boundary::ControlPlane,
            is_for_checks: false,
            metrics,
        })
    }

    /// The same client for checks: whoever makes one says by its verdict, and not by each
    /// of its answers, whether a boundary is up.
    #[must_use]
    pub fn for_checks(&self) -> Self {
        Self {
            is_for_checks: true,
            ..self.clone()
        }
    }

    /// The same client, its requests measured at another boundary.
    #[must_use]
    pub fn at(&self, boundary: Boundary) -> Self {
        Self {
            boundary,
            ..self.clone()
        }
    }

    /// The client itself, to build requests with. Send them with [`HttpClient::send`].
    pub fn raw(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends a request and measures the time to its answer's headers. Control Plane and
    /// Starburst are told which trace it belongs to.
    pub async fn send(&self, mut request: Request) -> Result<Response, reqwest::Error> {
        match self.boundary {
            Boundary::ControlPlane | Boundary::Starburst => {
                export_traces::inject(request.headers_mut());
            }
            Boundary::Storage => {}
        }
        let timer = self.metrics.outside_request(self.boundary);
        let result = self.client.execute(request).await;
        let status = result.as_ref().map(|answer| answer.status().as_u16());
        let status = status.ok();
        timer.done(status);
        if !self.is_for_checks {
            self.metrics.boundary_answered(self.boundary, status);
        }
        result
    }
}

/// The network's own words for what went wrong, without the URL: a nextUri is a secret.
pub fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    // Without a source the error's own text would name the URL.
    if std::ptr::addr_eq(cause, error) {
        "the request could not be sent or its answer not be read".to_owned()
    } else {
        cause.to_string()
    }
}

/// Scheme, host and port of a URL: what of it may stand in a message.
pub fn origin(url: &url::Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use export_traces::{Kind, Span, TraceParent, Under};

    use super::{
        scripted::{Scripted, ScriptedServer},
        *,
    };

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01b902b7-01";

    #[tokio::test]
    async fn control_plane_and_starburst_are_told_the_trace_and_the_store_is_not() {
        let server = ScriptedServer::answering(|_| Scripted::new(200, "")).await;
        let http = HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap();
        let parent = TraceParent::parse(PARENT);
        // Traces are off here: what the job came with is handed on all the same.
        let span = Span::begin("work", Kind::Internal, Under::Parent(parent.as_ref()));
        for boundary in [
            Boundary::ControlPlane,
            Boundary::Starburst,
            Boundary::Storage,
        ] {
            let request = http.raw().get(server.url.clone()).build().unwrap();
            let sending = http.at(boundary);
            span.around(sending.send(request)).await.unwrap();
        }
        let asked = server.asked();
        let told: Vec<_> = asked
            .iter()
            .map(|asked| asked.header("traceparent"))
            .collect();
        assert_eq!(told, [Some(PARENT), Some(PARENT), None]);
    }
}
