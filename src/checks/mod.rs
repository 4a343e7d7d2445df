//! Whether the outside is there and takes our credentials: one check each, on the
//! ports alone. The worker asks them before it begins, `doctor` whenever it is run,
//! so that both say the same of the same fault.

mod bucket;
mod control_plane;
mod starburst;
#[cfg(test)]
mod tests;
mod unload;

pub use bucket::{listing, writing};
pub use control_plane::control_plane;
pub use starburst::starburst;
pub use unload::unload;

use crate::{ports::Statement, telemetry::Boundary};

/// What a check found: how well it is, or the reason why it is not and what to do.
pub type Verdict = Result<String, String>;

/// What people read a boundary's name as.
pub fn name(boundary: Boundary) -> &'static str {
    match boundary {
        Boundary::ControlPlane => "control plane",
        Boundary::Starburst => "starburst",
        Boundary::Storage => "bucket",
    }
}

/// One line, whatever a server says.
pub fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn statement(sql: String) -> Statement {
    Statement {
        sql,
        catalog: None,
        role: None,
        trace_token: "export-worker-check".to_owned(),
    }
}
