use thiserror::Error;

/// Why the store did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No such job.
    #[error("there is no export job {0:?}")]
    NoSuchJob(String),
    /// No such snapshot.
    #[error("there is no snapshot {0:?}")]
    NoSuchSnapshot(String),
    /// The token is not that of the job's lease; nothing changed.
    #[error("the lease on export job {job} is not yours: {why}")]
    LeaseLost {
        /// The job.
        job: String,
        /// What became of the lease.
        why: &'static str,
    },
    /// The state machine knows no such step; nothing changed.
    #[error("{what} is {status} and cannot become {wanted}")]
    InvalidTransition {
        /// The job or snapshot.
        what: String,
        /// Where it stands.
        status: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The destination of a new job is taken.
    #[error(
        "jobs[{index}].gcs_path: {path} overlaps the destination gs://{taken} of export job {by} of snapshot {snapshot}, which is not over; wait for it, cancel it, or choose another folder"
    )]
    DestinationInUse {
        /// Position of the new job.
        index: usize,
        /// Its destination.
        path: String,
        /// The destination that is taken.
        taken: String,
        /// The job that takes it.
        by: String,
        /// The snapshot of that job.
        snapshot: String,
    },
    /// The idempotency key was used with another body.
    #[error(
        "the idempotency key was used for snapshot {snapshot} with another body; use a new key for a new snapshot"
    )]
    IdempotencyConflict {
        /// The snapshot it made.
        snapshot: String,
    },
    /// A number the store cannot keep.
    #[error("{field}: {value} is more than 9223372036854775807")]
    TooLarge {
        /// The field of the request.
        field: &'static str,
        /// Its value.
        value: u64,
    },
    /// The database does not answer, or asks to try again.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// Anything else: look into the log.
    #[error("the store failed: {0}")]
    Internal(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some(code) if passes(code) => Self::Unavailable(error.to_string()),
                _ => Self::Internal(error.to_string()),
            },
            _ => Self::Internal(error.to_string()),
        }
    }
}

/// Whether trying again may help: `SQLITE_BUSY` (also extended), and PostgreSQL's classes
/// 08 (connection), 53 (resources), 57P (shutting down), 40 (serialisation, deadlock),
/// and what took too long: 57014 (a statement), 55P03 (a lock), 25P03 (a transaction).
fn passes(code: &str) -> bool {
    matches!(code, "5" | "261" | "517")
        || code.len() == 5
            && ["08", "53", "57P", "40", "57014", "55P03", "25P03"]
                .iter()
                .any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn what_took_too_long_passes_and_what_is_wrong_does_not() {
        for code in ["57014", "55P03", "25P03", "40001", "57P01", "08006", "5"] {
            assert!(passes(code), "{code}");
        }
        for code in ["23505", "42601", "25P02", "55000", "1"] {
            assert!(!passes(code), "{code}");
        }
    }
}
