//! The coordinator's JSON, as far as it is of use. All but the id may be
//! missing; fields we do not know, and numbers of another shape, are no error.

use export_api::QueryStats;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::ports::QueryError;

/// One page of a query; `D` is what is made of its rows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Results<D> {
    pub(super) id: String,
    pub(super) next_uri: Option<String>,
    pub(super) data: Option<D>,
    pub(super) error: Option<WireError>,
    pub(super) stats: Option<Stats>,
}

/// `stats` of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Stats {
    #[serde(deserialize_with = "text")]
    pub(super) state: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(super) queued: bool,
    #[serde(deserialize_with = "count")]
    pub(super) queued_time_millis: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub(super) elapsed_time_millis: Option<u64>,
    #[serde(deserialize_with = "count")]
    processed_rows: Option<u64>,
    #[serde(deserialize_with = "count")]
    processed_bytes: Option<u64>,
    #[serde(deserialize_with = "count")]
    cpu_time_millis: Option<u64>,
    #[serde(deserialize_with = "count")]
    peak_memory_bytes: Option<u64>,
}

impl From<&Stats> for QueryStats {
    fn from(stats: &Stats) -> Self {
        Self {
            processed_rows: stats.processed_rows.unwrap_or_default(),
            processed_bytes: stats.processed_bytes.unwrap_or_default(),
            cpu_millis: stats.cpu_time_millis.unwrap_or_default(),
            peak_memory_bytes: stats.peak_memory_bytes.unwrap_or_default(),
            elapsed_millis: stats.elapsed_time_millis.unwrap_or_default(),
            queued_millis: stats.queued_time_millis.unwrap_or_default(),
        }
    }
}

/// `error` of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireError {
    #[serde(deserialize_with = "text")]
    message: Option<String>,
    #[serde(deserialize_with = "code")]
    error_code: i64,
    #[serde(deserialize_with = "text")]
    error_name: Option<String>,
    #[serde(deserialize_with = "text")]
    error_type: Option<String>,
    error_location: Option<Location>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Location {
    #[serde(deserialize_with = "count")]
    line_number: Option<u64>,
    #[serde(deserialize_with = "count")]
    column_number: Option<u64>,
}

impl From<WireError> for QueryError {
    fn from(error: WireError) -> Self {
        Self {
            name: or_unknown(error.error_name),
            error_type: or_unknown(error.error_type),
            code: error.error_code,
            message: error
                .message
                .unwrap_or_else(|| "it says nothing more".to_owned()),
            location: error
                .error_location
                .and_then(|location| location.line_number.zip(location.column_number)),
        }
    }
}

/// `GET /v1/query/{id}?pruned=true`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryInfo {
    pub(super) state: String,
    error_code: Option<ErrorCode>,
    failure_info: Option<FailureInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorCode {
    #[serde(deserialize_with = "code")]
    code: i64,
    #[serde(deserialize_with = "text")]
    name: Option<String>,
    #[serde(rename = "type", deserialize_with = "text")]
    error_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FailureInfo {
    #[serde(deserialize_with = "text")]
    message: Option<String>,
}

impl From<QueryInfo> for QueryError {
    fn from(info: QueryInfo) -> Self {
        let code = info.error_code.unwrap_or_default();
        let message = info.failure_info.and_then(|failure| failure.message);
        Self {
            name: or_unknown(code.name),
            error_type: or_unknown(code.error_type),
            code: code.code,
            message: message.unwrap_or_else(|| "it says nothing more".to_owned()),
            location: None,
        }
    }
}

fn or_unknown(name: Option<String>) -> String {
    name.unwrap_or_else(|| "UNKNOWN".to_owned())
}

/// Whether a page has rows, without keeping them: an array with something in
/// it, or the object of the spooled protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Presence(pub(super) bool);

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Presence;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("rows")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Presence, A::Error> {
                let mut any = false;
                while rows.next_element::<IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Presence(any))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Presence, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Presence(true))
            }
        }
        deserializer.deserialize_any(Rows)
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(deserializer)? == Value::Bool(true))
}

fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
    .unwrap_or_default())
}

/// A whole number, a rounded one, or either as text; below zero is zero.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, which is what is wanted of a figure for display"
    )]
    let rounded = |number: f64| number as u64;
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().map(rounded)),
        Value::String(text) => text.trim().parse().map(rounded).ok(),
        _ => None,
    })
}
