//! A coordinator of canned answers: bytes on a socket, so that it can also
//! break off, hang up and answer nonsense.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Canned {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Bytes of the body that are announced but not sent.
    missing: usize,
    hang_up: bool,
}

impl Canned {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            missing: 0,
            hang_up: false,
        }
    }

    pub(super) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, body)
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Breaks off before the end of the body.
    pub(super) fn broken_off(body: impl Into<Vec<u8>>) -> Self {
        Self {
            missing: 10,
            ..Self::ok(body)
        }
    }

    /// Closes the connection without an answer.
    pub(super) fn hang_up() -> Self {
        Self {
            hang_up: true,
            ..Self::ok("")
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} scripted\r\nconnection: close\r\n", self.status);
        if self.status != 204 {
            let length = self.body.len() + self.missing;
            write!(head, "content-length: {length}\r\n").unwrap();
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Canned>,
    seen: Vec<Seen>,
}

/// The server. Ends with the test.
pub(super) struct Coordinator {
    origin: String,
    script: Arc<Mutex<Script>>,
    asked: Arc<Notify>,
    _serving: JoinSet<()>,
}

impl Coordinator {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let mut serving = JoinSet::new();
        let asked = Arc::new(Notify::new());
        let shared = (Arc::clone(&script), Arc::clone(&asked));
        serving.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serve(stream, &shared.0, &shared.1).await;
            }
        });
        Self {
            origin,
            script,
            asked,
            _serving: serving,
        }
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Puts answers at the end of the queue. Beyond it, it says 418.
    pub(super) fn answers(&self, answers: impl IntoIterator<Item = Canned>) -> &Self {
        self.script.lock().unwrap().answers.extend(answers);
        self
    }

    /// Waits until something was asked that this did not wait for before.
    pub(super) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// What was asked so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen.clone()
    }

    /// What was asked, one line each.
    pub(super) fn lines(&self) -> Vec<String> {
        self.seen()
            .iter()
            .map(|seen| format!("{} {}", seen.method, seen.path))
            .collect()
    }
}

async fn serve(stream: TcpStream, script: &Mutex<Script>, asked: &Notify) {
    let mut stream = BufReader::new(stream);
    let Some(seen) = read(&mut stream).await else {
        return;
    };
    let answer = {
        let mut script = script.lock().unwrap();
        script.seen.push(seen);
        script.answers.pop_front()
    };
    asked.notify_one();
    let answer = answer.unwrap_or_else(|| Canned::new(418, "nothing more was scripted"));
    if !answer.hang_up {
        // A client that has gone has what it wanted.
        let _ = stream.write_all(&answer.bytes()).await;
        let _ = stream.shutdown().await;
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen {
        method,
        path,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
