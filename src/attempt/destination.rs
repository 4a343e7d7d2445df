use futures::{StreamExt, TryStreamExt, stream};

use super::{Failure, JobError, Task, under_way::Attempt};
use crate::ports::StoredObject;

/// Makes sure that the destination is empty, or empties it of what earlier
/// attempts at this very job left there.
///
/// On a known first attempt anything there is somebody else's. On a later one,
/// objects younger than the job are its own debris. Nothing is deleted unless
/// everything there is debris.
pub(super) async fn clear(attempt: &Attempt<'_>) -> Result<(), Failure> {
    let Attempt { world, task, .. } = attempt;
    let mut debris = Vec::new();
    let mut objects = world.storage.list(&task.destination);
    while let Some(object) = objects.try_next().await? {
        if is_folder_marker(&object) {
            continue;
        }
        if !is_own_debris(task, &object) {
            return Err(foreign(&object).into());
        }
        debris.push(object);
    }
    purge(attempt, debris).await
}

/// Deletes objects that were found to be debris, while the lease holds.
///
/// The lease is renewed after the listing and before the first delete: what was
/// listed lay there while the folder was still this job's. A cancel, say, would
/// have given the folder away at once.
pub(super) async fn purge(attempt: &Attempt<'_>, debris: Vec<StoredObject>) -> Result<(), Failure> {
    let Attempt { world, lease, .. } = attempt;
    if debris.is_empty() {
        return Ok(());
    }
    lease.renew(world).await?;
    stream::iter(debris)
        .map(Ok::<_, Failure>)
        .try_for_each_concurrent(world.settings.count_concurrency, |object| async move {
            lease.ensure_live()?;
            tracing::info!(
                object = object.url(),
                "deleting debris of an earlier attempt"
            );
            Ok(world.storage.delete(&object).await?)
        })
        .await
}

/// The error that an object of somebody else at the destination is.
pub(super) fn foreign(object: &StoredObject) -> JobError {
    JobError::ForeignData {
        url: object.url(),
        written: object.last_modified,
    }
}

fn is_folder_marker(object: &StoredObject) -> bool {
    object.size == 0 && object.name.ends_with('/')
}

fn is_own_debris(task: &Task, object: &StoredObject) -> bool {
    !task.is_first_attempt()
        && task
            .created_at
            .is_some_and(|created_at| object.last_modified >= created_at)
}
