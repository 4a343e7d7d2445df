use std::{sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use export_api::{
    ClaimRequest, ClaimToken, ExportJob, JobId, JobUpdate, JobUpdated, PollableRequest, SnapshotId,
    SnapshotPatch, SnapshotStatus, SnapshotStatusAnswer,
};
use http::{Method, StatusCode};
use serde_json::Value;
use tracing::info;

use super::{
    answer::Answer,
    client::ControlPlaneClient,
    jobs,
    request::{Call, LIST_LIMIT},
};
use crate::ports::{Claimed, ControlPlane, ControlPlaneError};

/// More jobs at a time answer 422.
const MOST_JOBS: u32 = 100;
/// The largest count a first-generation Control Plane stores.
const LARGEST_COUNT: u64 = i32::MAX as u64;

#[async_trait]
impl ControlPlane for ControlPlaneClient {
    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed, ControlPlaneError> {
        let request = ClaimRequest {
            limit: request.limit.clamp(1, MOST_JOBS),
            ..request.clone()
        };
        let mut call = self.with_body(Method::POST, &["export-jobs", "claim"], &request)?;
        long_poll(&mut call, request.wait_seconds);
        self.look(&call, claimed).await
    }

    async fn pollable(&self, request: &PollableRequest) -> Result<Claimed, ControlPlaneError> {
        let mut call = self.pollable_call(request);
        long_poll(&mut call, request.wait_seconds);
        self.look(&call, claimed).await
    }

    async fn update_job(
        &self,
        job: &JobId,
        token: Option<&ClaimToken>,
        update: JobUpdate,
    ) -> Result<JobUpdated, ControlPlaneError> {
        let too_large = too_large_for_first_generation(token, &update);
        let patch = update.into_patch(token.cloned());
        let call = self.with_body(Method::PATCH, &["export-jobs", job.as_str()], &patch)?;
        self.repeated(&call, |answer| match &too_large {
            Some(error) if answer.status == StatusCode::INTERNAL_SERVER_ERROR => Err(error.clone()),
            _ => updated(answer),
        })
        .await
    }

    async fn snapshot_jobs(
        &self,
        snapshot: &SnapshotId,
    ) -> Result<Vec<ExportJob>, ControlPlaneError> {
        let call = Call {
            limit: LIST_LIMIT,
            ..self.get(&["snapshots", snapshot.as_str(), "export-jobs"])
        };
        self.repeated(&call, whole_list).await
    }

    async fn snapshot_status(
        &self,
        snapshot: &SnapshotId,
    ) -> Result<SnapshotStatus, ControlPlaneError> {
        let call = self.get(&["snapshots", snapshot.as_str(), "status"]);
        self.repeated(&call, |answer| {
            answer
                .data_as::<SnapshotStatusAnswer>()
                .map(|answer| answer.status)
        })
        .await
    }

    async fn update_snapshot(
        &self,
        snapshot: &SnapshotId,
        patch: &SnapshotPatch,
    ) -> Result<(), ControlPlaneError> {
        let status = ["snapshots", snapshot.as_str(), "status"];
        let put = self.with_body(Method::PUT, &status, patch)?;
        if !self.puts_snapshots.load(Ordering::Relaxed) {
            let call = Call {
                method: Method::PATCH,
                ..put.clone()
            };
            let taken = self
                .repeated(&call, |answer| {
                    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
                        return Ok(false);
                    }
                    stored(answer).map(|()| true)
                })
                .await?;
            if taken {
                return Ok(());
            }
            info!(
                "the control plane takes no PATCH of a snapshot's status: sending PUT from now on"
            );
            self.puts_snapshots.store(true, Ordering::Relaxed);
        }
        self.repeated(&put, stored).await
    }

    async fn check(&self) -> Result<(), ControlPlaneError> {
        // Without a worker's name it is a look only: nothing is leased.
        let call = self.pollable_call(&PollableRequest {
            limit: 1,
            worker_id: None,
            lease_seconds: None,
            wait_seconds: None,
        });
        let answer = self.send(&call).await.map_err(|failure| failure.error)?;
        claimed(answer).map(drop)
    }
}

impl ControlPlaneClient {
    fn pollable_call(&self, request: &PollableRequest) -> Call {
        let mut call = Call {
            limit: LIST_LIMIT,
            ..self.get(&["export-jobs", "pollable"])
        };
        let limit = request.limit.clamp(1, MOST_JOBS);
        {
            let mut query = call.url.query_pairs_mut();
            query.append_pair("limit", &limit.to_string());
            if let Some(worker) = &request.worker_id {
                query.append_pair("worker_id", worker);
            }
            if let Some(seconds) = request.lease_seconds {
                query.append_pair("lease_seconds", &seconds.to_string());
            }
            if let Some(seconds) = request.wait_seconds {
                query.append_pair("wait_seconds", &seconds.to_string());
            }
        }
        call
    }
}

/// A list of jobs, and the time the other side may take until there is one.
fn long_poll(call: &mut Call, wait_seconds: Option<u32>) {
    call.limit = LIST_LIMIT;
    call.timeout += Duration::from_secs(wait_seconds.unwrap_or(0).into());
}

fn claimed(answer: Answer) -> Result<Claimed, ControlPlaneError> {
    let origin = answer.bare();
    let entries = list(answer)?.ok_or_else(|| origin.unreadable("JSON without a list of jobs"))?;
    Ok(Claimed {
        jobs: jobs::read(entries),
    })
}

/// The path of a list always exists: 404 means it is not a Control Plane's.
fn list(answer: Answer) -> Result<Option<Vec<Value>>, ControlPlaneError> {
    let origin = answer.bare();
    match answer.data() {
        Ok(data) => Ok(jobs::entries(data)),
        Err(ControlPlaneError::NotFound { message }) => Err(origin.unreadable(&message)),
        Err(error) => Err(error),
    }
}

/// All jobs of a snapshot, or none: a snapshot must not be found complete for
/// want of a job that could not be read.
fn whole_list(answer: Answer) -> Result<Vec<ExportJob>, ControlPlaneError> {
    let origin = answer.bare();
    let entries = jobs::entries(answer.data()?)
        .ok_or_else(|| origin.unreadable("JSON without a list of jobs"))?;
    let expected = entries.len();
    let jobs = jobs::read(entries);
    if jobs.len() == expected {
        Ok(jobs)
    } else {
        Err(origin.unreadable("a job that cannot be read"))
    }
}

/// The answer to an update: how the snapshot stands, where it is said in a shape we know.
fn updated(answer: Answer) -> Result<JobUpdated, ControlPlaneError> {
    let mut data = answer.data()?;
    let snapshot = data
        .get_mut("snapshot")
        .map(Value::take)
        .and_then(|snapshot| serde_json::from_value(snapshot).ok());
    Ok(JobUpdated { snapshot })
}

fn stored(answer: Answer) -> Result<(), ControlPlaneError> {
    if answer.status == StatusCode::NO_CONTENT {
        return Ok(());
    }
    answer.data().map(drop)
}

/// The error that a 500 means, if the other side may be one that stores 31 bits.
/// One that gave out a token is not.
fn too_large_for_first_generation(
    token: Option<&ClaimToken>,
    update: &JobUpdate,
) -> Option<ControlPlaneError> {
    match update {
        JobUpdate::Completed {
            row_count,
            size_bytes,
            ..
        } if token.is_none() && (*row_count).max(*size_bytes) > LARGEST_COUNT => {
            Some(ControlPlaneError::CountTooLarge {
                row_count: *row_count,
                size_bytes: *size_bytes,
            })
        }
        JobUpdate::Submitted { .. }
        | JobUpdate::Running { .. }
        | JobUpdate::Completed { .. }
        | JobUpdate::Failed { .. }
        | JobUpdate::Cancelled { .. }
        | JobUpdate::GiveBack { .. }
        | JobUpdate::Heartbeat { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::request::internal;

    #[test]
    fn a_long_poll_may_take_its_wait_on_top() {
        let mut call = Call {
            method: Method::GET,
            url: internal(&"http://cp".parse().unwrap(), &["x"]),
            body: None,
            timeout: Duration::from_secs(30),
            limit: 1,
            request_id: String::new(),
        };
        long_poll(&mut call, Some(20));
        assert_eq!(call.timeout, Duration::from_secs(50));
        assert_eq!(call.limit, LIST_LIMIT);
    }
}
