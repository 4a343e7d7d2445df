use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::CONTENT_RANGE};
use serde::Deserialize;

use crate::{ports::StorageError, retry::Retryable};

/// The longest text of theirs we pass on, in characters.
const LONGEST_CAUSE: usize = 300;

/// What is done to what, for the error messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Action<'a> {
    /// `list`, `read`, `delete`, `write`.
    pub(super) verb: &'static str,
    /// `gs://bucket/name`.
    pub(super) url: &'a str,
    /// What a 404 says is not there.
    pub(super) missing: &'a str,
}

impl Action<'_> {
    pub(super) fn unavailable(&self, cause: impl Into<String>) -> StorageError {
        StorageError::Unavailable {
            action: self.verb,
            url: self.url.to_owned(),
            cause: cause.into(),
            retry_after: None,
        }
    }

    /// The one place where an answer becomes an error.
    pub(super) fn refused(
        &self,
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> StorageError {
        let cause = cause(status, body);
        let (action, url) = (self.verb, self.url.to_owned());
        match status.as_u16() {
            401 | 403 => StorageError::Denied { action, url, cause },
            // 412: the generation that was meant is not there any more.
            404 | 412 => StorageError::NotFound {
                url: self.missing.to_owned(),
            },
            408 | 429 | 500.. => StorageError::Unavailable {
                action,
                url,
                cause,
                retry_after,
            },
            _ => StorageError::Refused { action, url, cause },
        }
    }
}

impl Retryable for StorageError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Denied { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::UnreadableParquet { .. }
            | Self::Interrupted => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Denied { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::UnreadableParquet { .. }
            | Self::Interrupted => None,
        }
    }

    fn interrupted() -> Self {
        Self::Interrupted
    }
}

/// An answer that went well.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// The whole object's size, where the answer says it: `bytes 5-9/10`.
    pub(super) fn whole_size(&self) -> Option<u64> {
        let range = self.headers.get(CONTENT_RANGE)?.to_str().ok()?;
        range.rsplit_once('/')?.1.parse().ok()
    }
}

/// `<Error><Code>…</Code><Message>…</Message></Error>`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct XmlError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The store's own words, with the status before them.
fn cause(status: StatusCode, body: &[u8]) -> String {
    let stated = std::str::from_utf8(body)
        .ok()
        .filter(|text| text.contains("<Error>"))
        .and_then(|text| quick_xml::de::from_str::<XmlError>(text).ok());
    let words = stated.map_or_else(String::new, |error| {
        let text = format!(", {}: {}", error.code, error.message);
        text.chars().take(LONGEST_CAUSE).collect()
    });
    format!("status {}{words}", status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTION: Action<'static> = Action {
        verb: "read",
        url: "gs://b/o",
        missing: "gs://b/o",
    };

    fn refused(status: u16, body: &str) -> StorageError {
        ACTION.refused(StatusCode::from_u16(status).unwrap(), None, body.as_bytes())
    }

    #[test]
    fn statuses_are_told_apart() {
        for status in [401, 403] {
            assert!(matches!(refused(status, ""), StorageError::Denied { .. }));
        }
        for status in [404, 412] {
            assert!(matches!(refused(status, ""), StorageError::NotFound { .. }));
        }
        for status in [408, 429, 500, 503, 599] {
            assert!(refused(status, "").is_transient(), "{status}");
        }
        for status in [301, 400, 409, 416] {
            assert!(matches!(refused(status, ""), StorageError::Refused { .. }));
        }
    }

    #[test]
    fn the_stores_own_words_are_passed_on_but_not_its_pages() {
        let stated = refused(
            403,
            "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>no &lt;list&gt;</Message><Details>x</Details></Error>",
        );
        assert_eq!(
            stated.to_string(),
            "storage does not let us read gs://b/o: status 403, AccessDenied: no <list>; grant the worker's service account the role for it"
        );
        assert_eq!(
            refused(503, "<html>sorry</html>").to_string(),
            "storage did not read gs://b/o: status 503"
        );
    }
}
