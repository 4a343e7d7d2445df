//! The labels of metrics: closed enums, so that the number of series is known.

use export_api::JobType;

use crate::ports::{ErrorKind, QueryState};

/// A label whose values are known beforehand.
pub trait Label: Copy + 'static {
    /// The label's name.
    const NAME: &'static str;
    /// Every value it can have, for metrics that start at 0.
    const VALUES: &'static [Self];

    /// The value as it is exposed.
    fn value(self) -> &'static str;
}

macro_rules! label {
    ($(#[$doc:meta])* $name:ident: $label:literal { $($(#[$vdoc:meta])* $variant:ident = $value:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// The value as metrics expose it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $value,)+
                }
            }
        }

        impl Label for $name {
            const NAME: &'static str = $label;
            const VALUES: &'static [Self] = &[$(Self::$variant,)+];

            fn value(self) -> &'static str {
                self.as_str()
            }
        }
    };
}

label!(
    /// Whom a request goes to.
    Boundary: "boundary" {
        /// The job queue.
        ControlPlane = "control_plane",
        /// The coordinator.
        Starburst = "starburst",
        /// The object store.
        Storage = "storage",
    }
);

label!(
    /// Where an error came from.
    ErrorSource: "boundary" {
        /// The job queue.
        ControlPlane = "control_plane",
        /// The coordinator.
        Starburst = "starburst",
        /// The object store.
        Storage = "storage",
        /// The job itself: what it asks for cannot be done.
        Job = "job",
    }
);

label!(
    /// How a request ended.
    RequestOutcome: "outcome" {
        /// 1xx to 3xx.
        Ok = "ok",
        /// 4xx but 429.
        ClientError = "client_error",
        /// 429.
        Throttled = "throttled",
        /// 5xx.
        ServerError = "server_error",
        /// No answer at all.
        NoAnswer = "no_answer",
    }
);

label!(
    /// What became of a job in the hands of this worker.
    JobOutcome: "outcome" {
        /// It was claimed.
        Claimed = "claimed",
        /// Its query was registered and persisted.
        Submitted = "submitted",
        /// It was exported, counted and reported.
        Completed = "completed",
        /// It failed for good.
        Failed = "failed",
        /// Its snapshot was cancelled.
        Cancelled = "cancelled",
        /// It went back after a transient failure, its attempt counted.
        GivenBack = "given_back",
        /// It went back at a shutdown, its attempt not counted.
        Interrupted = "interrupted",
        /// Somebody else has it now.
        LeaseLost = "lease_lost",
    }
);

label!(
    /// One step of an attempt.
    Step: "step" {
        /// Taking jobs, or queries that are due, from the Control Plane.
        Claim = "claim",
        /// Making sure that the query of an earlier attempt is over.
        Bury = "bury",
        /// Looking at the destination, and clearing debris from it.
        Check = "check",
        /// Posting the statement.
        Register = "register",
        /// Writing query id and nextUri to the Control Plane.
        Persist = "persist",
        /// The first GET, which starts the query.
        Kick = "kick",
        /// Following pages at once.
        Sprint = "sprint",
        /// One scheduled look at a query.
        Poll = "poll",
        /// Listing and counting the files.
        Inventory = "inventory",
        /// Reporting how the job ended.
        Report = "report",
        /// Finishing the snapshot.
        Finalise = "finalise",
    }
);

label!(
    /// Which loop has a job.
    Loop: "loop" {
        /// Claims jobs and registers their queries.
        Submitter = "submitter",
        /// Follows queries to their end.
        Poller = "poller",
    }
);

label!(
    /// What of a graph was exported.
    Exported: "job_type" {
        /// A node label.
        Node = "node",
        /// An edge type.
        Edge = "edge",
        /// A type of job this version does not know.
        Other = "other",
    }
);

label!(
    /// How a snapshot ended.
    SnapshotEnd: "status" {
        /// Every job completed.
        Ready = "ready",
        /// A job failed.
        Failed = "failed",
        /// Somebody cancelled it.
        Cancelled = "cancelled",
    }
);

impl Label for ErrorKind {
    const NAME: &'static str = "kind";
    const VALUES: &'static [Self] = &Self::ALL;

    fn value(self) -> &'static str {
        self.as_str()
    }
}

impl Label for QueryState {
    const NAME: &'static str = "state";
    const VALUES: &'static [Self] = &Self::ALL;

    fn value(self) -> &'static str {
        self.as_str()
    }
}

impl RequestOutcome {
    /// Reads an HTTP status.
    pub fn from_status(status: u16) -> Self {
        match status {
            0..400 => Self::Ok,
            429 => Self::Throttled,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}

impl From<Boundary> for ErrorSource {
    fn from(boundary: Boundary) -> Self {
        match boundary {
            Boundary::ControlPlane => Self::ControlPlane,
            Boundary::Starburst => Self::Starburst,
            Boundary::Storage => Self::Storage,
        }
    }
}

impl From<&JobType> for Exported {
    fn from(job_type: &JobType) -> Self {
        match job_type {
            JobType::Node => Self::Node,
            JobType::Edge => Self::Edge,
            JobType::Unknown(_) => Self::Other,
        }
    }
}
