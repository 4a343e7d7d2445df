//! Which version wrote what, by the User-Agent of the requests that the Control
//! Plane was sent.

use std::collections::HashMap;

use export_api::JobId;
use export_sandbox::faults::{Faults, Logged, Service};
use http::{Method, header};
use serde_json::Value;

/// Who brought a job to Starburst, and who reported it completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub submitted_by: String,
    pub reported_by: String,
}

/// Of each of these jobs, in their order; all must be completed.
pub fn handovers(faults: &Faults, jobs: &[JobId]) -> Vec<Handover> {
    let mut writers: HashMap<(String, String), String> = HashMap::new();
    for request in faults.log() {
        if let Some((job, status, writer)) = write(&request) {
            writers.insert((job, status), writer);
        }
    }
    let writer = |job: &JobId, status: &str| {
        let written = (job.to_string(), status.to_owned());
        let writer = writers.get(&written);
        writer
            .unwrap_or_else(|| panic!("nobody wrote {written:?}"))
            .clone()
    };
    let handover = |job| Handover {
        submitted_by: writer(job, "submitted"),
        reported_by: writer(job, "completed"),
    };
    jobs.iter().map(handover).collect()
}

/// A job, the status it is given, and by whom.
fn write(request: &Logged) -> Option<(String, String, String)> {
    if request.service != Service::ControlPlane || request.method != Method::PATCH {
        return None;
    }
    let job = request.path.strip_prefix("/api/internal/export-jobs/")?;
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let status = body["status"].as_str()?;
    let writer = request.headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some((job.to_owned(), status.to_owned(), writer.to_owned()))
}
