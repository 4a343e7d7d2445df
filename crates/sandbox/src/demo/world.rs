use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use uuid::Uuid;

use super::{
    Options,
    control_plane::ControlPlane,
    graph::CANCELLED_FOLDER,
    process::{Process, free_address, program},
};
use crate::{Sandbox, SandboxConfig, starburst::StandinConfig, tpch};

/// How long a query of the demo runs, so that there is something to see.
const QUERY: Duration = Duration::from_millis(1500);
/// How long the queries run that are to be cancelled.
const LONG_QUERY: Duration = Duration::from_secs(3600);
/// How long the writers of a cancelled query are left to settle. The stand-in's
/// stop at once; a real cluster's need the worker's default.
const SETTLE_SECONDS: &str = "2";

/// Everything the demo starts.
pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) control_plane: ControlPlane,
    pub(super) control_plane_url: String,
    pub(super) worker_url: String,
    /// What a worker of this world is told.
    pub(super) worker_variables: Vec<(&'static str, String)>,
    /// The worker's binary.
    pub(super) worker: PathBuf,
    control_plane_process: Process,
    worker_process: Process,
    // Generated once, counted directly in the end.
    _tables: Arc<tpch::Database>,
}

impl World {
    /// Starts store and stand-in here, Control Plane and worker as processes.
    pub(super) async fn start(options: &Options, folder: &Path) -> Result<Self> {
        let worker = program(options.worker.as_deref(), "export-worker")?;
        let control_plane = program(options.control_plane.as_deref(), "export-control-plane")?;
        let scale = options.scale;
        println!(
            "TPC-H at scale {scale}: starting starburst stand-in, object store, control plane, worker"
        );
        let generated =
            tokio::task::spawn_blocking(move || tpch::Database::at_scale(scale)).await?;
        let tables =
            generated.map_err(|error| anyhow::anyhow!("generate tables: {}", error.message))?;
        let sandbox = Sandbox::start(SandboxConfig {
            starburst: StandinConfig {
                scale,
                ..StandinConfig::default()
            },
            ..SandboxConfig::default()
        })
        .await?;
        let switches = sandbox.standin().switches();
        switches.set_duration(QUERY);
        switches.set_duration_where(|sql| sql.contains(CANCELLED_FOLDER), LONG_QUERY);

        let key = Uuid::new_v4().simple().to_string();
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()?;
        let address = free_address()?;
        let control_plane_url = format!("http://{address}");
        let database = folder.join("control-plane.db");
        let mut control_plane_process = Process::start(
            "control-plane",
            &control_plane,
            &["serve"],
            &[
                ("LISTEN_ADDR", address.to_string()),
                ("SQLITE_PATH", database.display().to_string()),
                ("GRAPH_OLAP_INTERNAL_API_KEY", key.clone()),
            ],
            folder,
        )?;
        let ready = format!("{control_plane_url}/readyz");
        control_plane_process.ready(&client, &ready).await?;

        let address = free_address()?;
        let worker_url = format!("http://{address}");
        let worker_variables = vec![
            ("STARBURST_URL", sandbox.starburst_url()),
            ("STARBURST_USER", "export".to_owned()),
            ("STARBURST_CATALOG", "tpch".to_owned()),
            ("STARBURST_SCHEMA", "tiny".to_owned()),
            ("STARBURST_SETTLE_SECONDS", SETTLE_SECONDS.to_owned()),
            ("CONTROL_PLANE_URL", control_plane_url.clone()),
            ("GRAPH_OLAP_INTERNAL_API_KEY", key.clone()),
            ("STORAGE_EMULATOR_HOST", sandbox.store_url()),
            ("GCP_PROJECT", "demo".to_owned()),
        ];
        let mut variables = worker_variables.clone();
        variables.extend([
            ("LISTEN_ADDR", address.to_string()),
            ("LOG_FORMAT", "json".to_owned()),
            ("HOSTNAME", "demo-worker".to_owned()),
        ]);
        let mut worker_process = Process::start("worker", &worker, &["run"], &variables, folder)?;
        let ready = format!("{worker_url}/readyz");
        worker_process.ready(&client, &ready).await?;
        Ok(Self {
            control_plane: ControlPlane::new(client, control_plane_url.clone(), key),
            sandbox,
            control_plane_url,
            worker_url,
            worker_variables,
            worker,
            control_plane_process,
            worker_process,
            _tables: tables,
        })
    }

    /// Fails if a process has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        self.control_plane_process.check()?;
        self.worker_process.check()
    }

    /// Ends the processes, the worker first.
    pub(super) async fn stop(self) -> Result<()> {
        let worker = self.worker_process.stop().await;
        let control_plane = self.control_plane_process.stop().await;
        worker.context("stop the worker")?;
        control_plane.context("stop the control plane")
    }
}
