/// What kind of failure an error is. It alone decides what happens to the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// May pass by itself: retried in place by policy. Past it, a job whose query
    /// is not persisted, or is over, goes back to `pending` with its attempt
    /// counted; one whose query may still run stays `submitted` for the next poll.
    Transient,
    /// Will not pass: the job fails at once.
    Permanent,
    /// Somebody else has the job now: drop the work, tell nobody.
    LeaseLost,
    /// The worker shuts down: the job goes back at once, no attempt counted.
    Interrupted,
}

impl ErrorKind {
    /// Every kind, for metrics that start at 0.
    pub const ALL: [Self; 4] = [
        Self::Transient,
        Self::Permanent,
        Self::LeaseLost,
        Self::Interrupted,
    ];

    /// The kind as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::LeaseLost => "lease_lost",
            Self::Interrupted => "interrupted",
        }
    }
}
