//! The configuration: environment variables, overridden by flags.
//!
//! Every setting is a row of one table ([`GROUPS`]), one file per concern. Flags,
//! `--help` and the documentation come from the table; reading collects every
//! problem before it gives up.

mod control_plane;
mod documentation;
mod export;
mod loops;
mod problem;
mod reader;
mod setting;
mod sources;
mod starburst;
mod storage;
mod suspicious;
mod telemetry;
#[cfg(test)]
mod tests;

pub use control_plane::{ControlPlaneAuth, ControlPlaneConfig};
pub use documentation::markdown;
pub use export::{ExportConfig, ExportStrategy};
pub use loops::{LoopsConfig, Role};
pub use problem::{ConfigErrors, Problem};
pub use setting::{Default, Group, Kind, Setting};
pub use sources::Sources;
pub use starburst::{StarburstConfig, StarburstCredentials};
pub use storage::{StorageConfig, examined};
pub use suspicious::suspicious_variables;
pub use telemetry::{AdminConfig, LogConfig};

use reader::Reader;

/// Every setting there is, by concern.
pub const GROUPS: &[Group] = &[
    starburst::GROUP,
    control_plane::GROUP,
    storage::GROUP,
    export::GROUP,
    loops::GROUP,
    telemetry::LOG_GROUP,
    telemetry::ADMIN_GROUP,
];

/// What `run` needs: everything.
#[derive(Clone, Debug)]
pub struct Config {
    /// The coordinator.
    pub starburst: StarburstConfig,
    /// The job queue.
    pub control_plane: ControlPlaneConfig,
    /// The object store.
    pub storage: StorageConfig,
    /// How rows become files.
    pub export: ExportConfig,
    /// How the loops pace themselves.
    pub loops: LoopsConfig,
    /// The log.
    pub log: LogConfig,
    /// Metrics and health.
    pub admin: AdminConfig,
}

/// What `doctor` needs: the three boundaries.
#[derive(Clone, Debug)]
pub struct DoctorConfig {
    /// The coordinator.
    pub starburst: StarburstConfig,
    /// The job queue.
    pub control_plane: ControlPlaneConfig,
    /// The object store.
    pub storage: StorageConfig,
    /// How rows become files.
    pub export: ExportConfig,
    /// The log.
    pub log: LogConfig,
}

/// What `count` needs: the object store.
#[derive(Clone, Debug)]
pub struct CountConfig {
    /// The object store.
    pub storage: StorageConfig,
    /// The log.
    pub log: LogConfig,
}

impl Config {
    /// The groups of settings it reads.
    pub const GROUPS: &[Group] = GROUPS;

    /// Reads it, or tells everything that is wrong with it.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(sources);
        let starburst = StarburstConfig::read(&mut reader);
        let control_plane = ControlPlaneConfig::read(&mut reader);
        let storage = StorageConfig::read(&mut reader);
        let export = ExportConfig::read(&mut reader);
        let loops = LoopsConfig::read(&mut reader);
        let log = LogConfig::read(&mut reader);
        let admin = AdminConfig::read(&mut reader);
        let config = (|| {
            Some(Self {
                starburst: starburst?,
                control_plane: control_plane?,
                storage: storage?,
                export: export?,
                loops: loops?,
                log: log?,
                admin: admin?,
            })
        })();
        reader.finish(config)
    }
}

impl DoctorConfig {
    /// The groups of settings it reads.
    pub const GROUPS: &[Group] = &[
        starburst::GROUP,
        control_plane::GROUP,
        storage::GROUP,
        export::GROUP,
        telemetry::LOG_GROUP,
    ];

    /// Reads it, or tells everything that is wrong with it.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(sources);
        let starburst = StarburstConfig::read(&mut reader);
        let control_plane = ControlPlaneConfig::read(&mut reader);
        let storage = StorageConfig::read(&mut reader);
        let export = ExportConfig::read(&mut reader);
        let log = LogConfig::read(&mut reader);
        let config = (|| {
            Some(Self {
                starburst: starburst?,
                control_plane: control_plane?,
                storage: storage?,
                export: export?,
                log: log?,
            })
        })();
        reader.finish(config)
    }
}

impl CountConfig {
    /// The groups of settings it reads.
    pub const GROUPS: &[Group] = &[storage::GROUP, telemetry::LOG_GROUP];

    /// Reads it, or tells everything that is wrong with it.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(sources);
        let storage = StorageConfig::read(&mut reader);
        let log = LogConfig::read(&mut reader);
        let config = (|| {
            Some(Self {
                storage: storage?,
                log: log?,
            })
        })();
        reader.finish(config)
    }
}
