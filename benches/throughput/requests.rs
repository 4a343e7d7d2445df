//! How many requests the jobs of a run took, by what they are for.

use std::collections::HashSet;

use export_sandbox::faults::{Faults, Logged, Service};

use super::{CLAIM, POLLABLE, UPDATE};

/// Requests of one run, from the submission of its jobs to the last report.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// Claims and looks for due jobs; both are long polls.
    looks: u64,
    /// `PATCH` of a job.
    updates: u64,
    control_plane: u64,
    /// `POST /v1/statement`.
    registrations: u64,
    /// GETs of a queued nextUri; the first of a query is its kick.
    queued: u64,
    /// Queries whose first executing page was asked for. The coordinator holds
    /// that GET until the query is over, which is what a long poll is.
    held: u64,
    /// GETs of all other executing pages: there at once, or asked for again.
    at_once: u64,
    starburst: u64,
    store: u64,
}

impl Requests {
    /// What the sandbox counted and logged.
    pub fn of(faults: &Faults) -> Self {
        let control_plane = |endpoint| faults.count(Service::ControlPlane, endpoint);
        let starburst = |endpoint| faults.count(Service::Starburst, endpoint);
        let executing = starburst("GET /v1/statement/executing");
        let log = faults.log();
        let held: HashSet<&str> = log.iter().filter_map(first_executing_page).collect();
        let held = held.len() as u64;
        Self {
            looks: control_plane(CLAIM) + control_plane(POLLABLE),
            updates: control_plane(UPDATE),
            control_plane: faults.total(Service::ControlPlane),
            registrations: starburst("POST /v1/statement"),
            queued: starburst("GET /v1/statement/queued"),
            held,
            at_once: executing - held,
            starburst: faults.total(Service::Starburst),
            store: faults.total(Service::Store),
        }
    }
}

/// The path of a request for a query's first executing page.
fn first_executing_page(request: &Logged) -> Option<&str> {
    (request.service == Service::Starburst
        && request.path.starts_with("/v1/statement/executing/")
        && request.path.ends_with("/0"))
    .then_some(request.path.as_str())
}

/// One line of the table: a count, which is told per job.
pub struct Figure {
    pub name: &'static str,
    pub count: fn(&Requests) -> u64,
    pub target: &'static str,
}

const fn figure(name: &'static str, target: &'static str, count: fn(&Requests) -> u64) -> Figure {
    Figure {
        name,
        count,
        target,
    }
}

/// The lines of the table.
pub const FIGURES: [Figure; 10] = [
    figure("Control Plane requests per job", "4", |made| {
        made.control_plane
    }),
    figure("· claims and looks for due jobs", "", |made| made.looks),
    figure("· updates", "", |made| made.updates),
    figure("Starburst requests per job", "", |made| made.starburst),
    figure(
        "· long polls (GET, held while the query runs)",
        "",
        |made| made.held,
    ),
    figure("· beyond long polls", "3", |made| {
        made.starburst - made.held
    }),
    figure("· · registration (POST)", "", |made| made.registrations),
    figure("· · kick (GET of a queued nextUri)", "", |made| {
        made.queued
    }),
    figure("· · pages that are there at once (GET)", "", |made| {
        made.at_once
    }),
    figure("Store requests per job", "", |made| made.store),
];
