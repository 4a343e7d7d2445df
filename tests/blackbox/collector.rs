//! A stand-in for an OpenTelemetry collector: a real socket that reads the protobuf
//! and remembers the spans.

use std::{
    collections::BTreeMap,
    future,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{self as wire, status::StatusCode as SpanStatus},
};
use prost::Message as _;
use tokio::{net::TcpListener, sync::watch};

/// How it answers.
#[derive(Clone, Copy)]
pub enum Manner {
    Takes,
    Refuses,
    NeverAnswers,
}

/// A span as it came.
#[derive(Clone, Debug)]
pub struct Span {
    pub name: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub links: Vec<String>,
    pub attributes: BTreeMap<String, String>,
    pub resource: BTreeMap<String, String>,
    pub failed: Option<String>,
}

impl Span {
    pub fn says(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }

    pub fn service(&self) -> &str {
        &self.resource["service.name"]
    }

    /// Which replica it is of.
    pub fn instance(&self) -> &str {
        self.resource
            .get("service.instance.id")
            .map_or("", String::as_str)
    }
}

/// The stand-in. Ends with the runtime of its test.
pub struct Collector {
    pub url: String,
    heard: Arc<Mutex<Heard>>,
    grown: watch::Sender<usize>,
}

#[derive(Default)]
struct Heard {
    spans: Vec<Span>,
    bodies: Vec<Bytes>,
}

impl Collector {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (heard, grown) = (Arc::<Mutex<Heard>>::default(), watch::Sender::new(0));
        let (remembered, told) = (Arc::clone(&heard), grown.clone());
        let take = move |body: Bytes| {
            let (remembered, told) = (Arc::clone(&remembered), told.clone());
            async move {
                remembered.lock().unwrap().take(body);
                told.send_modify(|requests| *requests += 1);
                match manner {
                    Manner::Takes => StatusCode::OK,
                    Manner::Refuses => StatusCode::SERVICE_UNAVAILABLE,
                    Manner::NeverAnswers => future::pending().await,
                }
            }
        };
        let app = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, heard, grown }
    }

    /// What it was sent so far.
    pub fn spans(&self) -> Vec<Span> {
        self.heard.lock().unwrap().spans.clone()
    }

    /// The bytes it was sent so far, as text where they are.
    pub fn text(&self) -> String {
        let heard = self.heard.lock().unwrap();
        let bodies = heard.bodies.iter();
        bodies
            .map(|body| String::from_utf8_lossy(body).into_owned())
            .collect()
    }

    /// Waits until it was asked for the first time.
    pub async fn asked(&self) {
        let mut grown = self.grown.subscribe();
        grown.wait_for(|requests| *requests > 0).await.unwrap();
    }

    /// Waits for spans that `wanted` is content with.
    pub async fn until(&self, what: &str, wanted: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let mut grown = self.grown.subscribe();
        let waiting = async {
            loop {
                grown.borrow_and_update();
                let spans = self.spans();
                if wanted(&spans) {
                    return spans;
                }
                grown.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting)
            .await
            .unwrap_or_else(|_| panic!("the collector has not {what}: {:#?}", self.spans()))
    }
}

impl Heard {
    fn take(&mut self, body: Bytes) {
        let request = ExportTraceServiceRequest::decode(body.clone()).unwrap();
        self.bodies.push(body);
        for of_resource in request.resource_spans {
            let resource = texts(of_resource.resource.unwrap().attributes);
            for of_scope in of_resource.scope_spans {
                let spans = of_scope.spans.into_iter();
                self.spans.extend(spans.map(|span| read(span, &resource)));
            }
        }
    }
}

fn read(span: wire::Span, resource: &BTreeMap<String, String>) -> Span {
    let named = span.attributes.len();
    let attributes = texts(span.attributes);
    assert_eq!(
        attributes.len(),
        named,
        "an attribute was said twice: {attributes:?}"
    );
    let failed = span
        .status
        .filter(|status| status.code() == SpanStatus::Error);
    Span {
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
        attributes,
        resource: resource.clone(),
        failed: failed.map(|status| status.message),
    }
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    attributes
        .into_iter()
        .map(|attribute| {
            let text = match attribute.value.unwrap().value.unwrap() {
                Value::StringValue(text) => text,
                Value::IntValue(number) => number.to_string(),
                other => format!("{other:?}"),
            };
            (attribute.key, text)
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
