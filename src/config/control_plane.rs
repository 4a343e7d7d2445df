use std::time::Duration;

use url::Url;

use super::{
    reader::Reader,
    setting::{Default, Group, Kind, Setting},
};
use crate::secret::Secret;

/// How to speak to the job queue.
#[derive(Clone, Debug)]
pub struct ControlPlaneConfig {
    /// `CONTROL_PLANE_URL`, required: its base, without `/api/internal`.
    pub url: Url,
    /// `CONTROL_PLANE_TIMEOUT_SECONDS`, default `30`, seconds: how long one request may take.
    pub timeout: Duration,
    /// `CONTROL_PLANE_MAX_RETRIES`, default `5`: how often an update is repeated.
    /// A look at the queue is not: its loop asks again.
    pub max_retries: usize,
    /// `CONTROL_PLANE_AUTH` and `GRAPH_OLAP_INTERNAL_API_KEY` or its `_FILE`.
    pub auth: ControlPlaneAuth,
}

/// What proves who we are.
#[derive(Clone, Debug)]
pub enum ControlPlaneAuth {
    /// `X-Internal-API-Key`.
    ApiKey(Secret),
    /// A Google ID token for the Control Plane's URL.
    Google,
    /// Nothing: a laboratory.
    None,
}

#[derive(Clone, Copy)]
enum Method {
    ApiKey,
    Google,
    None,
}

const URL: Setting = Setting {
    variable: "CONTROL_PLANE_URL",
    kind: Kind::Url,
    default: Default::Required,
    help: "Control Plane, without /api/internal",
};
const TIMEOUT: Setting = Setting {
    variable: "CONTROL_PLANE_TIMEOUT_SECONDS",
    kind: Kind::Seconds { min: 1, max: 600 },
    default: Default::Value("30"),
    help: "how long one request to the Control Plane may take",
};
const MAX_RETRIES: Setting = Setting {
    variable: "CONTROL_PLANE_MAX_RETRIES",
    kind: Kind::Number { min: 0, max: 100 },
    default: Default::Value("5"),
    help: "how often an update to the Control Plane is repeated, a second apart",
};
const AUTH: Setting = Setting {
    variable: "CONTROL_PLANE_AUTH",
    kind: Kind::Choice(&["api-key", "google", "none"]),
    default: Default::Otherwise("api-key where a key is set, else google"),
    help: "how to prove who we are: an API key, a Google ID token, or not at all",
};
const API_KEY: Setting = Setting {
    variable: "GRAPH_OLAP_INTERNAL_API_KEY",
    kind: Kind::Secret,
    default: Default::Otherwise("none"),
    help: "API key of the Control Plane",
};

/// The settings of this section.
pub(super) const GROUP: Group = Group {
    title: "Control Plane",
    settings: &[URL, TIMEOUT, MAX_RETRIES, AUTH, API_KEY],
};

impl ControlPlaneConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let url = reader.url(&URL);
        if url
            .as_ref()
            .is_some_and(|url| url.path().ends_with("/api/internal"))
        {
            reader.problem(
                &URL,
                "ends in /api/internal, which the worker adds; leave it out",
            );
        }
        let timeout = reader.seconds(&TIMEOUT);
        let max_retries = reader.count(&MAX_RETRIES);
        let auth = read_auth(reader);
        Some(Self {
            url: url?,
            timeout: timeout?,
            max_retries: max_retries?,
            auth: auth?,
        })
    }
}

fn read_auth(reader: &mut Reader<'_>) -> Option<ControlPlaneAuth> {
    let key = reader.secret(&API_KEY);
    if !reader.is_set(&AUTH) {
        return Some(key.map_or(ControlPlaneAuth::Google, ControlPlaneAuth::ApiKey));
    }
    let method = reader.choice(
        &AUTH,
        &[
            ("api-key", Method::ApiKey),
            ("google", Method::Google),
            ("none", Method::None),
        ],
    )?;
    match (method, key) {
        (Method::ApiKey, Some(key)) => Some(ControlPlaneAuth::ApiKey(key)),
        (Method::ApiKey, None) => {
            reader.problem(
                &API_KEY,
                "is not set, but CONTROL_PLANE_AUTH is api-key; set the key or GRAPH_OLAP_INTERNAL_API_KEY_FILE",
            );
            None
        }
        (Method::Google, _) => Some(ControlPlaneAuth::Google),
        (Method::None, None) => Some(ControlPlaneAuth::None),
        (Method::None, Some(_)) => {
            reader.problem(
                &AUTH,
                "\"none\" contradicts GRAPH_OLAP_INTERNAL_API_KEY, which is set; unset one of them",
            );
            None
        }
    }
}
