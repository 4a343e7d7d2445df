use std::time::Duration;

use bytes::Bytes;
use export_api::ErrorCode;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::ports::ControlPlaneError;

/// The longest text of theirs we pass on, in characters.
const LONGEST_MESSAGE: usize = 500;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) location: Option<String>,
    pub(super) body: Bytes,
}

impl Answer {
    /// What stands under `data` of a success; the error otherwise.
    pub(super) fn data(self) -> Result<Value, ControlPlaneError> {
        if !self.status.is_success() {
            return Err(self.error());
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(Value::Object(mut answer)) => match answer.remove("data") {
                Some(data) => Ok(data),
                None => Err(self.unreadable("JSON without a field \"data\"")),
            },
            Ok(_) => Err(self.unreadable("JSON, but no object")),
            Err(_) => Err(self.unreadable(&self.looks_like())),
        }
    }

    /// What stands under `data`, in a shape of ours.
    pub(super) fn data_as<T: DeserializeOwned>(self) -> Result<T, ControlPlaneError> {
        let unreadable = self.bare();
        serde_json::from_value(self.data()?)
            .map_err(|error| unreadable.unreadable(&format!("JSON of another shape ({error})")))
    }

    /// The same answer without its body, to say where an error came from.
    pub(super) fn bare(&self) -> Self {
        Self {
            body: Bytes::new(),
            ..self.clone()
        }
    }

    pub(super) fn unreadable(&self, problem: &str) -> ControlPlaneError {
        // The query names no secret, but it only makes the message longer.
        let mut url = self.url.clone();
        url.set_query(None);
        ControlPlaneError::Unreadable {
            url: url.into(),
            problem: format!("it answered status {} with {problem}", self.status.as_u16()),
        }
    }

    fn error(&self) -> ControlPlaneError {
        let status = self.status.as_u16();
        let stated = Stated::read(&self.body);
        let described = || match &stated {
            Some(stated) => stated.message.clone(),
            None if self.body.is_empty() => String::new(),
            None => format!("it answered with {}", self.looks_like()),
        };
        match (status, &stated) {
            (..=399, _) => self.unreadable(&match &self.location {
                Some(location) => format!("a redirect to {location}"),
                None => "no answer".to_owned(),
            }),
            (401 | 403, _) => ControlPlaneError::Unauthorized {
                status,
                message: described(),
            },
            // Not a Control Plane's 404 or 405: a wrong address, or a proxy without a way on.
            (404 | 405, None) => self.unreadable(&self.looks_like()),
            (404, Some(stated)) => ControlPlaneError::NotFound {
                message: stated.message.clone(),
            },
            (409, Some(stated)) if stated.code == Some(ErrorCode::LeaseLost) => {
                ControlPlaneError::LeaseLost
            }
            (409, _) => ControlPlaneError::Conflict {
                message: described(),
            },
            (408 | 425 | 429 | 502 | 503 | 504, _) => ControlPlaneError::Busy {
                status,
                retry_after: self.retry_after,
                message: described(),
            },
            (500.., _) => ControlPlaneError::ServerError {
                status,
                message: described(),
            },
            _ => ControlPlaneError::Refused {
                status,
                message: described(),
            },
        }
    }

    /// What the body is, in a few words, where it is nothing we know.
    fn looks_like(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim_start();
        if text.is_empty() {
            "an empty body".to_owned()
        } else if text.starts_with('<') {
            "an HTML page".to_owned()
        } else if serde_json::from_str::<Value>(text).is_ok() {
            "JSON that is no answer of a control plane".to_owned()
        } else {
            "text that is no JSON".to_owned()
        }
    }
}

/// An error in the other side's own words.
#[derive(Debug, PartialEq)]
struct Stated {
    code: Option<ErrorCode>,
    message: String,
}

impl Stated {
    /// Reads `{"error": {…}}`, `{"detail": {…}}` and `{"detail": "…"}`; in
    /// place of a text, a list of what is wrong with each field.
    fn read(body: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(body).ok()?;
        let stated = answer.get("error").or_else(|| answer.get("detail"))?;
        let code = stated
            .get("code")
            .and_then(Value::as_str)
            .map(|code| ErrorCode::from(code.to_owned()));
        let message = match stated {
            Value::String(text) => text.clone(),
            Value::Array(problems) => problems
                .iter()
                .map(field_problem)
                .collect::<Vec<_>>()
                .join("; "),
            Value::Object(fields) => match (fields.get("message"), &code) {
                (Some(Value::String(text)), _) => text.clone(),
                (_, Some(code)) => code.to_string(),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            code,
            message: shortened(&message),
        })
    }
}

/// One problem of a request that was not taken: `body.submitted_at: not a time`.
/// What was sent stands in there too, and may be a nextUri: it is left out.
fn field_problem(problem: &Value) -> String {
    let place = problem
        .get("loc")
        .and_then(Value::as_array)
        .map(|parts| {
            parts
                .iter()
                .map(|part| {
                    part.as_str()
                        .map_or_else(|| part.to_string(), str::to_owned)
                })
                .collect::<Vec<_>>()
                .join(".")
        })
        .unwrap_or_default();
    let message = problem.get("msg").and_then(Value::as_str);
    format!("{place}: {}", message.unwrap_or("not accepted"))
}

fn shortened(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            url: Url::parse("http://cp:8080/api/internal/export-jobs/7?limit=1").unwrap(),
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            location: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    fn message(body: &str) -> String {
        answer(400, body).data().unwrap_err().to_string()
    }

    #[test]
    fn all_three_shapes_of_an_error_become_one_message() {
        let expected = "control plane refuses the request: status 400: sql is empty";
        for body in [
            r#"{"error":{"code":"INVALID_REQUEST","message":"sql is empty","details":null},"meta":{}}"#,
            r#"{"detail":{"code":"INVALID_REQUEST","message":"sql is empty"}}"#,
            r#"{"detail":"sql is empty"}"#,
        ] {
            assert_eq!(message(body), expected, "{body}");
        }
    }

    #[test]
    fn a_list_of_field_problems_names_the_fields_but_not_what_was_sent() {
        let message = message(
            r#"{"detail":[{"loc":["body","next_uri"],"msg":"not a URL","input":"http://secret"},{"loc":["body",0],"msg":"odd"}]}"#,
        );
        assert!(
            message.ends_with("status 400: body.next_uri: not a URL; body.0: odd"),
            "{message}"
        );
    }

    #[test]
    fn a_conflict_is_a_lost_lease_only_when_it_says_so() {
        let lost = answer(409, r#"{"error":{"code":"LEASE_LOST","message":"stale"}}"#);
        assert_eq!(lost.data(), Err(ControlPlaneError::LeaseLost));
        let nested = answer(409, r#"{"detail":{"code":"LEASE_LOST","message":"stale"}}"#);
        assert_eq!(nested.data(), Err(ControlPlaneError::LeaseLost));
        for (body, message) in [
            (
                r#"{"error":{"code":"INVALID_TRANSITION","message":"job is over"}}"#,
                "job is over",
            ),
            (
                r#"{"detail":"LEASE_LOST in a text"}"#,
                "LEASE_LOST in a text",
            ),
            ("", ""),
        ] {
            assert_eq!(
                answer(409, body).data(),
                Err(ControlPlaneError::Conflict {
                    message: message.to_owned()
                })
            );
        }
    }

    #[test]
    fn what_is_no_answer_of_a_control_plane_is_described_not_repeated() {
        for (status, body, says) in [
            (200, "<!doctype html><html>Welcome</html>", "an HTML page"),
            (200, "", "an empty body"),
            (200, "  \n", "an empty body"),
            (200, "OK", "text that is no JSON"),
            (200, "[1]", "JSON, but no object"),
            (200, r#"{"jobs":[]}"#, "JSON without a field \"data\""),
            (404, "<html>not here</html>", "an HTML page"),
            (405, "", "an empty body"),
        ] {
            let error = answer(status, body).data().unwrap_err();
            let text = error.to_string();
            assert!(
                matches!(error, ControlPlaneError::Unreadable { .. }),
                "{text}"
            );
            assert!(text.contains(says), "{text}");
            assert!(
                text.starts_with("http://cp:8080/api/internal/export-jobs/7 does not answer like"),
                "{text}"
            );
            assert!(!text.contains("Welcome"), "{text}");
        }
    }

    #[test]
    fn a_redirect_names_where_it_leads() {
        let mut moved = answer(302, "");
        moved.location = Some("https://login.example".to_owned());
        let text = moved.data().unwrap_err().to_string();
        assert!(
            text.contains("a redirect to https://login.example"),
            "{text}"
        );
    }

    #[test]
    fn statuses_are_told_apart() {
        let kind = |status, body| answer(status, body).data().unwrap_err();
        let html = "<html></html>";
        assert!(matches!(
            kind(401, html),
            ControlPlaneError::Unauthorized { status: 401, .. }
        ));
        assert!(matches!(
            kind(403, ""),
            ControlPlaneError::Unauthorized { .. }
        ));
        assert!(matches!(
            kind(404, r#"{"detail":"Not Found"}"#),
            ControlPlaneError::NotFound { .. }
        ));
        for status in [408, 429, 502, 503, 504] {
            assert!(matches!(kind(status, html), ControlPlaneError::Busy { .. }));
        }
        for status in [500, 501, 507] {
            assert!(matches!(
                kind(status, html),
                ControlPlaneError::ServerError { .. }
            ));
        }
        for status in [400, 413, 422] {
            assert!(matches!(
                kind(status, html),
                ControlPlaneError::Refused { .. }
            ));
        }
    }

    #[test]
    fn a_long_message_is_shortened() {
        let text = message(&format!(r#"{{"detail":"{}"}}"#, "ä".repeat(10_000)));
        assert!(text.chars().count() < 600, "{}", text.len());
        assert!(text.ends_with('…'));
    }
}
