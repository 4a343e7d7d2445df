use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{InFlight, StartedSnapshots};
use crate::{
    clock::Clock,
    config::ExportStrategy,
    ports::{ControlPlane, Starburst, Storage},
    starburst::FunctionName,
    telemetry::Events,
};

/// All that an attempt can reach: the outside through its ports, and its settings.
pub struct World {
    /// The job queue.
    pub control_plane: Arc<dyn ControlPlane>,
    /// The coordinator.
    pub starburst: Arc<dyn Starburst>,
    /// The object store.
    pub storage: Arc<dyn Storage>,
    /// Tells the time.
    pub clock: Clock,
    /// Log lines and metrics of state transitions.
    pub events: Events,
    /// Settings.
    pub settings: Settings,
    /// Snapshots that were seen to be past `pending`.
    pub started_snapshots: StartedSnapshots,
    /// Jobs without a lease that this process works on.
    pub in_flight: InFlight,
}

/// Settings of an attempt.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How a query's result becomes files.
    pub strategy: ExportStrategy,
    /// The UNLOAD table function's name.
    pub unload_function: FunctionName,
    /// How long writers of a cancelled query are left to settle.
    pub settle: Duration,
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
    /// Footers read at once, per job.
    pub count_concurrency: usize,
}

/// The two steps of a shutdown.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// No new work; what is under way comes to a good place to stop.
    pub stopping: CancellationToken,
    /// Grace is over: hand over what is left.
    pub aborting: CancellationToken,
}
