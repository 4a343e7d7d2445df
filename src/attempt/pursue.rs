use std::time::Duration;

use export_api::NextUri;
use tokio::time::sleep;

use super::{
    Ending, Failure, Shutdown, Task, World,
    bury::bury,
    conclude::conclude,
    lease::Lease,
    progress::{Progress, Submission},
    sprint::{Sprint, sprint},
};
use crate::{
    ports::{Fate, QueryId, StarburstError},
    telemetry::Step,
};

/// A 404 may be a gateway that misrouted: it is believed after this many more,
const CONFIRMATIONS: u32 = 4;
/// this far apart, 60 s in all.
const CONFIRM_AFTER: Duration = Duration::from_secs(15);
/// Between two looks at a query that is about to finish,
const LOOK: Duration = Duration::from_secs(1);
/// so many times before it is taken for one that hangs.
const LOOKS: u32 = 30;

/// Follows a persisted query as far as it goes now: to its end and the count of
/// its files, or to where the next poller takes over. `first_step` names the
/// first GET: the kick, or a poll.
pub(super) async fn pursue(
    world: &World,
    shutdown: &Shutdown,
    task: &Task,
    lease: &Lease<'_>,
    progress: &Progress,
    first_step: Step,
) -> Result<Ending, Failure> {
    let mut missed = 0;
    loop {
        let result = sprint(world, shutdown, progress, first_step).await;
        let Some(submission) = progress.submission() else {
            return Err(Failure::NoQuery);
        };
        match result {
            Ok(Sprint::Over(stats)) => {
                return conclude(world, task, lease, progress, &submission.query, Some(stats))
                    .await;
            }
            Ok(Sprint::Parked) => return Ok(submission.park(world.clock.now())),
            Err(StarburstError::Gone) => {
                if !is_still_ours(world, task, lease, &submission).await? {
                    return Ok(Ending::LeaseLost);
                }
                match fate_without_token(
                    world,
                    task,
                    lease,
                    progress,
                    &submission.query,
                    Some(&submission.next_uri),
                )
                .await?
                {
                    Some(ending) => return Ok(ending),
                    None if missed == CONFIRMATIONS => {
                        return Err(Failure::Forgotten(submission.query));
                    }
                    None => {}
                }
            }
            Err(StarburstError::NotFound) => {
                match world.starburst.look_up(&submission.query).await? {
                    Fate::Finished => {
                        return conclude(world, task, lease, progress, &submission.query, None)
                            .await;
                    }
                    Fate::Failed(error) => return Err(StarburstError::Query(error).into()),
                    Fate::Running | Fate::Finishing if missed == CONFIRMATIONS => {
                        bury(world, &submission.query, Some(&submission.next_uri)).await?;
                        return Err(Failure::Orphaned(submission.query));
                    }
                    Fate::Unknown if missed == CONFIRMATIONS => {
                        return Err(Failure::Forgotten(submission.query));
                    }
                    Fate::Running | Fate::Finishing | Fate::Unknown => {}
                }
            }
            Err(error) => return Err(error.into()),
        }
        missed += 1;
        sleep(CONFIRM_AFTER).await;
    }
}

/// Goes on with a query whose nextUri was lost: by its id it can still be told
/// finished from failed, but not be adopted while it runs.
///
/// `None`: the coordinator does not know it, which is to be confirmed.
pub(super) async fn fate_without_token(
    world: &World,
    task: &Task,
    lease: &Lease<'_>,
    progress: &Progress,
    query: &QueryId,
    next_uri: Option<&NextUri>,
) -> Result<Option<Ending>, Failure> {
    let mut looks = 0;
    loop {
        match world.starburst.look_up(query).await? {
            Fate::Finished => {
                return conclude(world, task, lease, progress, query, None)
                    .await
                    .map(Some);
            }
            Fate::Failed(error) => return Err(StarburstError::Query(error).into()),
            Fate::Unknown => return Ok(None),
            Fate::Finishing if looks < LOOKS => {
                looks += 1;
                sleep(LOOK).await;
            }
            // Without leases another poller may be the one who advanced it.
            Fate::Running | Fate::Finishing if task.token.is_none() => {
                return Ok(Some(Ending::LeftAlone));
            }
            Fate::Running | Fate::Finishing => {
                bury(world, query, next_uri).await?;
                return Err(Failure::Orphaned(query.clone()));
            }
        }
    }
}

/// Whether the job still stands as we hold it. With a lease the Control Plane
/// says so; without one the job is read again.
async fn is_still_ours(
    world: &World,
    task: &Task,
    lease: &Lease<'_>,
    submission: &Submission,
) -> Result<bool, Failure> {
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
