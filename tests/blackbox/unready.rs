//! A worker that waits for the outside: what it says of it, and to whom.

use std::collections::HashMap;

use export_api::{JobStatus, SnapshotId, SnapshotStatus};
use export_sandbox::faults::Service;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::{
    api::regions,
    process::{Process, run_to_end, worker_binary},
    world::{World, worker_variables},
};

/// Tries after which a reason that is logged at every one would have been logged again.
const TRIES: u64 = 3;

/// A worker with a job to do and something in its way.
pub struct Unready<'a> {
    world: &'a World,
    variables: HashMap<String, String>,
    pub worker: Process,
    base: String,
    job: SnapshotId,
}

impl<'a> Unready<'a> {
    /// Starts it, with variables that put something in its way.
    pub async fn start(world: &'a World, more: &[(&str, &str)]) -> Self {
        let job = world.caller.submit(vec![regions("Region", "later")]).await;
        let mut variables = worker_variables(&world.sandbox, &world.control_plane_url());
        for (name, value) in more {
            // A file takes the place of the variable.
            variables.remove(name.trim_end_matches("_FILE"));
            variables.insert((*name).to_owned(), (*value).to_owned());
        }
        let worker = Process::start("worker", &worker_binary(), &["run"], &variables);
        let base = format!("http://{}", worker.address("address").await);
        Self {
            world,
            variables,
            worker,
            base,
            job,
        }
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("{}{path}", self.base)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// One series of `/metrics`.
    pub async fn metric(&self, series: &str) -> u64 {
        let (_, text) = self.get("/metrics").await;
        let begin = format!("{series} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&begin));
        value
            .unwrap_or_else(|| panic!("no {series}:\n{text}"))
            .parse()
            .unwrap()
    }

    pub async fn boundary_up(&self, boundary: &str) -> u64 {
        let series = format!("export_worker_boundary_up{{boundary=\"{boundary}\"}}");
        self.metric(&series).await
    }

    /// The reason it logs for a boundary, once it was tried so often that a
    /// worker without restraint would have logged it again.
    pub async fn reason(&self, boundary: &str) -> String {
        let about = |line: &Value| line["boundary"] == boundary;
        self.worker
            .logged("that it goes on trying", |line| {
                about(line) && line["tries"].as_u64() >= Some(TRIES)
            })
            .await;
        let lines = self.worker.text();
        let reasons: Vec<String> = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| about(line) && line["level"] == "WARN")
            .map(|line| line["reason"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(reasons.len(), 1, "{lines}");
        reasons[0].clone()
    }

    /// Asserts that it waits for a boundary, and that log, `/readyz`, metrics and
    /// doctor (in the line of this name) agree on the reason.
    pub async fn assert_waits(&self, boundary: &str, doctor: &str, says: &[&str]) {
        let reason = self.reason(boundary).await;
        for part in says {
            assert!(reason.contains(part), "{part}: {reason}");
        }
        let (status, reasons) = self.get("/readyz").await;
        assert_eq!(status, 503);
        let named = |line: &str| {
            line.split_once(": ")
                .is_some_and(|(_, says)| says == reason)
        };
        assert!(reasons.lines().any(named), "{reason}: {reasons}");
        assert_eq!(self.get("/healthz").await.0, 200);
        assert_eq!(self.metric("export_worker_ready").await, 0);
        assert_eq!(self.boundary_up(boundary).await, 0);

        let output = run_to_end(&["doctor"], &self.variables).await;
        let report = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{report}");
        let line = format!("{:<8} {doctor:<14} {reason}", "failed");
        assert!(
            report.lines().any(|found| found == line),
            "{line}\n{report}"
        );
        self.assert_idle().await;
    }

    /// Asserts that it has claimed and leased nothing.
    pub async fn assert_idle(&self) {
        let claim = "POST /api/internal/export-jobs/claim";
        let claims = self.world.faults().count(Service::ControlPlane, claim);
        assert_eq!(claims, 0, "{}", self.worker.text());
        let found = self.world.caller.snapshot(&self.job).await;
        assert_eq!(found.jobs[0].status, JobStatus::Pending);
        assert!(!self.worker.text().contains("loop_name"));
    }

    /// Asserts that it becomes ready by itself and does its job.
    pub async fn assert_goes_on(&self) {
        self.worker.ready().await;
        let over = self
            .world
            .until_status(&self.job, SnapshotStatus::Ready)
            .await;
        assert_eq!(over.jobs[0].row_count, Some(5));
        assert_eq!(self.get("/readyz").await, (200, "ready\n".to_owned()));
        assert_eq!(self.metric("export_worker_ready").await, 1);
        for boundary in ["control_plane", "starburst", "storage"] {
            assert_eq!(self.boundary_up(boundary).await, 1, "{boundary}");
        }
    }
}

/// An address at which nobody listens, until somebody is put there.
pub struct Gap {
    address: std::net::SocketAddr,
}

impl Gap {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on connections lead to the service at `url`.
    pub async fn close_by(&self, url: &str) {
        let upstream = url.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind(self.address).await.unwrap();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut far = TcpStream::connect(&upstream).await.unwrap();
                tokio::spawn(async move {
                    // However it ends, its peers notice.
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
    }
}
