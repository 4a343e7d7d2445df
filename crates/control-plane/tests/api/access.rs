use export_control_plane::config::Access;
use reqwest::Method;

use crate::server::{KEY, Server};

const PROTECTED: [(&str, &str); 6] = [
    ("POST", "/api/internal/export-jobs/claim"),
    ("GET", "/api/internal/export-jobs/pollable?limit=1"),
    ("PATCH", "/api/internal/export-jobs/x"),
    ("POST", "/api/snapshots"),
    ("POST", "/api/snapshots/x/cancel"),
    ("GET", "/api/export-jobs/pending-count"),
];

#[tokio::test]
async fn the_api_wants_the_key_and_health_and_metrics_do_not() {
    let server = Server::start().await;
    for (method, path) in PROTECTED {
        let request = || {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            server
                .client
                .request(method, format!("{}{path}", server.base))
        };
        let almost = format!("{KEY}x");
        for (request, says) in [
            (request(), "header X-Internal-API-Key is missing"),
            (
                request().header("X-Internal-API-Key", &KEY[1..]),
                "is wrong",
            ),
            (request().header("X-Internal-API-Key", almost), "is wrong"),
            (request().header("X-Internal-API-Key", ""), "is wrong"),
        ] {
            let (status, body) = Server::send(request).await;
            assert_eq!(status, 401, "{method} {path}");
            assert_eq!(body["error"]["code"], "UNAUTHORIZED");
            let message = body["error"]["message"].as_str().unwrap();
            assert!(
                message.contains(says) && !message.contains(KEY),
                "{message}"
            );
        }
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let open = server
            .client
            .get(format!("{}{path}", server.base))
            .send()
            .await;
        assert_eq!(open.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn an_insecure_server_wants_no_key() {
    let server = Server::start_with(Access::Insecure).await;
    let url = format!("{}/api/snapshots", server.base);
    let (status, body) = Server::send(server.client.get(url)).await;
    assert_eq!(status, 200);
    assert_eq!(body["data"]["snapshots"], serde_json::json!([]));
}
