use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    response::Response,
};
use futures::{StreamExt, stream};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use thiserror::Error;
use tower::ServiceExt;

use super::{
    Faults, Logged, Service, When, action::Action, endpoint::endpoint, gate::Verdict, rule,
};

/// The connection is to be closed without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("connection dropped by a fault")]
pub struct Dropped;

/// Handles one request: counts it, lets faults strike it, passes it on to the
/// router. An error means: close the connection.
pub async fn handle(
    faults: Faults,
    service: Service,
    router: Router,
    request: Request,
) -> Result<Response, Dropped> {
    let (parts, mut body) = request.into_parts();
    let path = percent_decode_str(parts.uri.path())
        .decode_utf8_lossy()
        .into_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    // The raw path: an encoded slash in an object's name is no separator.
    let endpoint = endpoint(service, &parts.method, parts.uri.path(), &query);

    let mut read = None;
    if faults.needs_body(service, &parts.method) {
        let bytes = body.collect().await.map_err(|_| Dropped)?.to_bytes();
        body = Body::from(bytes.clone());
        read = Some(bytes);
    }
    let counters = &faults.shared.counters;
    if counters.keeps_log() {
        counters.write_log(Logged {
            service,
            endpoint: endpoint.clone(),
            method: parts.method.clone(),
            path: path.clone(),
            query: query.clone(),
            headers: parts.headers.clone(),
            body: read.clone().unwrap_or_default(),
        });
    }
    counters.add(service, &endpoint);
    let action = faults.next_action(&rule::Request {
        service,
        method: &parts.method,
        path: &path,
        query: &query,
        body: read.as_deref(),
    });

    let latency = faults.delay(service, &endpoint);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let request = Request::from_parts(parts, body);
    let outcome = match action {
        None => Ok(pass(router, request).await),
        Some(action) => strike(action, router, request).await,
    };
    faults.shared.counters.handled();
    outcome
}

async fn pass(router: Router, request: Request) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn strike(action: Action, router: Router, request: Request) -> Result<Response, Dropped> {
    match action {
        Action::Delay(delay) => {
            tokio::time::sleep(delay).await;
            Ok(pass(router, request).await)
        }
        Action::Answer {
            status,
            headers,
            body,
        } => Ok(answer(status, headers, body)),
        Action::Drop => Err(Dropped),
        Action::LoseAnswer => {
            pass(router, request).await;
            Err(Dropped)
        }
        Action::Shorten(bytes) => {
            let (mut parts, body) = whole(pass(router, request).await).await?;
            parts.headers.remove(header::CONTENT_LENGTH);
            let kept = body.slice(..bytes.min(body.len()));
            Ok(Response::from_parts(parts, Body::from(kept)))
        }
        Action::Break(bytes) => {
            let (mut parts, body) = whole(pass(router, request).await).await?;
            let kept = body.slice(..bytes.min(body.len()));
            // The client is promised the whole body and gets less.
            parts
                .headers
                .insert(header::CONTENT_LENGTH, (body.len().max(1)).into());
            let broken = stream::iter([Ok(kept)]).chain(stream::once(async {
                // The bytes before it go out first.
                tokio::task::yield_now().await;
                Err(Dropped)
            }));
            Ok(Response::from_parts(parts, Body::from_stream(broken)))
        }
        Action::Hold(gate) => match gate.when {
            When::BeforeHandling => match gate.pass().await {
                Verdict::GoOn => Ok(pass(router, request).await),
                Verdict::Drop => Err(Dropped),
            },
            When::BeforeAnswer => {
                let response = pass(router, request).await;
                match gate.pass().await {
                    Verdict::GoOn => Ok(response),
                    Verdict::Drop => Err(Dropped),
                }
            }
        },
    }
}

fn answer(status: http::StatusCode, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

async fn whole(response: Response) -> Result<(http::response::Parts, Bytes), Dropped> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    Ok((parts, body))
}
