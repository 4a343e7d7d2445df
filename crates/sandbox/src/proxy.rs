//! A router that passes every request on to a real server, so that faults can
//! strike what runs in a process of its own.

use std::sync::{Arc, PoisonError, RwLock};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

/// Headers that belong to one connection and not to the request.
const HOP_BY_HOP: [header::HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

fn without_hops(mut headers: HeaderMap) -> HeaderMap {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}

/// The real server behind a front. It may be replaced by another while requests
/// come, as when a new version takes the place of the old one.
#[derive(Clone, Debug)]
pub struct Upstream(Arc<RwLock<String>>);

impl Upstream {
    /// A server at `url`, `http://host:port`.
    pub fn new(url: &str) -> Self {
        let upstream = Self(Arc::default());
        upstream.replace(url);
        upstream
    }

    /// From now on, requests go to `url`.
    pub fn replace(&self, url: &str) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        url.trim_end_matches('/').clone_into(&mut held);
    }

    fn url(&self) -> String {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }
}

/// Passes requests on to `upstream` and its answers back. Where it cannot be
/// reached, the answer is 502.
pub fn router(upstream: Upstream) -> reqwest::Result<Router> {
    crate::tls::install_provider();
    let client = reqwest::Client::builder()
        // What the upstream redirects to is the client's to follow.
        .redirect(reqwest::redirect::Policy::none())
        // A connection the upstream closed meanwhile must not cost a request.
        .pool_max_idle_per_host(0)
        .build()?;
    Ok(Router::new().fallback(move |request: Request| {
        let (client, upstream) = (client.clone(), upstream.url());
        async move {
            match pass(&client, &upstream, request).await {
                Ok(answer) => answer,
                Err(error) => {
                    let told = error.without_url().to_string();
                    (StatusCode::BAD_GATEWAY, told).into_response()
                }
            }
        }
    }))
}

async fn pass(
    client: &reqwest::Client,
    upstream: &str,
    request: Request,
) -> reqwest::Result<Response> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut passed = client
        .request(parts.method, format!("{upstream}{path}"))
        .headers(without_hops(parts.headers.clone()));
    // A body of unknown length would go out in chunks, also an empty one.
    if let Some(length) = parts.headers.get(header::CONTENT_LENGTH) {
        passed = passed
            .header(header::CONTENT_LENGTH, length)
            .body(reqwest::Body::wrap_stream(body.into_data_stream()));
    } else if parts.headers.contains_key(header::TRANSFER_ENCODING) {
        passed = passed.body(reqwest::Body::wrap_stream(body.into_data_stream()));
    }
    let answer = passed.send().await?;
    let status = answer.status();
    let headers = without_hops(answer.headers().clone());
    let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::routing::post;
    use http::Method;

    use super::*;
    use crate::{
        faults::{Faults, Service},
        server::Serve,
    };

    #[tokio::test]
    async fn a_request_reaches_the_real_server_behind_the_faults() {
        crate::tls::install_provider();
        let echo = |request: Request| async move {
            let uri = request.uri().to_string();
            let key = request.headers().get("x-key").cloned();
            let body = axum::body::to_bytes(request.into_body(), 1024)
                .await
                .unwrap();
            let told = format!(
                "{uri} {:?} {}",
                key.unwrap(),
                String::from_utf8_lossy(&body)
            );
            (StatusCode::CONFLICT, [("x-answer", "yes")], told)
        };
        let any = "127.0.0.1:0".parse().unwrap();
        let real = Serve::new(Router::new().route("/a/{b}", post(echo)));
        let real = real.listen(any).await.unwrap();
        let faults = Faults::new();
        let upstream = Upstream::new(&real.url());
        let front = Serve::new(router(upstream.clone()).unwrap())
            .with_faults(&faults, Service::ControlPlane)
            .listen(any)
            .await
            .unwrap();
        let client = reqwest::Client::new();
        let send = || {
            client
                .request(Method::POST, format!("{}/a/b%20c?d=e%26f", front.url()))
                .header("x-key", "k")
                .body("hello")
                .send()
        };
        let answer = send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert_eq!(answer.headers()["x-answer"], "yes");
        assert_eq!(answer.text().await.unwrap(), "/a/b%20c?d=e%26f \"k\" hello");

        faults.on(Service::ControlPlane).lose_answer();
        assert!(send().await.is_err());
        drop(real);
        assert_eq!(send().await.unwrap().status(), StatusCode::BAD_GATEWAY);

        let successor = Serve::new(Router::new().fallback(|| async { StatusCode::ACCEPTED }));
        let successor = successor.listen(any).await.unwrap();
        upstream.replace(&successor.url());
        assert_eq!(send().await.unwrap().status(), StatusCode::ACCEPTED);
    }
}
