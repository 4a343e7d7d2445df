//! The sandbox, the reference Control Plane behind a forwarder, and workers.

use std::{collections::HashMap, path::Path, time::Duration};

use export_api::{SnapshotId, SnapshotStatus, SnapshotWithJobs};
use export_control_plane::testing::Postgres;
use export_sandbox::{
    Sandbox, SandboxConfig,
    faults::{self, Faults, Service, When},
    proxy::Upstream,
    server::Server,
    starburst::{self, QueryRecord},
};
use tempfile::TempDir;

use super::{
    api::{Caller, KEY},
    process::{Process, control_plane_binary, worker_binary},
};

/// Long beyond what any test takes: a wait that hangs ends with a reason.
const PATIENCE: Duration = Duration::from_secs(120);

/// The outside world with the reference Control Plane.
pub struct World {
    pub sandbox: Sandbox,
    pub caller: Caller,
    control_plane: Process,
    control_plane_variables: HashMap<String, String>,
    upstream: Upstream,
    front: Server,
    _directory: TempDir,
    _postgres: Option<Postgres>,
}

fn variables(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What every worker of a test is told; tests add to it.
pub fn worker_variables(sandbox: &Sandbox, control_plane: &str) -> HashMap<String, String> {
    variables(&[
        ("STARBURST_URL", &sandbox.starburst_url()),
        ("STARBURST_USER", "export"),
        ("STARBURST_CATALOG", "tpch"),
        ("STARBURST_SCHEMA", "tiny"),
        ("CONTROL_PLANE_URL", control_plane),
        ("GRAPH_OLAP_INTERNAL_API_KEY", KEY),
        ("STORAGE_EMULATOR_HOST", &sandbox.store_url()),
        ("GCP_PROJECT", "sandbox"),
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("LOG_LEVEL", "debug"),
        ("STARBURST_SETTLE_SECONDS", "1"),
    ])
}

/// Whether a query exports something: none of the checks before the work.
pub fn is_export(query: &QueryRecord) -> bool {
    query.sql.contains(".unload(")
}

/// The queries of jobs that a sandbox was sent.
pub fn exports(sandbox: &Sandbox) -> Vec<QueryRecord> {
    let queries = sandbox.standin().queries();
    queries.into_iter().filter(is_export).collect()
}

fn serve(binary: &Path, variables: &HashMap<String, String>) -> Process {
    Process::start("control plane", binary, &["serve"], variables)
}

async fn address(control_plane: &Process) -> String {
    format!("http://{}", control_plane.address("addr").await)
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(SandboxConfig::default()).await
    }

    pub async fn start_with(config: SandboxConfig) -> Self {
        Self::start_on(config, None, &control_plane_binary(), &[]).await
    }

    /// The Control Plane has more variables.
    pub async fn start_traced(more: &[(&str, &str)]) -> Self {
        let binary = control_plane_binary();
        Self::start_on(SandboxConfig::default(), None, &binary, more).await
    }

    /// The Control Plane keeps its queue in a real PostgreSQL.
    pub async fn start_on_postgres() -> Self {
        Self::start_on_postgres_with(&control_plane_binary()).await
    }

    /// The same with a Control Plane of another version.
    pub async fn start_on_postgres_with(control_plane: &Path) -> Self {
        let postgres = Postgres::start().unwrap();
        Self::start_on(SandboxConfig::default(), Some(postgres), control_plane, &[]).await
    }

    async fn start_on(
        config: SandboxConfig,
        postgres: Option<Postgres>,
        control_plane: &Path,
        more: &[(&str, &str)],
    ) -> Self {
        let sandbox = Sandbox::start(config).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (variable, value) = if let Some(postgres) = &postgres {
            ("DATABASE_URL", postgres.create_database().await.unwrap())
        } else {
            let file = directory.path().join("queue.db");
            ("SQLITE_PATH", file.to_str().unwrap().to_owned())
        };
        let mut control_plane_variables = variables(&[
            ("LISTEN_ADDR", "127.0.0.1:0"),
            (variable, &value),
            ("GRAPH_OLAP_INTERNAL_API_KEY", KEY),
        ]);
        control_plane_variables.extend(variables(more));
        let control_plane = serve(control_plane, &control_plane_variables);
        let base = address(&control_plane).await;
        let upstream = Upstream::new(&base);
        let front = sandbox.front(Service::ControlPlane, upstream.clone());
        let front = front.await.unwrap();
        Self {
            caller: Caller::new(&base),
            sandbox,
            control_plane,
            control_plane_variables,
            upstream,
            front,
            _directory: directory,
            _postgres: postgres,
        }
    }

    /// Ends the Control Plane and starts another one, of `binary` and with more
    /// variables, on its database.
    pub async fn replace_control_plane(&mut self, binary: &Path, more: &[(&str, &str)]) {
        self.control_plane.terminate();
        let status = self.control_plane.ended().await;
        assert!(status.success(), "{status}: {}", self.control_plane.text());
        let mut all = self.control_plane_variables.clone();
        all.extend(variables(more));
        self.control_plane = serve(binary, &all);
        let base = address(&self.control_plane).await;
        self.upstream.replace(&base);
        self.caller = Caller::new(&base);
    }

    pub fn faults(&self) -> &Faults {
        self.sandbox.faults()
    }

    /// Where workers find the Control Plane: behind latency and faults.
    pub fn control_plane_url(&self) -> String {
        self.front.url()
    }

    /// Starts a worker on its default settings.
    pub fn worker(&self, name: &str) -> Process {
        self.worker_with(name, &[])
    }

    /// Starts a worker with more, or other, variables.
    pub fn worker_with(&self, name: &str, more: &[(&str, &str)]) -> Process {
        self.worker_of(&worker_binary(), name, more)
    }

    /// Starts a worker of another version.
    pub fn worker_of(&self, binary: &Path, name: &str, more: &[(&str, &str)]) -> Process {
        let mut all = worker_variables(&self.sandbox, &self.control_plane_url());
        all.insert("HOSTNAME".to_owned(), name.to_owned());
        all.extend(variables(more));
        Process::start(name, binary, &["run"], &all)
    }

    /// Waits until a snapshot stands as `wanted`, looking again whenever the
    /// outside has handled a request.
    pub async fn until(
        &self,
        id: &SnapshotId,
        what: &str,
        wanted: impl Fn(&SnapshotWithJobs) -> bool,
    ) -> SnapshotWithJobs {
        let mut handled = self.faults().handled();
        let looking = async {
            loop {
                handled.borrow_and_update();
                let snapshot = self.caller.snapshot(id).await;
                if wanted(&snapshot) {
                    return snapshot;
                }
                handled.changed().await.unwrap();
            }
        };
        if let Ok(snapshot) = tokio::time::timeout(PATIENCE, looking).await {
            return snapshot;
        }
        panic!(
            "snapshot {id} is not {what}: {:#?}\n{}",
            self.caller.snapshot(id).await,
            self.control_plane.text()
        )
    }

    /// The queries of jobs: all but those of the checks before the work.
    pub fn exports(&self) -> Vec<QueryRecord> {
        exports(&self.sandbox)
    }

    /// Queries over the regions run until this is dropped.
    pub fn hold_the_regions(&self) -> starburst::Hold {
        self.sandbox
            .standin()
            .switches()
            .hold_where(|sql| sql.contains("FROM region"))
    }

    /// Stops a job before its files are counted: the second listing of its destination.
    pub fn hold_the_count(&self) -> faults::Hold {
        self.faults()
            .on(Service::Store)
            .query_contains("list-type")
            .nth(2)
            .hold(When::BeforeHandling)
    }

    /// How many queries were begun, not only registered.
    pub fn queries_begun(&self) -> usize {
        let queries = self.exports();
        queries.iter().filter(|query| query.started).count()
    }

    /// Waits until a snapshot has this status.
    pub async fn until_status(&self, id: &SnapshotId, status: SnapshotStatus) -> SnapshotWithJobs {
        self.until(id, status.as_str(), |found| found.snapshot.status == status)
            .await
    }

    /// Waits until every job of a snapshot is over.
    pub async fn until_over(&self, id: &SnapshotId) -> SnapshotWithJobs {
        let over = |found: &SnapshotWithJobs| found.jobs.iter().all(|job| job.status.is_terminal());
        self.until(id, "over", over).await
    }
}
