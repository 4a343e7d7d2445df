//! One service on a real socket, stopped when its handle is dropped.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use axum::{Router, extract::Request};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tower::ServiceExt;

use crate::faults::{self, Faults, Service};

/// How long a connection may stay without a request, unless said otherwise.
pub const DEFAULT_IDLE: Duration = Duration::from_secs(60);

/// A service that listens. Dropping it closes the listener and every connection.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    _stop: DropGuard,
}

/// What to serve, and how.
pub struct Serve {
    router: Router,
    faults: Option<(Faults, Service)>,
    idle: Duration,
}

impl Serve {
    /// Serves a router without faults.
    pub fn new(router: Router) -> Self {
        Self {
            router,
            faults: None,
            idle: DEFAULT_IDLE,
        }
    }

    /// Lets faults strike the requests, and counts them as those of `service`.
    pub fn with_faults(mut self, faults: &Faults, service: Service) -> Self {
        self.faults = Some((faults.clone(), service));
        self
    }

    /// Closes a connection on which nothing came for so long.
    pub fn with_idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Binds an address (port 0: any free port) and listens.
    pub async fn listen(self, address: SocketAddr) -> io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        tokio::spawn(accept(listener, self, stop.clone()));
        Ok(Server {
            address,
            _stop: stop.drop_guard(),
        })
    }
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn accept(listener: TcpListener, serve: Serve, stop: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, for instance: the next one may succeed.
            tokio::task::yield_now().await;
            continue;
        };
        // Small answers go out at once.
        let _ = stream.set_nodelay(true);
        let (router, faults) = (serve.router.clone(), serve.faults.clone());
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(serve.idle);
        let stop = stop.clone();
        connections.spawn(async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                respond(
                    router.clone(),
                    faults.clone(),
                    request.map(axum::body::Body::new),
                )
            });
            tokio::select! {
                // An error here is a client that went away or a fault at work.
                _ = http.serve_connection(TokioIo::new(stream), service) => (),
                () = stop.cancelled() => (),
            }
        });
    }
}

async fn respond(
    router: Router,
    faults: Option<(Faults, Service)>,
    request: Request,
) -> Result<axum::response::Response, faults::Dropped> {
    match faults {
        Some((faults, service)) => faults::handle(faults, service, router, request).await,
        None => router
            .oneshot(request)
            .await
            .map_err(|never: Infallible| match never {}),
    }
}
