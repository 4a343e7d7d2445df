//! Two versions of the worker side by side on one Control Plane, and a Control Plane
//! that is replaced under them: the release before this one, built from the history
//! by `make tools`, and this one.

mod handovers;

use std::path::{Path, PathBuf};

use export_api::{ExportJob, JobStatus, NewJob, SnapshotId, SnapshotStatus, SnapshotWithJobs};
use export_sandbox::starburst::Hold;

use super::{
    api::node,
    exactly_once::account,
    process::{Process, control_plane_binary, worker_binary},
    tool::repository,
    world::World,
};
use handovers::{Handover, handovers};

/// A version of the worker.
#[derive(Clone, Copy)]
enum Version {
    Old,
    New,
}

impl Version {
    fn worker(self) -> PathBuf {
        match self {
            Self::Old => previous_release("export-worker"),
            Self::New => worker_binary(),
        }
    }
}

const SETTINGS: [(&str, &str); 4] = [
    ("LEASE_SECONDS", "5"),
    ("CLAIM_WAIT_SECONDS", "1"),
    ("EMPTY_POLL_BACKOFF_SECONDS", "1"),
    ("POLL_INTERVAL_SECONDS", "1"),
];

fn previous_release(binary: &str) -> PathBuf {
    let binary = repository()
        .join(".tools/previous-release/bin")
        .join(binary);
    assert!(
        binary.is_file(),
        "{} is not there; run `make tools`",
        binary.display()
    );
    binary
}

/// Snapshots are named by the stage they are submitted in. Their first jobs run
/// through; the queries of the others run until they are let go.
struct Drill {
    world: World,
    snapshots: Vec<SnapshotId>,
    hold: Option<Hold>,
}

const FREE: usize = 4;
const HELD: usize = 4;

fn jobs(stage: &str) -> Vec<NewJob> {
    let job = |number| {
        let kind = if number < FREE { "free" } else { "held" };
        let folder = format!("{stage}/{kind}-{number}");
        let sql = "SELECT nationkey, name FROM nation";
        node(
            &format!("Nation{number}"),
            &["nationkey", "name"],
            sql,
            &folder,
        )
    };
    (0..FREE + HELD).map(job).collect()
}

impl Drill {
    async fn begin(control_plane: &Path) -> Self {
        let world = World::start_on_postgres_with(control_plane).await;
        world.sandbox.standin().warm_up().await.unwrap();
        world.faults().keep_log(100_000);
        let mut drill = Self {
            world,
            snapshots: Vec::new(),
            hold: None,
        };
        drill.hold();
        drill
    }

    /// From now on, queries of held jobs run on.
    fn hold(&mut self) {
        let switches = self.world.sandbox.standin().switches();
        self.hold = Some(switches.hold_where(|sql| sql.contains("/held-")));
    }

    fn start(&self, version: Version, name: &str, more: &[(&str, &str)]) -> Process {
        let variables = [&SETTINGS[..], more].concat();
        self.world.worker_of(&version.worker(), name, &variables)
    }

    /// Tells a worker to go, and waits until it has gone in good order.
    async fn stop(&self, mut worker: Process) {
        worker.terminate();
        let status = worker.ended().await;
        assert!(status.success(), "{status}: {}", worker.text());
    }

    /// Submits a snapshot and waits until half of its jobs are exported, and the
    /// queries of the other half run and are between two polls.
    async fn bring_under_way(&mut self, stage: &str) -> SnapshotId {
        let id = self.world.caller.submit(jobs(stage)).await;
        self.snapshots.push(id.clone());
        let under_way = |found: &SnapshotWithJobs| {
            let (free, held) = found.jobs.split_at(FREE);
            let runs =
                |job: &ExportJob| job.status == JobStatus::Submitted && job.poll_count > Some(0);
            free.iter().all(|job| job.status == JobStatus::Completed) && held.iter().all(runs)
        };
        self.world.until(&id, "half done", under_way).await;
        id
    }

    /// Lets the held queries go on, and waits until their jobs are completed.
    async fn let_go(&mut self) {
        self.hold = None;
        for id in &self.snapshots {
            self.world.until_status(id, SnapshotStatus::Ready).await;
        }
    }

    /// Who submitted and who reported the held jobs of a snapshot.
    async fn handovers(&self, id: &SnapshotId) -> Vec<Handover> {
        let found = self.world.caller.snapshot(id).await;
        let held: Vec<_> = found.jobs[FREE..]
            .iter()
            .map(|job| job.id.clone())
            .collect();
        handovers(self.world.faults(), &held)
    }

    /// Every job was exported once, by one query that ran once.
    async fn assert_exactly_once(&self) {
        let account = account(&self.world, &self.snapshots).await;
        println!("upgrade: {account}");
        let jobs = self.snapshots.len() * (FREE + HELD);
        assert_eq!((account.jobs, account.queries), (jobs, jobs), "{account}");
        assert_eq!(
            account.retried, 0,
            "an orderly roll costs no attempt: {account}"
        );
    }
}

fn handover(submitted_by: &str, reported_by: &str) -> Vec<Handover> {
    let handover = Handover {
        submitted_by: format!("export-worker/{submitted_by}"),
        reported_by: format!("export-worker/{reported_by}"),
    };
    vec![handover; HELD]
}

const OLD: &str = "0.1.0";
const NEW: &str = env!("CARGO_PKG_VERSION");

#[tokio::test]
async fn everything_is_upgraded_piece_by_piece_and_rolled_back_while_jobs_are_under_way() {
    let mut drill = Drill::begin(&previous_release("export-control-plane")).await;
    let olds = [
        drill.start(Version::Old, "old-1", &[]),
        drill.start(Version::Old, "old-2", &[]),
    ];
    let before = drill.bring_under_way("before").await;

    let new = control_plane_binary();
    drill.world.replace_control_plane(&new, &[]).await;
    let on_new_tables = drill.bring_under_way("on-new-tables").await;

    let mut news = Vec::new();
    for (number, old) in olds.into_iter().enumerate() {
        news.push(drill.start(Version::New, &format!("new-{number}"), &[]));
        drill.bring_under_way(&format!("upgrading-{number}")).await;
        drill.stop(old).await;
    }
    drill.let_go().await;
    for id in [before, on_new_tables] {
        assert_eq!(drill.handovers(&id).await, handover(OLD, NEW));
    }

    drill.hold();
    let upgraded = drill.bring_under_way("upgraded").await;
    let mut back = Vec::new();
    for (number, new) in news.into_iter().enumerate() {
        back.push(drill.start(Version::Old, &format!("back-{number}"), &[]));
        drill.bring_under_way(&format!("back-{number}")).await;
        drill.stop(new).await;
    }
    let old = previous_release("export-control-plane");
    let on_tables_of_the_new = [("NO_MIGRATE", "true")];
    let replacing = drill
        .world
        .replace_control_plane(&old, &on_tables_of_the_new);
    replacing.await;
    drill.bring_under_way("all-back").await;
    drill.let_go().await;
    assert_eq!(drill.handovers(&upgraded).await, handover(NEW, OLD));
    drill.assert_exactly_once().await;
}

/// One version claims and submits, the other one polls and reports, both alive.
async fn assert_side_by_side(drill: &mut Drill, submits: (Version, &str), polls: (Version, &str)) {
    let stage = format!("{}-to-{}", submits.1, polls.1);
    let submitter = drill.start(
        submits.0,
        &format!("{stage}-submitter"),
        &[("ROLE", "submitter")],
    );
    let poller = drill.start(polls.0, &format!("{stage}-poller"), &[("ROLE", "poller")]);
    drill.hold();
    let id = drill.bring_under_way(&stage).await;
    drill.let_go().await;
    assert_eq!(drill.handovers(&id).await, handover(submits.1, polls.1));
    drill.stop(submitter).await;
    drill.stop(poller).await;
}

async fn both_versions_finish_what_the_other_began(control_plane: &Path) {
    let mut drill = Drill::begin(control_plane).await;
    let (old, new) = ((Version::Old, OLD), (Version::New, NEW));
    assert_side_by_side(&mut drill, old, new).await;
    assert_side_by_side(&mut drill, new, old).await;
    assert_side_by_side(&mut drill, new, new).await;
    drill.assert_exactly_once().await;
}

#[tokio::test]
async fn both_versions_finish_what_the_other_began_on_the_control_plane_before() {
    both_versions_finish_what_the_other_began(&previous_release("export-control-plane")).await;
}

#[tokio::test]
async fn both_versions_finish_what_the_other_began_on_this_control_plane() {
    both_versions_finish_what_the_other_began(&control_plane_binary()).await;
}
