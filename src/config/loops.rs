use std::time::Duration;

use super::{
    reader::Reader,
    setting::{Default, Group, Kind, Setting},
};

/// How the loops pace themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopsConfig {
    /// `ROLE`, default `all`: which loops run.
    pub role: Role,
    /// `HOSTNAME`, default a generated name: the worker id, which claims and logs carry.
    pub worker_id: String,
    /// `POLL_INTERVAL_SECONDS`, default `5`, seconds: the pause between two looks for
    /// work where the Control Plane has no long poll and the last look found some.
    pub poll_interval: Duration,
    /// `EMPTY_POLL_BACKOFF_SECONDS`, default `10`, seconds: the pause after a look that found none.
    pub empty_poll_backoff: Duration,
    /// `CLAIM_LIMIT`, default `10`: jobs claimed at once.
    pub claim_limit: u32,
    /// `POLL_LIMIT`, default `10`: jobs taken to poll at once.
    pub poll_limit: u32,
    /// `SUBMIT_CONCURRENCY`, default `64`: jobs under way in the submitter.
    pub submit_concurrency: usize,
    /// `POLL_CONCURRENCY`, default `128`: jobs under way in the poller.
    pub poll_concurrency: usize,
    /// `LEASE_SECONDS`, default `60`, seconds: how long a claim holds without a heartbeat.
    pub lease: Duration,
    /// `CLAIM_WAIT_SECONDS`, default `5`, seconds: how long a long poll waits; 0 for none.
    /// A shutdown waits for its answer: jobs in an answer nobody reads would stay claimed.
    pub claim_wait: Duration,
    /// `SHUTDOWN_GRACE_SECONDS`, default `25`, seconds: how long work under way may go on after SIGTERM.
    pub shutdown_grace: Duration,
    /// `DRY_RUN`, default `false`: log what would be sent, change nothing anywhere.
    pub dry_run: bool,
}

/// Which loops run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Both.
    All,
    /// Claims jobs and registers their queries.
    Submitter,
    /// Follows queries to their end and reports.
    Poller,
}

impl Role {
    /// Whether the submitter runs.
    pub fn submits(self) -> bool {
        match self {
            Self::All | Self::Submitter => true,
            Self::Poller => false,
        }
    }

    /// Whether the poller runs.
    pub fn polls(self) -> bool {
        match self {
            Self::All | Self::Poller => true,
            Self::Submitter => false,
        }
    }
}

const ROLE: Setting = Setting {
    variable: "ROLE",
    kind: Kind::Choice(&["all", "submitter", "poller"]),
    default: Default::Value("all"),
    help: "which loops run in this process",
};
const HOSTNAME: Setting = Setting {
    variable: "HOSTNAME",
    kind: Kind::Text,
    default: Default::Otherwise("a generated name, worker-xxxxxxxx"),
    help: "worker id, which claims and logs carry; Kubernetes sets it to the pod's name",
};
const POLL_INTERVAL: Setting = Setting {
    variable: "POLL_INTERVAL_SECONDS",
    kind: Kind::Seconds { min: 1, max: 3600 },
    default: Default::Value("5"),
    help: "pause between two looks for work where the Control Plane has no long poll",
};
const EMPTY_POLL_BACKOFF: Setting = Setting {
    variable: "EMPTY_POLL_BACKOFF_SECONDS",
    kind: Kind::Seconds { min: 1, max: 3600 },
    default: Default::Value("10"),
    help: "pause after a look for work that found none",
};
const CLAIM_LIMIT: Setting = Setting {
    variable: "CLAIM_LIMIT",
    kind: Kind::Number { min: 1, max: 100 },
    default: Default::Value("10"),
    help: "jobs claimed at once",
};
const POLL_LIMIT: Setting = Setting {
    variable: "POLL_LIMIT",
    kind: Kind::Number { min: 1, max: 100 },
    default: Default::Value("10"),
    help: "jobs taken to poll at once",
};
const SUBMIT_CONCURRENCY: Setting = Setting {
    variable: "SUBMIT_CONCURRENCY",
    kind: Kind::Number { min: 1, max: 4096 },
    default: Default::Value("64"),
    help: "jobs under way in the submitter",
};
const POLL_CONCURRENCY: Setting = Setting {
    variable: "POLL_CONCURRENCY",
    kind: Kind::Number { min: 1, max: 4096 },
    default: Default::Value("128"),
    help: "jobs under way in the poller",
};
const LEASE: Setting = Setting {
    variable: "LEASE_SECONDS",
    kind: Kind::Seconds { min: 3, max: 3600 },
    default: Default::Value("60"),
    help: "how long a claim holds without a heartbeat",
};
const CLAIM_WAIT: Setting = Setting {
    variable: "CLAIM_WAIT_SECONDS",
    kind: Kind::Seconds { min: 0, max: 60 },
    default: Default::Value("5"),
    help: "how long a long poll for work waits at the Control Plane, and so how long a shutdown may wait for its answer; 0 turns it off",
};
const SHUTDOWN_GRACE: Setting = Setting {
    variable: "SHUTDOWN_GRACE_SECONDS",
    kind: Kind::Seconds { min: 0, max: 3600 },
    default: Default::Value("25"),
    help: "how long work under way may go on after SIGTERM before it is given back",
};
const DRY_RUN: Setting = Setting {
    variable: "DRY_RUN",
    kind: Kind::Boolean,
    default: Default::Value("false"),
    help: "log what would be sent, change nothing anywhere",
};

/// The settings of this section.
pub(super) const GROUP: Group = Group {
    title: "Loops",
    settings: &[
        ROLE,
        HOSTNAME,
        POLL_INTERVAL,
        EMPTY_POLL_BACKOFF,
        CLAIM_LIMIT,
        POLL_LIMIT,
        SUBMIT_CONCURRENCY,
        POLL_CONCURRENCY,
        LEASE,
        CLAIM_WAIT,
        SHUTDOWN_GRACE,
        DRY_RUN,
    ],
};

impl LoopsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let role = reader.choice(
            &ROLE,
            &[
                ("all", Role::All),
                ("submitter", Role::Submitter),
                ("poller", Role::Poller),
            ],
        );
        let worker_id = reader.text(&HOSTNAME).unwrap_or_else(generated_worker_id);
        let poll_interval = reader.seconds(&POLL_INTERVAL);
        let empty_poll_backoff = reader.seconds(&EMPTY_POLL_BACKOFF);
        let claim_limit = reader.number(&CLAIM_LIMIT);
        let poll_limit = reader.number(&POLL_LIMIT);
        let submit_concurrency = reader.count(&SUBMIT_CONCURRENCY);
        let poll_concurrency = reader.count(&POLL_CONCURRENCY);
        let lease = reader.seconds(&LEASE);
        let claim_wait = reader.seconds(&CLAIM_WAIT);
        let shutdown_grace = reader.seconds(&SHUTDOWN_GRACE);
        let dry_run = reader.boolean(&DRY_RUN);
        Some(Self {
            role: role?,
            worker_id,
            poll_interval: poll_interval?,
            empty_poll_backoff: empty_poll_backoff?,
            claim_limit: claim_limit?,
            poll_limit: poll_limit?,
            submit_concurrency: submit_concurrency?,
            poll_concurrency: poll_concurrency?,
            lease: lease?,
            claim_wait: claim_wait?,
            shutdown_grace: shutdown_grace?,
            dry_run: dry_run?,
        })
    }
}

fn generated_worker_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("worker-{}", id.get(..8).unwrap_or(&id))
}
