use std::{
    future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use export_api::JobUpdate;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Failure, Task, World};
use crate::{
    clock::whole_seconds,
    ports::{ControlPlaneError, ErrorKind},
};

/// The right to work on a job, while it lasts.
///
/// The Control Plane fences writes to itself by the token. What it cannot
/// fence, deleting objects, asks [`Lease::ensure_live`] first.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    task: &'a Task,
    length: Duration,
    expires: Mutex<Instant>,
}

impl<'a> Lease<'a> {
    /// A lease that was just handed out. A job without a token never expires
    /// on our side: its Control Plane knows no leases.
    pub(super) fn new(world: &World, task: &'a Task) -> Self {
        Self {
            task,
            length: world.settings.lease,
            expires: Mutex::new(Instant::now() + world.settings.lease),
        }
    }

    /// Fails if no heartbeat was answered for as long as the lease holds.
    pub(super) fn ensure_live(&self) -> Result<(), Failure> {
        let expires = *self.expires.lock().unwrap_or_else(PoisonError::into_inner);
        if self.task.token.is_some() && Instant::now() >= expires {
            return Err(ControlPlaneError::LeaseLost.into());
        }
        Ok(())
    }

    /// Asks the Control Plane whether the lease still holds, and renews it. A
    /// job without a token has none to lose.
    pub(super) async fn renew(&self, world: &World) -> Result<(), Failure> {
        if self.task.token.is_none() {
            return Ok(());
        }
        let asked = Instant::now();
        let heartbeat = JobUpdate::Heartbeat {
            lease_seconds: whole_seconds(self.length),
        };
        world
            .control_plane
            .update_job(&self.task.id, self.task.token.as_ref(), heartbeat)
            .await?;
        *self.expires.lock().unwrap_or_else(PoisonError::into_inner) = asked + self.length;
        Ok(())
    }

    /// Renews the lease three times within its length, until it is lost. Never
    /// returns for a job without a lease.
    pub(super) async fn keep(&self, world: &World) -> Failure {
        if self.task.token.is_none() {
            return future::pending().await;
        }
        loop {
            sleep(self.length / 3).await;
            // A heartbeat that is not answered in time is as good as none.
            let expires = *self.expires.lock().unwrap_or_else(PoisonError::into_inner);
            match timeout_at(expires, self.renew(world)).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) if failure.kind() == ErrorKind::LeaseLost => return failure,
                Ok(Err(failure)) => tracing::warn!(error = %failure, "heartbeat failed"),
                Err(_) => return ControlPlaneError::LeaseLost.into(),
            }
        }
    }
}
