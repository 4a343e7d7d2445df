use std::net::SocketAddr;

use super::{
    reader::Reader,
    setting::{Default, Group, Kind, Setting},
};
use crate::telemetry::{LogFormat, LogLevel};

/// What the worker tells of itself, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `LOG_LEVEL`, default `info`: a level, or directives such as `info,export_worker=debug`.
    pub level: LogLevel,
    /// `LOG_FORMAT`, default `json`: for machines or for people.
    pub format: LogFormat,
}

/// Where metrics and health are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminConfig {
    /// `LISTEN_ADDR`, default `0.0.0.0:8080`: address of `/metrics`, `/healthz` and `/readyz`.
    pub listen: SocketAddr,
}

const LOG_LEVEL: Setting = Setting {
    variable: "LOG_LEVEL",
    kind: Kind::Text,
    default: Default::Value("info"),
    help: "error, warn, info, debug, trace or off; or directives such as info,export_worker=debug",
};
const LOG_FORMAT: Setting = Setting {
    variable: "LOG_FORMAT",
    kind: Kind::Choice(&["json", "text"]),
    default: Default::Value("json"),
    help: "log lines for machines or for people",
};
const LISTEN_ADDR: Setting = Setting {
    variable: "LISTEN_ADDR",
    kind: Kind::Address,
    default: Default::Value("0.0.0.0:8080"),
    help: "where /metrics, /healthz and /readyz are served",
};

/// The settings of the log.
pub(super) const LOG_GROUP: Group = Group {
    title: "Log",
    settings: &[LOG_LEVEL, LOG_FORMAT],
};

/// The settings of the admin server.
pub(super) const ADMIN_GROUP: Group = Group {
    title: "Metrics and health",
    settings: &[LISTEN_ADDR],
};

impl LogConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let level = reader.text(&LOG_LEVEL).and_then(|text| {
            LogLevel::parse(&text)
                .inspect_err(|error| {
                    reader.problem(&LOG_LEVEL, format!("\"{text}\" {error}"));
                })
                .ok()
        });
        let format = reader.choice(
            &LOG_FORMAT,
            &[("json", LogFormat::Json), ("text", LogFormat::Text)],
        );
        Some(Self {
            level: level?,
            format: format?,
        })
    }
}

impl AdminConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let listen = reader.address(&LISTEN_ADDR);
        Some(Self { listen: listen? })
    }
}
