//! A real HTTP server that answers as a test wrote it, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, body::to_bytes, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

/// One request it got.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// One answer it gives.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Scripted {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).with("content-type", "application/json")
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<Scripted> for Response {
    fn from(scripted: Scripted) -> Self {
        let mut builder =
            Response::builder().status(StatusCode::from_u16(scripted.status).unwrap());
        for (name, value) in scripted.headers {
            builder = builder.header(name, value);
        }
        builder.body(scripted.body.into()).unwrap()
    }
}

/// The server. Ends with the runtime of its test.
pub(crate) struct ScriptedServer {
    pub(crate) url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ScriptedServer {
    /// Gives these answers in turn, and 418 to whatever is asked beyond them.
    pub(crate) async fn in_turn(answers: impl IntoIterator<Item = Scripted>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::answering(move |_| {
            let next = answers.lock().unwrap().pop_front();
            next.unwrap_or_else(|| Scripted::new(418, "asked once too often"))
        })
        .await
    }

    /// Answers each request by itself.
    pub(crate) async fn answering(
        answer: impl Fn(&Asked) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, answer)
    }

    /// The same, on a listener of one's own.
    pub(crate) fn on(
        listener: TcpListener,
        answer: impl Fn(&Asked) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        let answer = Arc::new(answer);
        let app = Router::new().fallback(move |request: Request| {
            let (remembered, answer) = (Arc::clone(&remembered), Arc::clone(&answer));
            async move {
                let (parts, body) = request.into_parts();
                let asked = Asked {
                    method: parts.method,
                    uri: parts.uri,
                    headers: parts.headers,
                    body: to_bytes(body, usize::MAX).await.unwrap(),
                };
                let given = answer(&asked);
                remembered.lock().unwrap().push(asked);
                Response::from(given)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked }
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}
