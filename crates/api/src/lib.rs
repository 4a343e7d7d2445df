//! `export-api`: the wire types of the Control Plane API.
//!
//! The worker and the reference Control Plane share them, so that they cannot
//! disagree. Everything the first generation of Control Planes leaves out is
//! optional here, unknown fields are ignored, and unknown statuses are kept as
//! [`JobStatus::Unknown`] and [`SnapshotStatus::Unknown`]: one odd job never
//! makes a batch unreadable.

mod answer;
mod claim;
mod folder;
mod id;
mod job;
mod next_uri;
mod snapshot;
mod time;
mod update;

pub use answer::{ApiError, Envelope, ErrorAnswer, ErrorCode, Meta};
pub use claim::{ClaimRequest, Jobs, PendingCount, PollableRequest};
pub use folder::{Folder, FolderError};
pub use id::{ClaimToken, JobId, SnapshotId};
pub use job::{ExportJob, JobStatus, JobType};
pub use next_uri::NextUri;
pub use snapshot::{
    CreatedSnapshot, NewJob, NewSnapshot, Snapshot, SnapshotPatch, SnapshotProgress,
    SnapshotStatus, SnapshotStatusAnswer, SnapshotWithJobs,
};
pub use time::WireTime;
pub use update::{JobPatch, JobUpdate, JobUpdated, PatchError, QueryStats, SnapshotAfterUpdate};

/// Header that carries the API key.
pub const API_KEY_HEADER: &str = "X-Internal-API-Key";
/// Header that carries the id of a request, passed on from service to service.
pub const REQUEST_ID_HEADER: &str = "X-Request-ID";
/// Header that names the calling component.
pub const COMPONENT_HEADER: &str = "X-Component";
/// Header that makes `POST /api/snapshots` safe to repeat.
pub const IDEMPOTENCY_KEY_HEADER: &str = "Idempotency-Key";
