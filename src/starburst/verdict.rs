//! What an HTTP status of the coordinator means.

use http::{HeaderMap, header};

use super::transport::Answer;
use crate::{
    http::{origin, retry_after},
    ports::StarburstError,
};

/// The longest piece of a foreign text in a message of ours, in characters.
const LONGEST_WORDS: usize = 300;

/// What was asked for: a 404 and a 500 mean different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// POST of a statement.
    Statement,
    /// A nextUri.
    Page,
    /// A query by its id.
    Query,
}

/// The error an answer stands for that is no 200. `insecure`: our credentials
/// went over plain http.
pub(super) fn error(answer: &Answer, asked: Asked, insecure: bool) -> StarburstError {
    let status = answer.status.as_u16();
    let body = answer.body.as_deref().unwrap_or_default();
    let words = own_words(body);
    let with_advice = |advice: &str| {
        if words.is_empty() {
            advice.to_owned()
        } else {
            format!("{words}; {advice}")
        }
    };
    let refused = |message| StarburstError::Refused { status, message };
    match status {
        401 if insecure && words.contains("insecure") => StarburstError::Unauthorized {
            message: with_advice(
                "it takes no password or token over plain http: STARBURST_URL must be https",
            ),
        },
        401 if insecure => StarburstError::Unauthorized {
            message: with_advice(
                "check STARBURST_USER and STARBURST_PASSWORD or STARBURST_TOKEN; if it takes none over plain http, STARBURST_URL must be https",
            ),
        },
        401 => StarburstError::Unauthorized {
            message: with_advice("check STARBURST_USER and STARBURST_PASSWORD or STARBURST_TOKEN"),
        },
        403 if words.contains("over HTTP is not enabled") => {
            refused(with_advice("STARBURST_URL must be https"))
        }
        403 => refused(with_advice(
            "check what STARBURST_USER may do, and that no gateway stands in the way",
        )),
        404 if asked == Asked::Statement => StarburstError::Unreadable {
            status,
            problem: with_advice("there is no /v1/statement there; check STARBURST_URL"),
        },
        404 => StarburstError::NotFound,
        406 => refused(with_advice(
            "a proxy in front of it sends X-Forwarded headers: set http-server.process-forwarded=true on the coordinator",
        )),
        408 | 429 | 502..=504 => StarburstError::Busy {
            status,
            retry_after: retry_after(&answer.headers),
        },
        410 => StarburstError::Gone,
        300..=399 => refused(redirect_advice(&answer.headers)),
        400..=499 => refused(words),
        500 if asked == Asked::Statement && names_a_role(body) => refused(with_advice(
            "check STARBURST_ROLE, and that the user holds the role",
        )),
        500.. => StarburstError::ServerError {
            status,
            message: words,
        },
        // Another 2xx than 200, or a 1xx.
        _ => StarburstError::Unreadable {
            status,
            problem: "it has no page in it".to_owned(),
        },
    }
}

fn names_a_role(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("AccessDenied") || text.contains("Cannot set role")
}

fn redirect_advice(headers: &HeaderMap) -> String {
    let location = headers
        .get(header::LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| url::Url::parse(location).ok());
    let to = location.map_or_else(
        || "elsewhere".to_owned(),
        |location| format!("to {}", origin(&location)),
    );
    format!("it redirects {to}; set STARBURST_URL to the address of the coordinator itself")
}

/// Whether a body is somebody else's web page.
pub(super) fn is_html(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// A body in one short line: of a web page its title, of all else its
/// beginning, without anything that looks like the address of a page.
pub(super) fn own_words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..4096).unwrap_or(body));
    let text = if is_html(body) {
        let title = text
            .split_once("<title>")
            .and_then(|(_, rest)| rest.split_once("</title>"))
            .map_or("", |(title, _)| title);
        format!("a web page {title:?}")
    } else {
        text.into_owned()
    };
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| {
            if word.contains("/v1/") {
                "[address]"
            } else {
                word
            }
        })
        .collect();
    words.join(" ").chars().take(LONGEST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_are_short_and_carry_no_address() {
        assert_eq!(own_words(b"  too\n many\t"), "too many");
        assert_eq!(
            own_words(b"<!doctype html><html><title>502 Bad Gateway</title><p>x"),
            "a web page \"502 Bad Gateway\""
        );
        assert_eq!(
            own_words(b"cannot GET http://host/v1/statement/queued/q/slug/1 now"),
            "cannot GET [address] now"
        );
        assert_eq!(own_words("ü".repeat(9000).as_bytes()).chars().count(), 300);
        assert_eq!(own_words(b""), "");
    }
}
