//! What a request may ask for at most. Everything is bounded.

/// Jobs of one claim or look.
pub const MAX_LIMIT: u32 = 100;
/// Seconds a lease may last without a heartbeat.
pub const MAX_LEASE_SECONDS: u32 = 3600;
/// Seconds a long poll may wait.
pub const MAX_WAIT_SECONDS: u32 = 60;
/// Seconds a job that is given back may wait.
pub const MAX_RETRY_AFTER_SECONDS: u32 = 24 * 3600;
/// Seconds ahead a `next_poll_at` is believed: a worker whose clock is wrong hides no
/// query for longer.
pub const MAX_POLL_AHEAD_SECONDS: u32 = 600;
/// Attempts of a job.
pub const MAX_ATTEMPTS: u32 = 100;
/// Jobs of one snapshot.
pub const MAX_JOBS: usize = 1000;
/// Characters of a worker's id, a name, an idempotency key, a catalog, a role.
pub const MAX_NAME_CHARACTERS: usize = 255;
/// Characters of a job's SQL; Starburst reads no longer statement by default.
pub const MAX_SQL_CHARACTERS: usize = 1_000_000;
/// Characters kept of an error message.
pub const MAX_MESSAGE_CHARACTERS: usize = 8000;
/// Bytes of a query id or nextUri.
pub const MAX_URI_BYTES: usize = 8192;
/// Bytes of the body of a new snapshot.
pub const MAX_SNAPSHOT_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of any other body.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// Long polls that wait at once; one more is answered without waiting.
pub const MAX_WAITING: usize = 1024;
