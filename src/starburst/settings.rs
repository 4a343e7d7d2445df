use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

use super::FunctionName;
use crate::{
    ports::StarburstError,
    retry::RetryPolicy,
    secret::{Secret, SecretError},
};

/// How we prove who we are.
#[derive(Clone, Debug, Default)]
pub enum Credential {
    /// Not at all: a coordinator without authentication takes the user's word.
    #[default]
    None,
    /// Basic, with the user's name.
    Password(Secret),
    /// Bearer: a JWT.
    Token(Secret),
}

impl Credential {
    pub(super) fn current(&self) -> Result<Option<SecretString>, StarburstError> {
        match self {
            Self::None => Ok(None),
            Self::Password(secret) | Self::Token(secret) => {
                secret.current().map(Some).map_err(unreadable)
            }
        }
    }

    /// After a 401: reads the secret again and returns it if it is another
    /// than the one that was `sent`, whoever read it first.
    pub(super) fn renewed(
        &self,
        sent: Option<&SecretString>,
    ) -> Result<Option<SecretString>, StarburstError> {
        let (Self::Password(secret) | Self::Token(secret)) = self else {
            return Ok(None);
        };
        secret.reload().map_err(unreadable)?;
        let current = secret.current().map_err(unreadable)?;
        let same = sent.is_some_and(|sent| sent.expose_secret() == current.expose_secret());
        Ok((!same).then_some(current))
    }
}

fn unreadable(error: SecretError) -> StarburstError {
    StarburstError::Credential(error.to_string())
}

/// What the client must know of the coordinator, and what is the same for all
/// statements.
#[derive(Clone, Debug)]
pub struct StarburstSettings {
    /// Where it is: scheme, host, port, and a path where a gateway wants one.
    pub url: Url,
    /// Who asks.
    pub user: String,
    /// How he proves it.
    pub credential: Credential,
    /// Session catalog; UNLOAD by a name of two parts needs one.
    pub catalog: Option<String>,
    /// Session schema; needs a catalog.
    pub schema: Option<String>,
    /// System role to take on; `ALL` and `NONE` mean what they mean in SQL.
    pub role: Option<String>,
    /// What asks; resource groups may select by it.
    pub source: String,
    /// Resource groups select by them.
    pub client_tags: Vec<String>,
    /// What UNLOAD is called there: for the advice in error messages.
    pub unload_function: FunctionName,
    /// The longest a request may take, its body included. A page is held for
    /// about 1 s by the coordinator.
    pub request_timeout: Duration,
    /// Follow a nextUri of another origin at our own: for coordinators behind
    /// a proxy that hides from them what they are called.
    pub rewrite_next_uri: bool,
    /// Retries of a registration.
    pub submission_retry: RetryPolicy,
    /// Retries of everything else but a cancel.
    pub follow_retry: RetryPolicy,
}

/// A setting the client cannot work with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{variable}: {problem}")]
pub struct SettingsError {
    /// The variable that sets it.
    pub variable: &'static str,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

impl StarburstSettings {
    /// Settings of a coordinator without authentication, all else at its default.
    pub fn new(url: Url, user: impl Into<String>) -> Self {
        Self {
            url,
            user: user.into(),
            credential: Credential::None,
            catalog: None,
            schema: None,
            role: None,
            source: "export-worker".to_owned(),
            client_tags: vec!["graph-olap-export".to_owned()],
            unload_function: FunctionName::default(),
            request_timeout: Duration::from_secs(30),
            rewrite_next_uri: false,
            submission_retry: RetryPolicy::SUBMISSION,
            follow_retry: RetryPolicy::FOLLOW,
        }
    }

    /// Everything that is wrong with them, each naming its variable.
    pub fn problems(&self) -> Vec<SettingsError> {
        let mut problems = Vec::new();
        let mut found = |variable, problem: &str| {
            problems.push(SettingsError {
                variable,
                problem: problem.to_owned(),
            });
        };
        if !matches!(self.url.scheme(), "http" | "https") || self.url.host().is_none() {
            found("STARBURST_URL", "not an http:// or https:// address");
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            found(
                "STARBURST_URL",
                "has credentials in it; set STARBURST_USER and STARBURST_PASSWORD instead",
            );
        }
        if self.url.query().is_some() || self.url.fragment().is_some() {
            found(
                "STARBURST_URL",
                "has a query or fragment; give the bare address",
            );
        }
        if self.user.is_empty() {
            found("STARBURST_USER", "is empty; starburst needs a user");
        }
        if self.schema.is_some() && self.catalog.is_none() {
            found(
                "STARBURST_SCHEMA",
                "a schema needs a catalog; set STARBURST_CATALOG too",
            );
        }
        if self.client_tags.iter().any(|tag| tag.contains(',')) {
            found("STARBURST_CLIENT_TAGS", "a tag cannot have a comma in it");
        }
        if self.request_timeout < Duration::from_secs(2) {
            found(
                "STARBURST_REQUEST_TIMEOUT_SECONDS",
                "starburst holds a request for about a second; give it at least 2",
            );
        }
        for (variable, value) in [
            ("STARBURST_USER", Some(&self.user)),
            ("STARBURST_SOURCE", Some(&self.source)),
            ("STARBURST_CATALOG", self.catalog.as_ref()),
            ("STARBURST_SCHEMA", self.schema.as_ref()),
            ("STARBURST_CLIENT_TAGS", Some(&self.client_tags.join(","))),
        ] {
            if value.is_some_and(|value| value.chars().any(char::is_control)) {
                found(variable, "has a control character in it");
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> StarburstSettings {
        StarburstSettings::new(Url::parse(url).unwrap(), "exporter")
    }

    #[test]
    fn the_defaults_have_no_problem() {
        assert_eq!(settings("https://starburst:8443/trino").problems(), []);
    }

    #[test]
    fn every_problem_is_found_and_names_its_variable() {
        let mut settings = settings("ftp://user:word@starburst/?a=b");
        settings.user = String::new();
        settings.schema = Some("s\n".to_owned());
        settings.client_tags = vec!["a,b".to_owned()];
        settings.request_timeout = Duration::from_millis(1);
        let problems: Vec<_> = settings
            .problems()
            .into_iter()
            .map(|problem| problem.variable)
            .collect();
        assert_eq!(
            problems,
            [
                "STARBURST_URL",
                "STARBURST_URL",
                "STARBURST_URL",
                "STARBURST_USER",
                "STARBURST_SCHEMA",
                "STARBURST_CLIENT_TAGS",
                "STARBURST_REQUEST_TIMEOUT_SECONDS",
                "STARBURST_SCHEMA",
            ]
        );
    }
}
