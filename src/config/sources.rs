//! Where values come from: flags first, then environment variables.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

/// The raw values of settings. Empty ones count as not set: that is what a
/// template of a deployment leaves where nobody filled a value in.
#[derive(Clone, Default)]
pub struct Sources {
    flags: BTreeMap<String, OsString>,
    environment: BTreeMap<OsString, OsString>,
}

/// One raw value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Given<'a> {
    pub(super) value: &'a OsStr,
    pub(super) by_flag: bool,
}

impl Sources {
    /// The environment of this process, without flags.
    pub fn of_process() -> Self {
        Self::from_environment(std::env::vars_os())
    }

    /// An environment of the caller's, without flags.
    pub fn from_environment<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self {
            flags: BTreeMap::new(),
            environment: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    /// Overrides a variable by the value of its flag.
    pub fn set_flag(&mut self, variable: impl Into<String>, value: impl Into<OsString>) {
        self.flags.insert(variable.into(), value.into());
    }

    /// The names of all variables that can be read as text.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.environment.keys().filter_map(|name| name.to_str())
    }

    pub(super) fn get(&self, variable: &str) -> Option<Given<'_>> {
        let flag = self.flags.get(variable).map(|value| (value, true));
        let set = |value: &OsString| value.to_str().is_none_or(|text| !text.trim().is_empty());
        flag.or_else(|| {
            self.environment
                .get(OsStr::new(variable))
                .map(|value| (value, false))
        })
        .filter(|(value, _)| set(value))
        .map(|(value, by_flag)| Given { value, by_flag })
    }
}
