//! Two workers and a Control Plane that have something to show: jobs that completed, failed,
//! were cancelled, and one whose query still runs.

use std::time::Duration;

use export_api::{NewJob, SnapshotStatus};
use export_sandbox::{
    SandboxConfig,
    faults::Service,
    proxy::Upstream,
    server::Server,
    starburst::{Hold, ResourceGroup, StandinConfig},
};
use http::{Method, StatusCode};

use super::{
    api::{node, regions},
    process::Process,
    world::World,
};

/// What scrapes are counted as; at Starburst there is no such endpoint.
const SCRAPES: [(Service, &str, u64); 2] = [
    (Service::ControlPlane, "GET /metrics", 1),
    (Service::Starburst, "other", WORKERS.len() as u64),
];

const WORKERS: [&str; 2] = ["worker-1", "worker-2"];

/// Long beyond what scrapes take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The processes, and a front before each of their metrics, so that scrapes can be waited for.
pub struct Live {
    pub world: World,
    workers: Vec<(Process, Server)>,
    held: Option<Hold>,
}

impl Live {
    /// Starts everything; nothing is exported yet.
    pub async fn start() -> Self {
        let group = ResourceGroup {
            name: "exports".to_owned(),
            tags: Vec::new(),
            concurrency: 2,
            max_queued: 100,
        };
        let config = SandboxConfig {
            starburst: StandinConfig {
                resource_groups: vec![group],
                ..StandinConfig::default()
            },
            ..SandboxConfig::default()
        };
        let world = World::start_with(config).await;
        let mut workers = Vec::new();
        for name in WORKERS {
            let worker = world.worker_with(name, &[("EXPORT_BUCKET", "gs://exports")]);
            let url = format!("http://{}", worker.address("address").await);
            // Only its scrapes pass here.
            let front = world
                .sandbox
                .front(Service::Starburst, Upstream::new(&url))
                .await
                .unwrap();
            workers.push((worker, front));
        }
        Self {
            world,
            workers,
            held: None,
        }
    }

    /// What Prometheus scrapes, by job: `host:port`.
    pub fn targets(&self) -> Vec<(&'static str, String)> {
        let target = |url: &str| url.trim_start_matches("http://").to_owned();
        let workers = self.workers.iter();
        workers
            .map(|(_, front)| ("worker", target(&front.url())))
            .chain([("control-plane", target(&self.world.control_plane_url()))])
            .collect()
    }

    /// Waits until each target was scraped at least twice more: what it showed before is stored then.
    pub async fn scraped(&self) {
        let faults = self.world.faults();
        for (service, endpoint, targets) in SCRAPES {
            let wanted = faults.count(service, endpoint) + 2 * targets;
            let called = faults.called(service, endpoint, wanted);
            let in_time = tokio::time::timeout(PATIENCE, called).await.is_ok();
            assert!(in_time, "not scraped: {:?}", faults.counts(service));
        }
    }

    /// Has jobs exported, well and badly; one query goes on running.
    pub async fn work(&mut self) {
        let world = &self.world;
        self.held = Some(world.hold_the_regions());
        world.caller.submit(vec![regions("Region", "held")]).await;
        let cancelled = world
            .caller
            .submit(vec![regions("Region", "cancelled")])
            .await;
        world.caller.cancel(&cancelled).await;
        // One report gets lost on its way, one caller asks for nonsense.
        world
            .faults()
            .on(Service::ControlPlane)
            .method(Method::PATCH)
            .answer(StatusCode::SERVICE_UNAVAILABLE, "");
        assert!(
            world
                .caller
                .try_submit(Vec::new())
                .await
                .status()
                .is_client_error()
        );
        let nations: Vec<NewJob> = (0..4).map(nation).collect();
        let good = world.caller.submit(nations).await;
        let mut nonsense = nation(9);
        "SELECT nobody FROM nowhere".clone_into(&mut nonsense.sql);
        let bad = world.caller.submit(vec![nonsense]).await;
        world.until_status(&good, SnapshotStatus::Ready).await;
        world.until_status(&bad, SnapshotStatus::Failed).await;
    }

    /// What worker and Control Plane expose now.
    pub async fn expositions(&self) -> [String; 2] {
        let worker = self.workers[0].1.url();
        let control_plane = self.world.control_plane_url();
        [exposition(&worker).await, exposition(&control_plane).await]
    }
}

async fn exposition(base: &str) -> String {
    let answer = reqwest::get(format!("{base}/metrics")).await.unwrap();
    answer.error_for_status().unwrap().text().await.unwrap()
}

fn nation(number: usize) -> NewJob {
    node(
        &format!("Nation{number}"),
        &["nationkey", "name"],
        "SELECT nationkey, name FROM nation",
        &format!("nations/{number}"),
    )
}
