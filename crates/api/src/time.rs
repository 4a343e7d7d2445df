use std::fmt;

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An instant on the wire: written as `2026-11-22T03:05:07Z`, exactly, because
/// first-generation Control Planes answer 422 to offsets and fractions; read in
/// any RFC 3339 form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WireTime(pub DateTime<Utc>);

impl WireTime {
    /// The next whole second at or after `instant`. For due times: rounding
    /// down would ask a second too early.
    pub fn ceil(instant: DateTime<Utc>) -> Self {
        let whole = instant.trunc_subsecs(0);
        if whole == instant {
            Self(whole)
        } else {
            Self(whole + chrono::TimeDelta::seconds(1))
        }
    }
}

impl From<DateTime<Utc>> for WireTime {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant)
    }
}

impl fmt::Display for WireTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WireTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // A timestamp without an offset is taken as UTC.
        DateTime::parse_from_rfc3339(&text)
            .map(|instant| Self(instant.to_utc()))
            .or_else(|error| {
                text.parse::<chrono::NaiveDateTime>()
                    .map(|naive| Self(naive.and_utc()))
                    .map_err(|_| D::Error::custom(format!("timestamp {text:?}: {error}")))
            })
    }
}
