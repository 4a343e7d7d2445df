//! The admin HTTP server: metrics for Prometheus, probes for Kubernetes.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{Metrics, Readiness};

/// How long answers under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(2);
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone)]
struct Admin {
    metrics: Arc<Metrics>,
    readiness: Readiness,
}

/// Serves `/metrics`, `/healthz` and `/readyz` until `stop` is cancelled.
///
/// Stop it last: at a shutdown the worker is unready first and still tells how
/// its drain goes.
pub async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    readiness: Readiness,
    stop: CancellationToken,
) -> io::Result<()> {
    let router = Router::new()
        .route("/metrics", get(expose))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(Admin { metrics, readiness });
    let server =
        axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        ended = async { server.await } => ended,
        // A connection that is held open keeps no worker alive.
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}

async fn expose(State(admin): State<Admin>) -> Response {
    let is_ready = admin.readiness.check().is_ok();
    admin.metrics.ready.set((), is_ready);
    match admin.metrics.exposition() {
        Ok(text) => ([(CONTENT_TYPE, EXPOSITION)], text).into_response(),
        Err(problem) => {
            error!(error = %problem, "metrics could not be written");
            (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response()
        }
    }
}

async fn ready(State(admin): State<Admin>) -> Response {
    match admin.readiness.check() {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::task::JoinHandle;

    use super::*;

    struct Running {
        address: SocketAddr,
        readiness: Readiness,
        stop: CancellationToken,
        server: JoinHandle<io::Result<()>>,
    }

    async fn started() -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let readiness = Readiness::waiting_for(["starburst", "bucket"]);
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(
            listener,
            Metrics::new().unwrap(),
            readiness.clone(),
            stop.clone(),
        ));
        Running {
            address,
            readiness,
            stop,
            server,
        }
    }

    impl Running {
        async fn get(&self, path: &str) -> (u16, String) {
            // The process of a test has the one provider of the worker, too.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let answer = reqwest::get(format!("http://{}{path}", self.address))
                .await
                .unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }

        /// What `export_worker_ready` says.
        async fn gauge(&self) -> u64 {
            let (_, text) = self.get("/metrics").await;
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("export_worker_ready "));
            line.unwrap().parse().unwrap()
        }
    }

    #[tokio::test]
    async fn metrics_and_health_are_served_on_a_real_socket() {
        let admin = started().await;
        assert_eq!(admin.get("/healthz").await, (200, "ok\n".to_owned()));
        let (status, text) = admin.get("/metrics").await;
        assert_eq!(status, 200);
        assert!(text.contains("export_worker_jobs_total{outcome=\"completed\"} 0"));
        assert_eq!(admin.get("/nothing").await.0, 404);
    }

    #[tokio::test]
    async fn the_worker_is_ready_between_its_start_and_its_shutdown() {
        let admin = started().await;
        let unready = |reasons: &str| (503, format!("{reasons}\n"));
        let waiting = "bucket: not reached yet\nstarburst: not reached yet";
        assert_eq!(admin.get("/readyz").await, unready(waiting));
        assert_eq!(admin.gauge().await, 0);
        assert!(admin.readiness.unreached("bucket", "no such thing"));
        assert!(!admin.readiness.unreached("bucket", "no such thing"));
        admin.readiness.reached("starburst");
        assert_eq!(admin.get("/readyz").await, unready("bucket: no such thing"));
        admin.readiness.reached("bucket");
        assert_eq!(admin.get("/readyz").await, (200, "ready\n".to_owned()));
        assert_eq!(admin.gauge().await, 1);
        admin.readiness.withdraw("shutting down");
        assert_eq!(admin.get("/readyz").await, unready("shutting down"));
        assert_eq!(admin.gauge().await, 0);
    }

    #[tokio::test]
    async fn the_server_ends_when_told_to() {
        let admin = started().await;
        assert_eq!(admin.get("/healthz").await.0, 200);
        admin.stop.cancel();
        admin.server.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_connection_held_open_does_not_keep_the_server_alive() {
        let admin = started().await;
        let held = tokio::net::TcpStream::connect(admin.address).await.unwrap();
        assert_eq!(admin.get("/healthz").await.0, 200);
        admin.stop.cancel();
        admin.server.await.unwrap().unwrap();
        drop(held);
    }
}
