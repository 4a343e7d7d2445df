//! What the check of a coordinator makes of clusters that are new, full or stuck.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use export_api::{NextUri, QueryStats};
use tokio::time::Instant;

use super::*;
use crate::ports::{
    Fate, Page, Phase, QueryError, QueryId, QueryState, Registered, Starburst, StarburstError,
    Statement,
};

/// A cluster on which every query stays as it is, or ends at once with an error.
struct Cluster {
    phase: Phase,
    error: Option<&'static str>,
    is_cut_off: bool,
    cancelled: AtomicUsize,
}

impl Cluster {
    fn stuck(phase: Phase) -> Self {
        Self {
            phase,
            error: None,
            is_cut_off: false,
            cancelled: AtomicUsize::new(0),
        }
    }

    fn failing(name: &'static str) -> Self {
        Self {
            error: Some(name),
            ..Self::stuck(Phase::Draining)
        }
    }

    /// Takes queries, and then is not heard of again.
    fn cut_off() -> Self {
        Self {
            is_cut_off: true,
            ..Self::stuck(Phase::Waiting)
        }
    }

    fn cancelled(&self) -> usize {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Starburst for Cluster {
    async fn register(&self, _: &Statement) -> Result<Registered, StarburstError> {
        Ok(Registered {
            query_id: QueryId::new("q1"),
            next_uri: NextUri::new("http://cluster/1"),
        })
    }

    async fn follow(&self, next_uri: &NextUri) -> Result<Page, StarburstError> {
        // A coordinator holds a page for about a second.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        if self.is_cut_off {
            return Err(StarburstError::Busy {
                status: 503,
                retry_after: None,
            });
        }
        Ok(Page {
            next_uri: self.error.is_none().then(|| next_uri.clone()),
            phase: self.phase,
            state: QueryState::Queued,
            has_data: false,
            error: self.error.map(|name| QueryError {
                name: name.to_owned(),
                error_type: "INSUFFICIENT_RESOURCES".to_owned(),
                code: 131_074,
                message: "Too many queued queries".to_owned(),
                location: None,
            }),
            stats: QueryStats::default(),
        })
    }

    async fn cancel(&self, _: &QueryId, _: Option<&NextUri>) -> Result<(), StarburstError> {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn look_up(&self, _: &QueryId) -> Result<Fate, StarburstError> {
        panic!("a check looks nothing up")
    }

    async fn run(&self, _: &Statement) -> Result<Vec<Vec<serde_json::Value>>, StarburstError> {
        panic!("a check follows its query itself")
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_whose_queries_wait_for_their_turn_is_reached_and_ours_taken_back() {
    let cluster = Cluster::stuck(Phase::Waiting);
    let begun = Instant::now();
    let says = starburst(&cluster).await.unwrap();
    assert!(says.contains("has queries waiting"), "{says}");
    assert_eq!((begun.elapsed().as_secs(), cluster.cancelled()), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_with_a_full_queue_is_reached() {
    let cluster = Cluster::failing("QUERY_QUEUE_FULL");
    let says = starburst(&cluster).await.unwrap();
    assert!(says.contains("but is full: "), "{says}");
    assert!(says.contains("QUERY_QUEUE_FULL"), "{says}");
    assert_eq!(cluster.cancelled(), 0, "it is over by itself");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_worker_nodes_is_not_reached() {
    for error in [
        "NO_NODES_AVAILABLE",
        // "Insufficient active worker nodes. Waited 5.00m for at least 1 workers …"
        "GENERIC_INSUFFICIENT_RESOURCES",
        "SERVER_STARTING_UP",
        "QUERY_REJECTED",
    ] {
        let says = starburst(&Cluster::failing(error)).await.unwrap_err();
        assert!(says.contains(error), "{says}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_that_does_not_end_says_so_and_is_taken_back() {
    for phase in [Phase::HandOver, Phase::Running] {
        let cluster = Cluster::stuck(phase);
        let says = starburst(&cluster).await.unwrap_err();
        assert!(says.contains("did not end within 60 s"), "{says}");
        assert_eq!(cluster.cancelled(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_whose_page_is_not_answered_is_taken_back() {
    let cluster = Cluster::cut_off();
    let says = starburst(&cluster).await.unwrap_err();
    assert!(says.contains("status 503"), "{says}");
    assert_eq!(cluster.cancelled(), 1);
}
