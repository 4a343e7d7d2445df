//! What happens to a job: the steps of one attempt, one room each.
//!
//! ```text
//! submit:  claim → bury the dead → clear the destination → register → persist → kick ─┐
//! poll:    lease ──────────────────────────────────────────────────────────> pursue <─┘
//! pursue:  sprint → parked | over → conclude (inventory) → report
//!              └─ token lost → look the query up by its id
//! ```
//!
//! The steps know neither HTTP nor timers of loops. Work on a job yields one
//! [`Ending`]; the report is the one place that tells it to the Control Plane.

mod bury;
mod conclude;
mod destination;
mod ending;
mod failure;
mod in_flight;
pub mod inventory;
mod lease;
mod poll;
mod postpone;
mod progress;
mod pursue;
mod recover;
mod report;
pub mod schedule;
mod snapshot;
mod sprint;
mod statement;
mod submit;
mod task;
mod telling;
mod traced;
mod under_way;
mod verdict;
mod world;

pub use ending::Ending;
pub use failure::{Failure, JobError};
pub use in_flight::InFlight;
pub use poll::{is_due, poll};
pub use postpone::postpone;
pub use snapshot::StartedSnapshots;
pub use statement::statement_of;
pub use submit::submit;
pub use task::Task;
pub use world::{Settings, Shutdown, World};
