//! A query whose nextUri answers no more: by its id it can still be told
//! finished from failed, but it cannot be adopted while it runs.

use std::time::Duration;

use export_api::NextUri;
use tokio::time::sleep;

use super::{
    Ending, Failure, bury::bury, conclude::conclude, progress::Submission, under_way::Attempt,
};
use crate::ports::{Fate, QueryId, StarburstError};

/// Between two looks at a query that is about to finish,
const LOOK: Duration = Duration::from_secs(1);
/// so many times before it is taken for one that hangs.
const LOOKS: u32 = 30;

/// Goes on after a 410: somebody advanced the query, and may be dead since.
///
/// `None`: the coordinator does not know the query, which is to be confirmed.
pub(super) async fn after_gone(
    attempt: &Attempt<'_>,
    submission: &Submission,
) -> Result<Option<Ending>, Failure> {
    if !is_still_ours(attempt, submission).await? {
        return Ok(Some(Ending::LeaseLost));
    }
    by_id(attempt, &submission.query, Some(&submission.next_uri)).await
}

/// Goes on after a 404: the query was purged, or the request went astray.
///
/// `None`: it is to be asked for again. On the last look a query that runs all
/// the same is buried: its pages are out of reach.
pub(super) async fn after_not_found(
    attempt: &Attempt<'_>,
    submission: &Submission,
    is_last_look: bool,
) -> Result<Option<Ending>, Failure> {
    let query = &submission.query;
    match attempt.world.starburst.look_up(query).await? {
        Fate::Finished => conclude(attempt, query, None).await.map(Some),
        Fate::Failed(error) => Err(StarburstError::Query(error).into()),
        Fate::Running | Fate::Finishing if is_last_look => {
            give_up(attempt, query, Some(&submission.next_uri)).await
        }
        Fate::Running | Fate::Finishing | Fate::Unknown => Ok(None),
    }
}

/// Goes on with a query by its id alone.
///
/// `None`: the coordinator does not know it.
pub(super) async fn by_id(
    attempt: &Attempt<'_>,
    query: &QueryId,
    next_uri: Option<&NextUri>,
) -> Result<Option<Ending>, Failure> {
    let mut looks = 0;
    loop {
        match attempt.world.starburst.look_up(query).await? {
            Fate::Finished => return conclude(attempt, query, None).await.map(Some),
            Fate::Failed(error) => return Err(StarburstError::Query(error).into()),
            Fate::Unknown => return Ok(None),
            Fate::Finishing if looks < LOOKS => {
                looks += 1;
                sleep(LOOK).await;
            }
            Fate::Running | Fate::Finishing => return give_up(attempt, query, next_uri).await,
        }
    }
}

/// Leaves a running query to another attempt. Without leases another poller may
/// be the one who advanced it: then it is left alone, to end or be abandoned.
async fn give_up(
    attempt: &Attempt<'_>,
    query: &QueryId,
    next_uri: Option<&NextUri>,
) -> Result<Option<Ending>, Failure> {
    if attempt.task.token.is_none() {
        return Ok(Some(Ending::LeftAlone));
    }
    bury(attempt, query, next_uri).await?;
    Err(Failure::Orphaned(query.clone()))
}

/// Whether the job still stands as we hold it. With a lease the Control Plane
/// says so; without one the job is read again.
async fn is_still_ours(attempt: &Attempt<'_>, submission: &Submission) -> Result<bool, Failure> {
    let Attempt {
        world, task, lease, ..
    } = attempt;
    if task.token.is_some() {
        lease.renew(world).await?;
        return Ok(true);
    }
    let jobs = world.control_plane.snapshot_jobs(&task.snapshot_id).await?;
    Ok(jobs.iter().any(|job| {
        job.id == task.id
            && !job.status.is_terminal()
            && job.starburst_query_id.as_deref() == Some(submission.query.as_str())
            && job.next_uri == task.next_uri
    }))
}
