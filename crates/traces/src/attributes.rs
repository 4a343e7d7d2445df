//! What spans say: a closed set, so that no secret gets among it by chance.

use std::fmt::Write as _;

/// A thing that a span may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it is.
    pub what: &'static str,
}

macro_rules! attributes {
    ($($(#[doc = $what:literal])+ $constant:ident = $name:literal;)+) => {
        impl Attribute {
            $($(#[doc = $what])+
            pub const $constant: Self = Self { name: $name, what: concat!($($what),+) };)+
        }

        /// Every attribute there is.
        pub fn attributes() -> &'static [Attribute] {
            &[$(Attribute::$constant,)+]
        }
    };
}

attributes! {
    /// the job; on every span of one
    JOB_ID = "export.job_id";
    /// its snapshot; on every span of a job
    SNAPSHOT_ID = "export.snapshot_id";
    /// node label or edge type
    ENTITY = "export.entity";
    /// which attempt at the job, from 1; absent where the Control Plane counts none
    ATTEMPT = "export.attempt";
    /// Starburst's query, from when it is known
    QUERY_ID = "export.query_id";
    /// the worker that took the job
    WORKER_ID = "export.worker_id";
    /// how work on the job, or one step of it, ended
    OUTCOME = "export.outcome";
    /// what a failure does to the job: `transient`, `permanent`, `lease_lost`, `interrupted`
    ERROR_KIND = "export.error_kind";
    /// where a failure came from: `control_plane`, `starburst`, `storage`, `job`
    BOUNDARY = "export.boundary";
    /// how often the query was asked for
    POLL_COUNT = "export.poll_count";
    /// rows counted
    ROWS = "export.rows";
    /// bytes counted
    BYTES = "export.bytes";
    /// Parquet files counted
    FILES = "export.files";
    /// jobs of a new snapshot
    JOBS = "export.jobs";
    /// pattern of the route that was asked for
    ROUTE = "http.route";
    /// method of the request
    METHOD = "http.request.method";
    /// status of the answer
    STATUS = "http.response.status_code";
    /// id of the request, as in the log
    REQUEST_ID = "export.request_id";
}

/// The table of all attributes, as Markdown.
pub fn markdown() -> String {
    let mut text = String::from("| attribute | what it says |\n|---|---|\n");
    for attribute in attributes() {
        // Writing to a String does not fail.
        let _ = writeln!(text, "| `{}` | {} |", attribute.name, attribute.what.trim());
    }
    text
}
