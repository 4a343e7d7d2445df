use export_api::{ExportJob, JobUpdate, WireTime};

use super::{World, poll::derived_due};
use crate::ports::ControlPlaneError;

/// Moves a job that is not due out of the way of others.
///
/// For Control Planes without leases that drop the schedule of a running query:
/// there a full page of jobs that are not due would hide the ones that are.
/// Sending `submitted` again with the same query is the one way to move
/// `next_poll_at`. It would also revive a job that ended meanwhile, so the job
/// is read once more first.
pub async fn postpone(world: &World, job: &ExportJob) -> Result<(), ControlPlaneError> {
    let Some(due) = derived_due(job) else {
        return Ok(());
    };
    let jobs = world.control_plane.snapshot_jobs(&job.snapshot_id).await?;
    let Some(current) = jobs.into_iter().find(|current| current.id == job.id) else {
        return Ok(());
    };
    let unchanged = current.status == job.status && current.next_uri == job.next_uri;
    let (true, Some(query_id), Some(next_uri), Some(submitted_at)) = (
        unchanged,
        current.starburst_query_id,
        current.next_uri,
        current.submitted_at,
    ) else {
        return Ok(());
    };
    let update = JobUpdate::Submitted {
        query_id,
        next_uri,
        next_poll_at: WireTime::ceil(due),
        poll_count: current.poll_count.unwrap_or(0),
        submitted_at,
    };
    world
        .control_plane
        .update_job(&job.id, None, update)
        .await?;
    Ok(())
}
