//! The states a query goes through.

/// State of a query, in Trino's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueryState {
    /// Registered, or waiting in its resource group.
    Queued,
    /// Out of the queue.
    WaitingForResources,
    /// On its way to a coordinator's planner.
    Dispatching,
    /// Being analysed.
    Planning,
    /// Planned.
    Starting,
    /// At work, or its results not yet fetched.
    Running,
    /// Its results are fetched, its end is not yet.
    Finishing,
    /// Over, and well.
    Finished,
    /// Over, by an error or a cancel.
    Failed,
}

impl QueryState {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::WaitingForResources => "WAITING_FOR_RESOURCES",
            Self::Dispatching => "DISPATCHING",
            Self::Planning => "PLANNING",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Finishing => "FINISHING",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether it is over.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Finished | Self::Failed)
    }
}
