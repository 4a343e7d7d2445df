use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::StarburstSettings;
use crate::ports::{StarburstError, Statement};

const USER: HeaderName = HeaderName::from_static("x-trino-user");
const SOURCE: HeaderName = HeaderName::from_static("x-trino-source");
const CATALOG: HeaderName = HeaderName::from_static("x-trino-catalog");
const SCHEMA: HeaderName = HeaderName::from_static("x-trino-schema");
const CLIENT_TAGS: HeaderName = HeaderName::from_static("x-trino-client-tags");
const ROLE: HeaderName = HeaderName::from_static("x-trino-role");
const TRACE_TOKEN: HeaderName = HeaderName::from_static("x-trino-trace-token");
const TIME_ZONE: HeaderName = HeaderName::from_static("x-trino-time-zone");
const CLIENT_CAPABILITIES: HeaderName = HeaderName::from_static("x-trino-client-capabilities");

/// What stays as it is in a URL-encoded header value.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*');

/// Headers of every request: who asks, and the body as it is (to pack it costs
/// the coordinator more than the network).
pub(super) fn common(settings: &StarburstSettings) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(&mut headers, USER, &settings.user);
    put(&mut headers, SOURCE, &settings.source);
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    headers
}

/// Headers of a statement beside those: the session it runs in.
pub(super) fn of_statement(
    settings: &StarburstSettings,
    statement: &Statement,
) -> Result<HeaderMap, StarburstError> {
    let mut headers = HeaderMap::new();
    let catalog = statement.catalog.as_ref().or(settings.catalog.as_ref());
    if let Some(catalog) = catalog {
        if catalog.chars().any(char::is_control) {
            return Err(StarburstError::Refused {
                status: 400,
                message: format!("catalog {catalog:?} has a control character in it"),
            });
        }
        put(&mut headers, CATALOG, catalog);
        if let Some(schema) = &settings.schema {
            put(&mut headers, SCHEMA, schema);
        }
    }
    if !settings.client_tags.is_empty() {
        put(&mut headers, CLIENT_TAGS, &settings.client_tags.join(","));
    }
    if let Some(role) = statement.role.as_ref().or(settings.role.as_ref()) {
        put(&mut headers, ROLE, &system_role(role));
    }
    let trace_token = statement
        .trace_token
        .replace(|c: char| !c.is_ascii_graphic(), "_");
    put(&mut headers, TRACE_TOKEN, &trace_token);
    headers.insert(TIME_ZONE, HeaderValue::from_static("UTC"));
    // Without it timestamps are rounded to milliseconds.
    headers.insert(
        CLIENT_CAPABILITIES,
        HeaderValue::from_static("PARAMETRIC_DATETIME"),
    );
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    Ok(headers)
}

/// A role of no catalog: `system=ROLE%7Banalyst%7D`.
fn system_role(role: &str) -> String {
    let special = ["ALL", "NONE"]
        .into_iter()
        .find(|special| role.eq_ignore_ascii_case(special));
    let selected = special.map_or_else(|| format!("ROLE{{{role}}}"), str::to_owned);
    format!("system={}", utf8_percent_encode(&selected, ENCODED))
}

/// Settings and statements with control characters were refused before.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_url_encoded_and_belongs_to_no_catalog() {
        for (role, header) in [
            ("analyst", "system=ROLE%7Banalyst%7D"),
            ("data team+1", "system=ROLE%7Bdata%20team%2B1%7D"),
            ("größe", "system=ROLE%7Bgr%C3%B6%C3%9Fe%7D"),
            ("none", "system=NONE"),
            ("ALL", "system=ALL"),
        ] {
            assert_eq!(system_role(role), header);
        }
    }
}
