//! One process of a real binary: its log, its signals, its end.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
};

/// A running process. Killed when dropped.
pub struct Process {
    name: String,
    child: Child,
    log: Log,
}

/// What a process has logged so far, line by line.
#[derive(Clone)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    grown: watch::Sender<usize>,
}

impl Log {
    fn read(&self, output: impl AsyncRead + Unpin + Send + 'static) {
        let log = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                log.lines.lock().unwrap().push(line);
                log.grown.send_modify(|lines| *lines += 1);
            }
        });
    }
}

impl Process {
    /// Starts a binary with nothing in its environment but `variables`.
    pub fn start(
        name: &str,
        binary: &Path,
        arguments: &[&str],
        variables: &HashMap<String, String>,
    ) -> Self {
        let mut child = Command::new(binary)
            .args(arguments)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", binary.display()));
        let log = Log {
            lines: Arc::default(),
            grown: watch::Sender::new(0),
        };
        log.read(child.stdout.take().unwrap());
        log.read(child.stderr.take().unwrap());
        Self {
            name: name.to_owned(),
            child,
            log,
        }
    }

    /// Waits for a JSON log line that `wanted` accepts.
    pub async fn logged(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut grown = self.log.grown.subscribe();
        let mut seen = 0;
        loop {
            grown.borrow_and_update();
            let lines = self.log.lines.lock().unwrap()[seen..].to_vec();
            seen += lines.len();
            let found = lines
                .iter()
                .filter_map(|line| serde_json::from_str(line).ok())
                .find(|line| wanted(line));
            if let Some(found) = found {
                return found;
            }
            // The sender lives as long as the process is being read.
            tokio::time::timeout(std::time::Duration::from_secs(60), grown.changed())
                .await
                .unwrap_or_else(|_| panic!("{} did not log {what}:\n{}", self.name, self.text()))
                .unwrap();
        }
    }

    /// Waits until it says where it listens.
    pub async fn address(&self, field: &str) -> String {
        let line = self
            .logged("its address", |line| line.get(field).is_some())
            .await;
        line[field].as_str().unwrap().to_owned()
    }

    /// Waits until it has reached the outside and works.
    pub async fn ready(&self) {
        self.logged("that it is ready", |line| {
            line["message"] == "ready: the outside was reached"
        })
        .await;
    }

    /// Everything it has logged.
    pub fn text(&self) -> String {
        self.log.lines.lock().unwrap().join("\n")
    }

    /// What the kernel knows it by.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it still runs")
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        terminate(self.pid());
    }

    /// Ends it without a word, as a kernel does that runs out of memory.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.unwrap()
    }
}

/// Asks a process to stop.
pub fn terminate(pid: u32) {
    signal(pid, "TERM");
}

/// Sends a process a signal, by its name.
pub fn signal(pid: u32, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// The worker's binary.
pub fn worker_binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_export-worker"))
}

/// The Control Plane's binary, which is built beside the worker's.
pub fn control_plane_binary() -> PathBuf {
    let binary = worker_binary().with_file_name("export-control-plane");
    assert!(
        binary.is_file(),
        "{} is not there; build it with `cargo build --workspace --bins`",
        binary.display()
    );
    binary
}

/// Runs the worker's binary to its end, with nothing in its environment but `variables`.
pub async fn run_to_end(arguments: &[&str], variables: &HashMap<String, String>) -> Output {
    Command::new(worker_binary())
        .args(arguments)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}
