use std::{path::PathBuf, time::Duration};

use url::Url;

use super::{
    reader::{Reader, stays_private},
    setting::{Default, Group, Kind, Setting},
};
use crate::secret::Secret;

/// How to speak to the coordinator.
#[derive(Clone, Debug)]
pub struct StarburstConfig {
    /// `STARBURST_URL`, required: the coordinator, or the gateway before it.
    pub url: Url,
    /// `STARBURST_USER`, required: the user the queries run as.
    pub user: String,
    /// `STARBURST_PASSWORD` or `STARBURST_TOKEN`, or their `_FILE`; default none.
    pub credentials: StarburstCredentials,
    /// `STARBURST_CATALOG`, default none: session catalog of jobs that name none.
    pub catalog: Option<String>,
    /// `STARBURST_SCHEMA`, default none: session schema; needs a catalog.
    pub schema: Option<String>,
    /// `STARBURST_CLIENT_TAGS`, default `graph-olap-export`: what resource groups select by.
    pub client_tags: Vec<String>,
    /// `STARBURST_SOURCE`, default `export-worker`: the source the queries show.
    pub source: String,
    /// `STARBURST_ROLE`, default none: system role of jobs that name none.
    pub role: Option<String>,
    /// `STARBURST_SSL_VERIFY`, default `true`: whether the certificate must be valid.
    pub ssl_verify: bool,
    /// `STARBURST_CA_FILE`, default none: PEM file of authorities to trust beside the machine's.
    pub ca_file: Option<PathBuf>,
    /// `STARBURST_REQUEST_TIMEOUT_SECONDS`, default `30`, seconds: how long one request may take.
    pub request_timeout: Duration,
    /// `STARBURST_REWRITE_NEXT_URI`, default `false`: put the origin of `url` in
    /// place of the one a nextUri names.
    pub rewrite_next_uri: bool,
}

/// What proves who we are.
#[derive(Clone, Debug)]
pub enum StarburstCredentials {
    /// Nothing: a laboratory.
    None,
    /// Basic authentication with the user.
    Password(Secret),
    /// A JWT, sent as bearer token.
    Token(Secret),
}

const URL: Setting = Setting {
    variable: "STARBURST_URL",
    kind: Kind::Url,
    default: Default::Required,
    help: "Starburst coordinator, or the gateway before it",
};
const USER: Setting = Setting {
    variable: "STARBURST_USER",
    kind: Kind::Text,
    default: Default::Required,
    help: "user the queries run as",
};
const PASSWORD: Setting = Setting {
    variable: "STARBURST_PASSWORD",
    kind: Kind::Secret,
    default: Default::Otherwise("none"),
    help: "password of the user; needs https; excludes STARBURST_TOKEN",
};
const TOKEN: Setting = Setting {
    variable: "STARBURST_TOKEN",
    kind: Kind::Secret,
    default: Default::Otherwise("none"),
    help: "JWT sent as bearer token; needs https; excludes STARBURST_PASSWORD",
};
const CATALOG: Setting = Setting {
    variable: "STARBURST_CATALOG",
    kind: Kind::Text,
    default: Default::Otherwise("none"),
    help: "session catalog of jobs that name none",
};
const SCHEMA: Setting = Setting {
    variable: "STARBURST_SCHEMA",
    kind: Kind::Text,
    default: Default::Otherwise("none"),
    help: "session schema; needs STARBURST_CATALOG",
};
const CLIENT_TAGS: Setting = Setting {
    variable: "STARBURST_CLIENT_TAGS",
    kind: Kind::List,
    default: Default::Value("graph-olap-export"),
    help: "client tags, by which the resource group is selected",
};
const SOURCE: Setting = Setting {
    variable: "STARBURST_SOURCE",
    kind: Kind::Text,
    default: Default::Value("export-worker"),
    help: "source the queries show",
};
const ROLE: Setting = Setting {
    variable: "STARBURST_ROLE",
    kind: Kind::Text,
    default: Default::Otherwise("none"),
    help: "system role of jobs that name none",
};
const SSL_VERIFY: Setting = Setting {
    variable: "STARBURST_SSL_VERIFY",
    kind: Kind::Boolean,
    default: Default::Value("true"),
    help: "whether the coordinator's certificate must be valid; false is for laboratories",
};
const CA_FILE: Setting = Setting {
    variable: "STARBURST_CA_FILE",
    kind: Kind::Path,
    default: Default::Otherwise("the machine's authorities only"),
    help: "PEM file of certificate authorities to trust beside the machine's own, for Starburst only",
};
const REQUEST_TIMEOUT: Setting = Setting {
    variable: "STARBURST_REQUEST_TIMEOUT_SECONDS",
    kind: Kind::Seconds { min: 2, max: 600 },
    default: Default::Value("30"),
    help: "how long one request to Starburst may take",
};
const REWRITE_NEXT_URI: Setting = Setting {
    variable: "STARBURST_REWRITE_NEXT_URI",
    kind: Kind::Boolean,
    default: Default::Value("false"),
    help: "replace the origin of every nextUri by that of STARBURST_URL; for coordinators behind a TLS proxy",
};

/// The settings of this section.
pub(super) const GROUP: Group = Group {
    title: "Starburst",
    settings: &[
        URL,
        USER,
        PASSWORD,
        TOKEN,
        CATALOG,
        SCHEMA,
        CLIENT_TAGS,
        SOURCE,
        ROLE,
        SSL_VERIFY,
        CA_FILE,
        REQUEST_TIMEOUT,
        REWRITE_NEXT_URI,
    ],
};

impl StarburstConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        // Everything is read before anything is missed, so that all problems show.
        let url = reader.url(&URL);
        let user = reader.text(&USER);
        let credentials = read_credentials(reader, url.as_ref());
        let catalog = reader.text(&CATALOG);
        let schema = reader.text(&SCHEMA);
        if schema.is_some() && !reader.is_set(&CATALOG) {
            reader.problem(
                &SCHEMA,
                "is set without STARBURST_CATALOG, which Starburst refuses; set both or neither",
            );
        }
        let client_tags = read_client_tags(reader);
        let source = reader.text(&SOURCE);
        let role = reader.text(&ROLE);
        let ssl_verify = reader.boolean(&SSL_VERIFY);
        let ca_file = reader.path(&CA_FILE);
        let request_timeout = reader.seconds(&REQUEST_TIMEOUT);
        let rewrite_next_uri = reader.boolean(&REWRITE_NEXT_URI);
        Some(Self {
            url: url?,
            user: user?,
            credentials,
            catalog,
            schema,
            client_tags: client_tags?,
            source: source?,
            role,
            ssl_verify: ssl_verify?,
            ca_file,
            request_timeout: request_timeout?,
            rewrite_next_uri: rewrite_next_uri?,
        })
    }
}

fn read_credentials(reader: &mut Reader<'_>, url: Option<&Url>) -> StarburstCredentials {
    let password = reader.secret(&PASSWORD);
    let token = reader.secret(&TOKEN);
    if (password.is_some() || token.is_some()) && url.is_some_and(|url| !stays_private(url)) {
        reader.problem(
            &URL,
            "is http, and a password or token is set, which would cross the network in clear; use https",
        );
    }
    match (password, token) {
        (None, None) => StarburstCredentials::None,
        (Some(password), None) => StarburstCredentials::Password(password),
        (None, Some(token)) => StarburstCredentials::Token(token),
        (Some(_), Some(_)) => {
            reader.problem(
                &PASSWORD,
                "is set, and so is STARBURST_TOKEN; keep one of them",
            );
            StarburstCredentials::None
        }
    }
}

/// Splits at commas; blanks around a tag do not count, within one they would
/// make a tag that no resource group selects.
fn read_client_tags(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let text = reader.text(&CLIENT_TAGS)?;
    let tags: Vec<String> = text.split(',').map(|tag| tag.trim().to_owned()).collect();
    let wrong = if tags.iter().any(String::is_empty) {
        "has an empty tag in it"
    } else if tags.iter().any(|tag| tag.contains(char::is_whitespace)) {
        "has a tag with a blank in it"
    } else if !text.is_ascii() {
        "has a tag that is not ASCII"
    } else {
        return Some(tags);
    };
    reader.unexpected(&CLIENT_TAGS, text, wrong);
    None
}
