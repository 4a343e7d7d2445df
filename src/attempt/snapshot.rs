use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use export_api::{
    ExportJob, JobStatus, JobType, JobUpdated, SnapshotId, SnapshotPatch, SnapshotStatus,
};

use super::{Task, World};
use crate::{
    ports::ControlPlaneError,
    telemetry::{SnapshotEnd, Step},
};

/// The newest snapshots that were seen to be past `pending`: saves a look per
/// job where the Control Plane does not say it by itself. Bounded; forgetting
/// one costs that look.
#[derive(Debug, Default)]
pub struct StartedSnapshots(Mutex<VecDeque<SnapshotId>>);

impl StartedSnapshots {
    const KEPT: usize = 64;

    fn contains(&self, snapshot: &SnapshotId) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(snapshot)
    }

    fn insert(&self, snapshot: SnapshotId) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == Self::KEPT {
            kept.pop_front();
        }
        kept.push_back(snapshot);
    }
}

/// A first query is registered: the snapshot is `creating` from now on. Where
/// the answer shows the snapshot, the Control Plane has seen to that itself.
pub(super) async fn started(world: &World, task: &Task, answer: &JobUpdated) {
    let snapshot = &task.snapshot_id;
    if answer.snapshot.is_some() || world.started_snapshots.contains(snapshot) {
        return;
    }
    let marked = async {
        if world.control_plane.snapshot_status(snapshot).await? == SnapshotStatus::Pending {
            let creating = SnapshotPatch::Creating;
            world
                .control_plane
                .update_snapshot(snapshot, &creating)
                .await?;
        }
        Ok::<_, ControlPlaneError>(())
    };
    match marked.await {
        Ok(()) => world.started_snapshots.insert(snapshot.clone()),
        // It is for show; the snapshot's end does not depend on it.
        Err(error) => tracing::warn!(%error, "snapshot not marked as creating"),
    }
}

/// A job of the snapshot is over: finalises it if it was the last, unless the answer shows that
/// there is nothing to do.
pub(super) async fn ended(world: &World, snapshot: &SnapshotId, answer: &JobUpdated) {
    if let Some(after) = &answer.snapshot
        && (after.status.is_terminal() || after.remaining_jobs > 0)
    {
        if after.status.is_terminal() && after.remaining_jobs == 0 {
            tell(world, snapshot, &after.status);
        }
        return;
    }
    match finalise(world, snapshot).await {
        Ok(Some(status)) => tell(world, snapshot, &status),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, snapshot_id = %snapshot, "snapshot not finalised"),
    }
}

fn tell(world: &World, snapshot: &SnapshotId, status: &SnapshotStatus) {
    let end = match status {
        SnapshotStatus::Ready => SnapshotEnd::Ready,
        SnapshotStatus::Failed => SnapshotEnd::Failed,
        SnapshotStatus::Cancelled => SnapshotEnd::Cancelled,
        SnapshotStatus::Pending | SnapshotStatus::Creating | SnapshotStatus::Unknown(_) => return,
    };
    world.events.snapshot_finalised(snapshot, end);
}

async fn finalise(
    world: &World,
    snapshot: &SnapshotId,
) -> Result<Option<SnapshotStatus>, ControlPlaneError> {
    let _clock = world.events.metrics().step(Step::Finalise);
    let jobs = world.control_plane.snapshot_jobs(snapshot).await?;
    let Some(patch) = outcome(&jobs) else {
        return Ok(None);
    };
    // Somebody may have cancelled it, or another worker have come first.
    if world
        .control_plane
        .snapshot_status(snapshot)
        .await?
        .is_terminal()
    {
        return Ok(None);
    }
    world
        .control_plane
        .update_snapshot(snapshot, &patch)
        .await?;
    Ok(Some(match patch {
        SnapshotPatch::Creating => SnapshotStatus::Creating,
        SnapshotPatch::Ready { .. } => SnapshotStatus::Ready,
        SnapshotPatch::Failed { .. } => SnapshotStatus::Failed,
    }))
}

/// What a snapshot's jobs make of it; `None` while one is not over.
fn outcome(jobs: &[ExportJob]) -> Option<SnapshotPatch> {
    if jobs.is_empty() || !jobs.iter().all(|job| job.status.is_terminal()) {
        return None;
    }
    let unfinished: Vec<&ExportJob> = jobs
        .iter()
        .filter(|job| job.status != JobStatus::Completed)
        .collect();
    if unfinished.is_empty() {
        return Some(SnapshotPatch::Ready {
            node_counts: counts(jobs, &JobType::Node),
            edge_counts: counts(jobs, &JobType::Edge),
            size_bytes: jobs.iter().filter_map(|job| job.size_bytes).sum(),
        });
    }
    let reasons: Vec<String> = unfinished
        .iter()
        .take(10)
        .map(|job| {
            let why = job.error_message.as_deref().unwrap_or("no reason given");
            format!("{} {}: {why}", job.job_type, job.entity_name)
        })
        .collect();
    Some(SnapshotPatch::Failed {
        error_message: format!(
            "{} of {} export jobs did not complete: {}",
            unfinished.len(),
            jobs.len(),
            reasons.join("; ")
        ),
    })
}

fn counts(jobs: &[ExportJob], of: &JobType) -> BTreeMap<String, u64> {
    jobs.iter()
        .filter(|job| job.job_type == *of)
        .map(|job| (job.entity_name.clone(), job.row_count.unwrap_or(0)))
        .collect()
}
