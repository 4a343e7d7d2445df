//! The gauges of the queue: what the last look at the store saw, aged to the moment of the scrape.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::{
    JOBS, OLDEST_JOB_SECONDS, SNAPSHOT_AGE_SECONDS, SNAPSHOT_IDLE_SECONDS, SNAPSHOT_JOBS,
    SNAPSHOTS, family::Family,
};
use crate::{clock::Clock, store::QueueView};

const FAMILIES: [&Family; 6] = [
    &JOBS,
    &OLDEST_JOB_SECONDS,
    &SNAPSHOTS,
    &SNAPSHOT_IDLE_SECONDS,
    &SNAPSHOT_AGE_SECONDS,
    &SNAPSHOT_JOBS,
];

/// The queue as the store had it, or nothing where it did not answer: its series are
/// gone then, for an old number would pass for a new one.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    seen: Arc<Mutex<Option<QueueView>>>,
    clock: Clock,
}

impl Queue {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            seen: Arc::default(),
            clock,
        }
    }

    pub(super) fn show(&self, view: Option<QueueView>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = view;
    }
}

impl Collector for Queue {
    fn desc(&self) -> Vec<&Desc> {
        // A collector without descriptions is one whose series come and go.
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(view) = seen.as_ref() else {
            return Vec::new();
        };
        gather(view, self.clock.now()).unwrap_or_else(|error| {
            tracing::error!(%error, "cannot show the queue");
            Vec::new()
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a double; counts of jobs are far below 2^53"
)]
fn gather(view: &QueueView, now: DateTime<Utc>) -> Result<Vec<MetricFamily>, prometheus::Error> {
    let [jobs, oldest, snapshots, idle, age, of_snapshot] = {
        let mut gauges = Vec::with_capacity(FAMILIES.len());
        for family in FAMILIES {
            gauges.push(family.loose()?);
        }
        <[_; 6]>::try_from(gauges)
            .map_err(|_| prometheus::Error::Msg("a family too many".to_owned()))?
    };
    // A job that comes due later, or was stamped by a clock ahead of ours, waits for nothing yet.
    let since = |instant: Option<DateTime<Utc>>| {
        instant.map_or(0.0, |instant| {
            (now - instant).to_std().unwrap_or_default().as_secs_f64()
        })
    };
    for (status, count, first) in [
        ("pending", view.live.pending, view.oldest.pending),
        ("claimed", view.live.claimed, view.oldest.claimed),
        ("submitted", view.live.submitted, view.oldest.submitted),
    ] {
        jobs.with_label_values(&[status]).set(count as f64);
        oldest.with_label_values(&[status]).set(since(first));
    }
    for (status, count) in [
        ("pending", view.snapshots.pending),
        ("creating", view.snapshots.creating),
    ] {
        snapshots.with_label_values(&[status]).set(count as f64);
    }
    idle.with_label_values::<&str>(&[])
        .set(since(view.idle_since));
    for snapshot in &view.first_snapshots {
        let id = snapshot.id.as_str();
        age.with_label_values(&[id])
            .set(since(Some(snapshot.created_at)));
        let progress = &snapshot.progress;
        for (status, count) in [
            ("pending", progress.pending),
            ("claimed", progress.claimed),
            ("submitted", progress.submitted),
            ("completed", progress.completed),
            ("failed", progress.failed),
            ("cancelled", progress.cancelled),
        ] {
            of_snapshot
                .with_label_values(&[id, status])
                .set(count as f64);
        }
    }
    let gauges = [jobs, oldest, snapshots, idle, age, of_snapshot];
    Ok(gauges.iter().flat_map(Collector::collect).collect())
}
