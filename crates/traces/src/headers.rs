//! Headers for the collector, as `OTEL_EXPORTER_OTLP_HEADERS` has them.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use thiserror::Error;

/// Headers that cannot be read. Never says what they hold: as a rule it is a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is no list of headers; expected name=value, with commas between them")]
pub struct HeadersError;

/// Reads `name=value,other=value`, the values percent-encoded.
pub fn parse_headers(text: &str) -> Result<HeaderMap, HeadersError> {
    let mut headers = HeaderMap::new();
    for pair in text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').ok_or(HeadersError)?;
        let name: HeaderName = name.trim().parse().map_err(|_| HeadersError)?;
        let value: Vec<u8> = percent_decode_str(value.trim()).collect();
        let mut value = HeaderValue::from_bytes(&value).map_err(|_| HeadersError)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_in_the_shape_every_exporter_takes() {
        let headers = parse_headers("authorization=Bearer%20abc==, x-team = graph ,").unwrap();
        assert_eq!(headers["authorization"], "Bearer abc==");
        assert_eq!(headers["x-team"], "graph");
        assert_eq!(headers.len(), 2);
        assert!(!format!("{headers:?}").contains("abc"));
    }

    #[test]
    fn what_is_no_list_of_headers_is_refused_without_showing_it() {
        for text in ["hunter2", "a b=hunter2", "a=hunter2%0A"] {
            let error = parse_headers(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
