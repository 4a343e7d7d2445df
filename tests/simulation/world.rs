//! Replicas of the worker in the simulated world.

use std::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use export_api::{ExportJob, JobStatus, SnapshotStatus, WireTime};
use export_worker::{
    attempt::{InFlight, Settings, Shutdown, StartedSnapshots, World},
    clock::Clock,
    config::ExportStrategy,
    poller::Poller,
    starburst::FunctionName,
    submitter::Submitter,
    telemetry::{Events, Metrics},
};
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

use super::{
    at,
    faults::{Fault, Faults},
    state::{Job, Object, QueryState, State},
};

/// Rows that every job exports.
pub const ROWS: u64 = 1000;
const PREFIX: &str = "bucket/exports/person/";
const FOREIGN: [&str; 3] = [
    "bucket/exports/person2/theirs",
    "bucket/exports/theirs",
    "bucket/exports/personal",
];

/// The outside world, shared by all replicas.
#[derive(Clone)]
pub struct SimulatedWorld {
    pub state: Arc<Mutex<State>>,
    clock: Clock,
}

/// One replica's view of the world: the same world, with faults of its own.
#[derive(Clone)]
pub struct Replica {
    world: SimulatedWorld,
    faults: Arc<Faults>,
}

impl Replica {
    /// One outside call.
    pub async fn call<T, E>(
        &self,
        name: &'static str,
        effect: impl FnOnce(&mut State, DateTime<Utc>) -> Result<T, E>,
        lost: impl FnOnce() -> E,
    ) -> Result<T, E> {
        let now = || self.world.clock.now();
        let upset = |fault| {
            let mut state = self.world.state.lock().unwrap();
            match fault {
                Fault::Cancelled => state.cancel_snapshot(),
                _ => state.expire_leases(now()),
            }
        };
        let effect = || {
            let mut state = self.world.state.lock().unwrap();
            state.advance(now());
            effect(&mut state, now())
        };
        self.faults.around(name, upset, effect, lost).await
    }
}

impl SimulatedWorld {
    /// A world with one pending job, foreign data beside its destination, and
    /// queries that run for `run_time`.
    pub fn new(run_time: Duration) -> Self {
        let began = at("2026-11-22T03:00:00Z");
        let foreign = Object {
            rows: 5,
            size: 50,
            query: String::new(),
            written: began - TimeDelta::days(1),
        };
        let job: ExportJob = serde_json::from_value(serde_json::json!({
            "id": "job-1", "snapshot_id": "snapshot-1", "job_type": "node",
            "entity_name": "Person", "status": "pending", "sql": "SELECT id FROM person",
            "column_names": ["id"], "gcs_path": format!("gs://{}", PREFIX.trim_end_matches('/')),
            "created_at": WireTime(began), "max_attempts": 5,
        }))
        .unwrap();
        let state = State {
            jobs: vec![Job {
                wire: job,
                token: 0,
                lease_until: None,
                not_before: began,
                endings: 0,
            }],
            snapshot: SnapshotStatus::Pending,
            queries: Vec::new(),
            objects: FOREIGN
                .iter()
                .map(|name| ((*name).to_owned(), foreign.clone()))
                .collect(),
            run_time: TimeDelta::from_std(run_time).unwrap(),
            query_errors: Vec::new(),
            has_anonymous_files: false,
            violations: Vec::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            clock: Clock::Anchored {
                at: began,
                since: Instant::now(),
            },
        }
    }

    /// Starts a replica of the worker, both loops, as deployed. It dies when its handle is dropped.
    pub fn start(&self, name: &str, faults: &Arc<Faults>) -> (AbortOnDropHandle<()>, Shutdown) {
        let replica = Arc::new(Replica {
            world: self.clone(),
            faults: Arc::clone(faults),
        });
        let world = Arc::new(World {
            control_plane: replica.clone(),
            starburst: replica.clone(),
            storage: replica,
            clock: self.clock,
            events: Events::new(Metrics::new().unwrap()),
            settings: Settings {
                strategy: ExportStrategy::Unload,
                unload_function: FunctionName::default(),
                settle: Duration::from_secs(10),
                lease: Duration::from_secs(60),
                count_concurrency: 4,
            },
            started_snapshots: StartedSnapshots::default(),
            in_flight: InFlight::default(),
        });
        let shutdown = Shutdown::default();
        let submitter = Submitter {
            worker_id: name.to_owned(),
            concurrency: 4,
            claim_limit: 10,
            claim_wait: Duration::ZERO,
            empty_backoff: Duration::from_secs(10),
        };
        let poller = Poller {
            worker_id: name.to_owned(),
            concurrency: 4,
            poll_limit: 10,
            poll_wait: Duration::ZERO,
            interval: Duration::from_secs(5),
            saw_unleased: AtomicBool::new(false),
        };
        let loops = (
            submitter.run(Arc::clone(&world), shutdown.clone()),
            poller.run(world, shutdown.clone()),
        );
        let task = tokio::spawn(async move {
            tokio::try_join!(loops.0, loops.1).expect("no loop panics");
        });
        (AbortOnDropHandle::new(task), shutdown)
    }

    /// Waits until the job is over, for two simulated hours at most.
    pub async fn job_over(&self) -> ExportJob {
        for _ in 0..7200 {
            sleep(Duration::from_secs(1)).await;
            let job = self.state.lock().unwrap().jobs[0].wire.clone();
            if job.status.is_terminal() {
                // Time for whatever still wants to happen.
                sleep(Duration::from_secs(120)).await;
                return job;
            }
        }
        panic!("the job does not end: {:?}", self.state.lock().unwrap());
    }

    /// What must hold however the job came to its end.
    pub fn assert_exported_once(&self, job: &ExportJob, context: &str) {
        self.assert_nothing_foreign_touched(context);
        let mut state = self.state.lock().unwrap();
        state.advance(self.clock.now());
        assert_eq!(
            job.status,
            JobStatus::Completed,
            "{context}: {:?}",
            job.error_message
        );
        assert_eq!(
            (job.row_count, job.size_bytes, job.files),
            (Some(ROWS), Some(ROWS * 10), Some(2)),
            "{context}"
        );
        assert_eq!(state.jobs[0].endings, 1, "{context}: the job ends once");
        assert_eq!(state.snapshot, SnapshotStatus::Ready, "{context}");
        let objects: Vec<(&String, &Object)> = state
            .objects
            .iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        let rows: u64 = objects.iter().map(|(_, object)| object.rows).sum();
        assert_eq!(rows, ROWS, "{context}: {objects:?}");
        let winner = job.starburst_query_id.as_deref().unwrap();
        assert!(
            objects.iter().all(|(_, object)| object.query == winner),
            "{context}: {objects:?} of {winner}"
        );
        let running = state
            .queries
            .iter()
            .filter(|query| query.state == QueryState::Running)
            .count();
        assert_eq!(running, 0, "{context}: no query is left running");
    }

    pub fn assert_nothing_foreign_touched(&self, context: &str) {
        let state = self.state.lock().unwrap();
        assert_eq!(state.violations, Vec::<String>::new(), "{context}");
        for name in FOREIGN {
            assert!(
                state.objects.contains_key(name),
                "{context}: {name} is gone"
            );
        }
    }
}
