//! Reads values by the table, collecting every problem instead of stopping at the first.

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use secrecy::SecretString;
use url::{Host, Url};

use super::{
    ConfigErrors, Problem,
    setting::{Default, Kind, Setting},
    sources::Sources,
};
use crate::secret::Secret;

/// Reads settings one by one. `None` from a reading method means that the
/// setting is not set, or that a problem with it was noted.
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            problems: Vec::new(),
        }
    }

    /// The configuration, or every problem that was noted. A section is `None`
    /// only where a problem was.
    pub(super) fn finish<T>(self, config: Option<T>) -> Result<T, ConfigErrors> {
        match config {
            Some(config) if self.problems.is_empty() => Ok(config),
            Some(_) | None => Err(ConfigErrors(self.problems)),
        }
    }

    /// Notes a problem with a setting, whose value must not be shown or is shown in the message.
    pub(super) fn problem(&mut self, setting: &Setting, message: impl Into<String>) {
        self.problems.push(Problem {
            variable: setting.variable.to_owned(),
            message: message.into(),
        });
    }

    /// Notes that a value is not what the setting expects.
    pub(super) fn unexpected(&mut self, setting: &Setting, value: impl Display, wrong: &str) {
        let origin = match self.sources.get(setting.variable) {
            Some(given) if given.by_flag => {
                format!(" (from --{})", setting.flag().unwrap_or_default())
            }
            Some(_) | None => String::new(),
        };
        let expects = setting.expects();
        self.problem(
            setting,
            format!("\"{value}\"{origin} {wrong}; expected {expects}"),
        );
    }

    /// Whether somebody set it.
    pub(super) fn is_set(&self, setting: &Setting) -> bool {
        self.sources.get(setting.variable).is_some()
    }

    /// One line of text, its default where it has one.
    pub(super) fn text(&mut self, setting: &Setting) -> Option<String> {
        let Some(given) = self.sources.get(setting.variable) else {
            return match setting.default {
                Default::Value(default) => Some(default.to_owned()),
                Default::Required => {
                    self.problem(
                        setting,
                        format!(
                            "is not set; set it to {}: {}",
                            setting.expects(),
                            setting.help
                        ),
                    );
                    None
                }
                Default::Otherwise(_) => None,
            };
        };
        let Some(text) = given.value.to_str() else {
            self.problem(setting, "is not UTF-8; set it to plain text");
            return None;
        };
        let text = text.trim();
        if text.chars().any(char::is_control) {
            self.unexpected(
                setting,
                text.escape_default(),
                "has a line break or another control character in it",
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// A whole number within the setting's range.
    pub(super) fn number(&mut self, setting: &Setting) -> Option<u32> {
        let text = self.text(setting)?;
        let (Kind::Number { min, max } | Kind::Seconds { min, max }) = setting.kind else {
            self.unexpected(
                setting,
                text,
                "is read as a number by mistake of the worker",
            );
            return None;
        };
        let Ok(number) = text.parse::<i128>() else {
            self.unexpected(setting, text, "is no whole number");
            return None;
        };
        let within = u32::try_from(number)
            .ok()
            .filter(|number| (min..=max).contains(number));
        if within.is_none() {
            self.unexpected(setting, text, "is out of range");
        }
        within
    }

    /// A whole number within the setting's range, for what is counted in memory.
    pub(super) fn count(&mut self, setting: &Setting) -> Option<usize> {
        self.number(setting)
            .and_then(|number| usize::try_from(number).ok())
    }

    /// A number of seconds within the setting's range.
    pub(super) fn seconds(&mut self, setting: &Setting) -> Option<Duration> {
        self.number(setting)
            .map(|seconds| Duration::from_secs(u64::from(seconds)))
    }

    /// True or false.
    pub(super) fn boolean(&mut self, setting: &Setting) -> Option<bool> {
        let text = self.text(setting)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => {
                self.unexpected(setting, text, "is neither true nor false");
                None
            }
        }
    }

    /// One of the setting's words, in any case.
    pub(super) fn choice<T: Copy>(
        &mut self,
        setting: &Setting,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(setting)?;
        let found = choices
            .iter()
            .find(|(word, _)| text.eq_ignore_ascii_case(word));
        if found.is_none() {
            self.unexpected(setting, text, "is not known");
        }
        found.map(|(_, choice)| *choice)
    }

    /// A path.
    pub(super) fn path(&mut self, setting: &Setting) -> Option<PathBuf> {
        self.text(setting).map(PathBuf::from)
    }

    /// An address to listen on.
    pub(super) fn address(&mut self, setting: &Setting) -> Option<SocketAddr> {
        let text = self.text(setting)?;
        let address = text.parse().ok();
        if address.is_none() {
            self.unexpected(setting, text, "is no address with a port");
        }
        address
    }

    /// The URL of a service, without a slash at the end of its path.
    pub(super) fn url(&mut self, setting: &Setting) -> Option<Url> {
        let text = self.text(setting)?;
        self.parse_url(setting, &text)
    }

    /// Reads a text as the URL of a service.
    pub(super) fn parse_url(&mut self, setting: &Setting, text: &str) -> Option<Url> {
        // What stands before an @ may be a password: such a value is never shown.
        if text.contains('@') {
            self.problem(
                setting,
                "has an @ in it; credentials do not belong into a URL, set them by their own variables",
            );
            return None;
        }
        let wrong = match Url::parse(text) {
            Err(error) => format!("is no URL: {error}"),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                "is neither http nor https".to_owned()
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                "has a query or a fragment in it".to_owned()
            }
            Ok(mut url) => {
                let path = url.path().trim_end_matches('/').to_owned();
                url.set_path(&path);
                return Some(url);
            }
        };
        self.unexpected(setting, text, &wrong);
        None
    }

    /// A secret, from its variable or from the file its `_FILE` variable names.
    pub(super) fn secret(&mut self, setting: &Setting) -> Option<Secret> {
        let file_variable = setting.file_variable()?;
        let value = self.sources.get(setting.variable);
        let file = self.sources.get(&file_variable);
        match (value, file) {
            (None, None) => None,
            (Some(_), Some(_)) => {
                self.problem(
                    setting,
                    format!("is set, and so is {file_variable}; keep one of them"),
                );
                None
            }
            (Some(given), None) => {
                let Some(text) = given.value.to_str() else {
                    self.problem(setting, "is not UTF-8; set it to plain text");
                    return None;
                };
                // The line break that `echo` leaves at the end of a secret is never part of it.
                let secret = SecretString::from(text.trim_end_matches(['\r', '\n']));
                Some(Secret::from_value(secret))
            }
            // A file that is not there yet may come: it is read when it is needed.
            (None, Some(given)) => Some(Secret::in_file(file_variable, given.value)),
        }
    }
}

/// Whether nobody between us and the service could listen.
pub(super) fn stays_private(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => false,
        }
}
