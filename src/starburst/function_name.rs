use std::{fmt, str::FromStr};

use thiserror::Error;

/// The name UNLOAD has on a cluster: `io.unload`, `starburst.io.unload`,
/// `"my-catalog".system.unload`. Two parts need a session catalog, three do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName(String);

/// A name that is no function's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "function name {0:?} is not two or three dotted identifiers; expected one like io.unload or starburst.io.unload, a part with other characters in double quotes"
)]
pub struct FunctionNameError(String);

impl FunctionName {
    /// Reads a name as it would stand in SQL.
    pub fn parse(name: &str) -> Result<Self, FunctionNameError> {
        let parts: Vec<&str> = name.split('.').collect();
        if matches!(parts.len(), 2..=3) && parts.iter().all(|part| is_identifier(part)) {
            Ok(Self(name.to_owned()))
        } else {
            Err(FunctionNameError(name.to_owned()))
        }
    }

    /// The name as it stands in SQL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A plain identifier, or a quoted one of characters that need no escape.
fn is_identifier(part: &str) -> bool {
    let inner = part
        .strip_prefix('"')
        .and_then(|part| part.strip_suffix('"'));
    match inner {
        Some(inner) => {
            !inner.is_empty()
                && inner
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_-$ ".contains(c))
        }
        None => {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        }
    }
}

impl Default for FunctionName {
    fn default() -> Self {
        Self("io.unload".to_owned())
    }
}

impl FromStr for FunctionName {
    type Err = FunctionNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_identifiers_are_function_names() {
        for name in [
            "io.unload",
            "system.unload",
            "starburst.io.unload",
            "\"my-catalog\".system.unload",
        ] {
            assert_eq!(FunctionName::parse(name).unwrap().to_string(), name);
        }
        assert_eq!(FunctionName::default().as_str(), "io.unload");
    }

    #[test]
    fn what_could_carry_other_sql_is_no_function_name() {
        for name in [
            "",
            "unload",
            "a.b.c.d",
            "io.unload(",
            "io..unload",
            ".unload",
            "io. unload",
            "io.unload--",
            "\"io.unload",
            "\"a\"b\".unload",
            "\"\".unload",
            "1io.unload",
            "io.unload\n",
            "catalog-1.system.unload",
        ] {
            let error = FunctionName::parse(name).unwrap_err().to_string();
            assert!(error.contains(&format!("{name:?}")), "{error}");
        }
    }
}
