use std::fmt;

use serde::{Deserialize, Serialize};

/// The address of the next page of a query.
///
/// It needs no credentials on the server, so whoever holds it can read and
/// cancel the query. It is a secret: `Debug` hides it and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NextUri(String);

impl NextUri {
    /// Wraps an address as the coordinator gave it.
    pub fn new(uri: impl Into<String>) -> Self {
        Self(uri.into())
    }

    /// The address itself. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NextUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NextUri([redacted])")
    }
}
