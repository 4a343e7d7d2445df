//! A small object store for tests, over a real socket: the part of the XML API
//! that the client speaks, and faults on demand.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use quick_xml::escape::escape;

use super::{Endpoint, StorageClient, StorageSettings};
use crate::{
    http::{
        HttpClient, TlsSettings,
        scripted::{Asked, Scripted, ScriptedServer},
    },
    retry::RetryPolicy,
    telemetry::Metrics,
};

const BUCKET: &str = "bucket";
const WRITTEN: &str = "2026-11-22T03:05:07.123Z";

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    /// Which writing of its name each object is.
    generations: HashMap<String, u64>,
    /// Objects whose listing says another size than they have.
    listed_sizes: HashMap<String, u64>,
    page_size: usize,
    fault: Option<Fault>,
}

type Fault = Box<dyn FnMut(&Asked) -> Option<Scripted> + Send>;

/// The store: one bucket named `bucket`.
pub(crate) struct TestStore {
    server: ScriptedServer,
    state: Arc<Mutex<State>>,
}

impl TestStore {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            page_size: 1000,
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        let server =
            ScriptedServer::answering(move |asked| shared.lock().unwrap().answer(asked)).await;
        Self { server, state }
    }

    pub(crate) fn client(&self) -> StorageClient {
        let http = HttpClient::build(&TlsSettings::default(), Metrics::new().unwrap()).unwrap();
        let endpoint = Endpoint::emulator(self.server.url.as_str()).unwrap();
        let mut settings = StorageSettings::new(endpoint);
        settings.retry = RetryPolicy::fixed(std::time::Duration::from_millis(1), 3);
        StorageClient::new(settings, &http, tokio_util::sync::CancellationToken::new()).unwrap()
    }

    pub(crate) fn put(&self, name: &str, body: impl Into<Bytes>) {
        self.state
            .lock()
            .unwrap()
            .write(name.to_owned(), body.into());
    }

    pub(crate) fn list_with_size(&self, name: &str, size: u64) {
        let mut state = self.state.lock().unwrap();
        state.listed_sizes.insert(name.to_owned(), size);
    }

    pub(crate) fn pages_of(&self, page_size: usize) {
        self.state.lock().unwrap().page_size = page_size;
    }

    /// Answers in place of the store wherever it says something.
    pub(crate) fn fault(&self, fault: impl FnMut(&Asked) -> Option<Scripted> + Send + 'static) {
        self.state.lock().unwrap().fault = Some(Box::new(fault));
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.server.asked()
    }

    /// How often it was asked to list, and to read.
    pub(crate) fn lists_and_reads(&self) -> (usize, usize) {
        let asked = self.asked();
        let lists = asked.iter().filter(|asked| asked.uri.query().is_some());
        let ranges = |asked: &&Asked| asked.headers.contains_key("range");
        (lists.count(), asked.iter().filter(ranges).count())
    }
}

impl State {
    fn write(&mut self, name: String, body: Bytes) {
        *self.generations.entry(name.clone()).or_default() += 1;
        self.objects.insert(name, body);
    }

    fn is_another(&self, name: &str, generation: Option<&str>) -> bool {
        let current = self.generations.get(name).map(u64::to_string);
        generation.is_some_and(|meant| current.as_deref() != Some(meant))
    }

    fn answer(&mut self, asked: &Asked) -> Scripted {
        if let Some(answer) = self.fault.as_mut().and_then(|fault| fault(asked)) {
            return answer;
        }
        let path = asked.uri.path().trim_start_matches('/');
        let (bucket, name) = path.split_once('/').unwrap_or((path, ""));
        if bucket != BUCKET {
            return error(404, "NoSuchBucket");
        }
        let name = percent_decode_str(name).decode_utf8().unwrap().into_owned();
        match asked.method.as_str() {
            "GET" if name.is_empty() => self.list(asked.uri.query().unwrap_or("")),
            "GET" => match self.objects.get(&name) {
                Some(body) => read(body, asked.header("range")),
                None => error(404, "NoSuchKey"),
            },
            "PUT" => {
                self.write(name, asked.body.clone());
                Scripted::new(200, "")
            }
            "DELETE" if self.is_another(&name, asked.header("x-goog-if-generation-match")) => {
                error(412, "PreconditionFailed")
            }
            "DELETE" => match self.objects.remove(&name) {
                Some(_) => Scripted::new(204, ""),
                None => error(404, "NoSuchKey"),
            },
            _ => error(405, "MethodNotAllowed"),
        }
    }

    fn list(&self, query: &str) -> Scripted {
        let query: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(query.get("list-type").map(String::as_str), Some("2"));
        let prefix = &query["prefix"];
        let after = query.get("continuation-token");
        let mut names = self.objects.iter().filter(|(name, _)| {
            name.starts_with(prefix) && after.is_none_or(|after| name.as_str() > after.as_str())
        });
        let mut contents = String::new();
        let mut last = None;
        for (name, body) in names.by_ref().take(self.page_size) {
            let size = self.listed_sizes.get(name).copied();
            write!(
                contents,
                "<Contents><Key>{}</Key><Generation>{}</Generation><LastModified>{WRITTEN}</LastModified><Size>{}</Size></Contents>",
                escape(name.as_str()),
                self.generations[name],
                size.unwrap_or(body.len() as u64),
            )
            .unwrap();
            last = Some(name);
        }
        let next = match (last, names.next()) {
            (Some(last), Some(_)) => format!(
                "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>",
                escape(last.as_str())
            ),
            _ => "<IsTruncated>false</IsTruncated>".to_owned(),
        };
        Scripted::new(
            200,
            format!("<?xml version='1.0'?><ListBucketResult>{contents}{next}</ListBucketResult>"),
        )
    }
}

fn read(body: &Bytes, range: Option<&str>) -> Scripted {
    let Some(range) = range else {
        return Scripted::new(200, body.clone());
    };
    let (first, last) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
        .unwrap();
    let first: usize = first.parse().unwrap();
    let last = last
        .parse::<usize>()
        .unwrap()
        .min(body.len().wrapping_sub(1));
    if first >= body.len() {
        return error(416, "InvalidRange");
    }
    Scripted::new(206, body.slice(first..=last)).with(
        "content-range",
        format!("bytes {first}-{last}/{}", body.len()),
    )
}

pub(crate) fn error(status: u16, code: &str) -> Scripted {
    Scripted::new(
        status,
        format!("<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>"),
    )
}
