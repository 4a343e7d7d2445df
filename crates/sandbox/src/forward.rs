//! Passes every request on to another address: puts faults, latency and
//! counters round a service that runs in a process of its own.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use tokio::sync::watch;

use crate::{
    faults::{Faults, Service},
    server::{Serve, Server},
};

/// A forwarder that listens; it stops when dropped.
pub struct Forward {
    server: Server,
    state: Arc<Target>,
}

struct Target {
    base: String,
    client: reqwest::Client,
    answered: watch::Sender<u64>,
}

impl Forward {
    /// Forwards `address` to `base` (`http://host:port`), with the faults of `service` on the way.
    pub async fn start(
        base: &str,
        faults: &Faults,
        service: Service,
        address: SocketAddr,
    ) -> io::Result<Self> {
        let state = Arc::new(Target {
            base: base.trim_end_matches('/').to_owned(),
            client: reqwest::Client::new(),
            answered: watch::Sender::new(0),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&state));
        let server = Serve::new(router)
            .with_faults(faults, service)
            .listen(address)
            .await?;
        Ok(Self { server, state })
    }

    /// Where it listens: `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Counts the answers of the service behind it: a signal to look again at
    /// what they changed.
    pub fn answered(&self) -> watch::Receiver<u64> {
        self.state.answered.subscribe()
    }
}

async fn pass(State(target): State<Arc<Target>>, request: Request) -> Response {
    let answer = forward(&target, request).await;
    target.answered.send_modify(|answered| *answered += 1);
    answer.unwrap_or_else(|error| {
        (
            StatusCode::BAD_GATEWAY,
            format!("nothing behind the forwarder: {error}"),
        )
            .into_response()
    })
}

async fn forward(target: &Target, request: Request) -> anyhow::Result<Response> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await?;
    of_this_hop(&mut parts.headers);
    let answer = target
        .client
        .request(parts.method, format!("{}{path}", target.base))
        .headers(parts.headers)
        .body(body)
        .send()
        .await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    of_this_hop(&mut headers);
    let mut response = Response::new(Body::from(answer.bytes().await?));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Headers that mean this connection, not what it carries.
fn of_this_hop(headers: &mut HeaderMap) {
    for name in [
        header::HOST,
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
    ] {
        headers.remove(name);
    }
}
