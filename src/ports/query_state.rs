/// The state of a query as its coordinator names it, for people: [`Phase`](super::Phase) is
/// what decides when to ask again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueryState {
    /// Waits in its resource group, or for its cluster.
    Queued,
    /// Is planned, starts or runs.
    Running,
    /// Commits what it wrote.
    Finishing,
    /// It is over, and what it wrote is committed.
    Finished,
    /// It is over by an error or a cancellation.
    Failed,
    /// The page names none, or one that this version does not know.
    #[default]
    Unknown,
}

impl QueryState {
    /// Every state, for metrics that start at 0.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Finishing,
        Self::Finished,
        Self::Failed,
        Self::Unknown,
    ];

    /// Reads a coordinator's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "QUEUED" | "WAITING_FOR_RESOURCES" | "DISPATCHING" => Self::Queued,
            "PLANNING" | "STARTING" | "RUNNING" => Self::Running,
            "FINISHING" => Self::Finishing,
            "FINISHED" => Self::Finished,
            "FAILED" => Self::Failed,
            _ => Self::Unknown,
        }
    }

    /// The state as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finishing => "finishing",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}
