use std::time::Duration;

use super::{
    reader::Reader,
    setting::{Default, Group, Kind, Setting},
};
use crate::starburst::FunctionName;

/// How a job's rows become files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportConfig {
    /// `EXPORT_STRATEGY`, default `unload`: who writes the files, and how.
    pub strategy: ExportStrategy,
    /// `STARBURST_UNLOAD_FUNCTION`, default `io.unload`: the table function, with its qualifier.
    pub unload_function: FunctionName,
    /// `STARBURST_SETTLE_SECONDS`, default `10`, seconds: how long the writers of a
    /// cancelled query are left to settle before its folder is touched.
    pub settle: Duration,
}

/// Who writes the files, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportStrategy {
    /// Starburst does, through its table function `unload`.
    Unload,
}

const STRATEGY: Setting = Setting {
    variable: "EXPORT_STRATEGY",
    kind: Kind::Choice(&["unload"]),
    default: Default::Value("unload"),
    help: "how rows become files: by Starburst's table function unload",
};
const DIRECT_EXPORT: Setting = Setting {
    variable: "DIRECT_EXPORT",
    kind: Kind::Boolean,
    default: Default::Value("false"),
    help: "writing files by the worker itself; not built yet, so only false is taken",
};
const UNLOAD_FUNCTION: Setting = Setting {
    variable: "STARBURST_UNLOAD_FUNCTION",
    kind: Kind::Text,
    default: Default::Value("io.unload"),
    help: "name of the table function, with its qualifier: io.unload, starburst.io.unload, system.unload",
};
const SETTLE: Setting = Setting {
    variable: "STARBURST_SETTLE_SECONDS",
    kind: Kind::Seconds { min: 0, max: 600 },
    default: Default::Value("10"),
    help: "how long the writers of a cancelled query are left to settle before its folder is touched",
};

/// The settings of this section.
pub(super) const GROUP: Group = Group {
    title: "Export",
    settings: &[STRATEGY, DIRECT_EXPORT, UNLOAD_FUNCTION, SETTLE],
};

impl ExportConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let strategy = read_strategy(reader);
        if reader.boolean(&DIRECT_EXPORT) == Some(true) {
            reader.problem(
                &DIRECT_EXPORT,
                "true is not built yet; Starburst writes the files: unset it or set it to false",
            );
        }
        let unload_function = reader.text(&UNLOAD_FUNCTION).and_then(|name| {
            FunctionName::parse(&name)
                .inspect_err(|error| reader.problem(&UNLOAD_FUNCTION, error.to_string()))
                .ok()
        });
        let settle = reader.seconds(&SETTLE);
        Some(Self {
            strategy: strategy?,
            unload_function: unload_function?,
            settle: settle?,
        })
    }
}

fn read_strategy(reader: &mut Reader<'_>) -> Option<ExportStrategy> {
    let text = reader.text(&STRATEGY)?;
    let message = match text.to_ascii_lowercase().as_str() {
        "unload" => return Some(ExportStrategy::Unload),
        "ctas" | "direct" => format!("\"{text}\" is not built yet; only unload is known"),
        _ => format!("\"{text}\" is not known; only unload is"),
    };
    reader.problem(&STRATEGY, message);
    None
}
