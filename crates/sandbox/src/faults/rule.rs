use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::sync::watch;

use super::{
    Faults, Hold, Service, When,
    action::Action,
    gate::{Gate, Verdict},
};

/// What a rule looks at.
pub(super) struct Request<'a> {
    pub(super) service: Service,
    pub(super) method: &'a Method,
    /// Percent-decoded.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) body: Option<&'a [u8]>,
}

/// Which requests are meant.
#[derive(Clone)]
struct Meant {
    service: Service,
    method: Option<Method>,
    path: Option<String>,
    query: Option<String>,
    body: Option<String>,
    skip: u64,
    times: u64,
}

impl Meant {
    fn matches(&self, request: &Request<'_>) -> bool {
        self.service == request.service
            && self.method.as_ref().is_none_or(|m| m == request.method)
            && self.path.as_ref().is_none_or(|p| glob(p, request.path))
            && self
                .query
                .as_ref()
                .is_none_or(|q| request.query.contains(q))
            && self.body.as_ref().is_none_or(|part| {
                request
                    .body
                    .is_some_and(|body| String::from_utf8_lossy(body).contains(part))
            })
    }
}

/// `*` stands for any run of characters, slashes included.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .any(|at| glob(rest, &text[at..]))
}

pub(super) struct Rule {
    meant: Meant,
    action: Action,
    /// Matching requests seen so far, those that were skipped included.
    seen: watch::Sender<u64>,
    disarmed: AtomicBool,
}

impl Rule {
    pub(super) fn needs_body(&self, service: Service, method: &Method) -> bool {
        self.meant.body.is_some()
            && self.meant.service == service
            && self.meant.method.as_ref().is_none_or(|m| m == method)
    }

    pub(super) fn is_spent(&self) -> bool {
        self.disarmed.load(Ordering::Acquire)
            || *self.seen.borrow() >= self.meant.skip.saturating_add(self.meant.times)
    }

    /// Counts the request if it is meant, and says what happens to it.
    pub(super) fn strike(&self, request: &Request<'_>) -> Option<Action> {
        if self.is_spent() || !self.meant.matches(request) {
            return None;
        }
        let mut strikes = false;
        self.seen.send_modify(|seen| {
            *seen += 1;
            strikes = *seen > self.meant.skip
                && *seen <= self.meant.skip.saturating_add(self.meant.times);
        });
        strikes.then(|| self.action.clone())
    }

    pub(super) fn disarm(&self) {
        self.disarmed.store(true, Ordering::Release);
        if let Action::Hold(gate) = &self.action {
            gate.open(Verdict::GoOn);
        }
    }
}

/// A rule in the making: which requests, then what happens to them.
#[must_use = "a rule does nothing before its action is named"]
pub struct On<'a> {
    faults: &'a Faults,
    meant: Meant,
}

impl<'a> On<'a> {
    pub(super) fn new(faults: &'a Faults, service: Service) -> Self {
        let meant = Meant {
            service,
            method: None,
            path: None,
            query: None,
            body: None,
            skip: 0,
            times: 1,
        };
        Self { faults, meant }
    }

    /// Only requests of this method.
    pub fn method(mut self, method: Method) -> Self {
        self.meant.method = Some(method);
        self
    }

    /// Only requests whose decoded path matches; `*` stands for any run of
    /// characters, slashes included.
    pub fn path(mut self, pattern: &str) -> Self {
        self.meant.path = Some(pattern.to_owned());
        self
    }

    /// Only requests whose raw query string contains this.
    pub fn query_contains(mut self, part: &str) -> Self {
        self.meant.query = Some(part.to_owned());
        self
    }

    /// Only requests whose body contains this text.
    pub fn body_contains(mut self, part: &str) -> Self {
        self.meant.body = Some(part.to_owned());
        self
    }

    /// From the nth such request on, counted from 1.
    pub fn nth(mut self, nth: u64) -> Self {
        self.meant.skip = nth.saturating_sub(1);
        self
    }

    /// So many requests; one, unless said otherwise.
    pub fn times(mut self, times: u64) -> Self {
        self.meant.times = times;
        self
    }

    /// Every such request, until the rule is disarmed.
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    fn arm(self, action: Action) -> Armed {
        let rule = Arc::new(Rule {
            meant: self.meant,
            action,
            seen: watch::Sender::new(0),
            disarmed: AtomicBool::new(false),
        });
        self.faults.arm(Arc::clone(&rule));
        Armed { rule }
    }

    /// Handles it after a while.
    pub fn delay(self, delay: Duration) -> Armed {
        self.arm(Action::Delay(delay))
    }

    /// Answers it without handling it.
    pub fn answer(self, status: StatusCode, body: impl Into<Bytes>) -> Armed {
        self.answer_with(status, &[], body)
    }

    /// Answers it with headers, without handling it. A header whose name or
    /// value HTTP does not allow is left out.
    pub fn answer_with(
        self,
        status: StatusCode,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Armed {
        let headers: HeaderMap = headers
            .iter()
            .filter_map(|(name, value)| {
                let name = HeaderName::try_from(*name).ok()?;
                Some((name, HeaderValue::try_from(*value).ok()?))
            })
            .collect();
        self.arm(Action::Answer {
            status,
            headers,
            body: body.into(),
        })
    }

    /// Closes the connection before anything happens.
    pub fn drop_connection(self) -> Armed {
        self.arm(Action::Drop)
    }

    /// Handles it, then closes the connection instead of answering.
    pub fn lose_answer(self) -> Armed {
        self.arm(Action::LoseAnswer)
    }

    /// Handles it and answers, but with an empty body.
    pub fn empty_body(self) -> Armed {
        self.arm(Action::Shorten(0))
    }

    /// Handles it and answers, but the body ends after so many bytes; the
    /// answer itself is valid HTTP.
    pub fn shorten_body(self, bytes: usize) -> Armed {
        self.arm(Action::Shorten(bytes))
    }

    /// Handles it and answers, but the connection breaks after so many bytes of
    /// the body.
    pub fn break_body(self, bytes: usize) -> Armed {
        self.arm(Action::Break(bytes))
    }

    /// Lets it wait at a gate.
    pub fn hold(self, when: When) -> Hold {
        let gate = Gate::new(when);
        let rule = self.arm(Action::Hold(Arc::clone(&gate)));
        Hold { gate, rule }
    }
}

/// A rule that is in force until it is used up or disarmed.
#[derive(Clone)]
pub struct Armed {
    rule: Arc<Rule>,
}

impl Armed {
    /// How many requests the rule struck.
    pub fn hits(&self) -> u64 {
        self.rule.seen.borrow().saturating_sub(self.rule.meant.skip)
    }

    /// Waits until the rule struck so many requests.
    pub async fn hit(&self, times: u64) {
        let wanted = self.rule.meant.skip.saturating_add(times);
        // The sender lives in the rule, so waiting cannot fail.
        let _ = self
            .rule
            .seen
            .subscribe()
            .wait_for(|seen| *seen >= wanted)
            .await;
    }

    /// Takes the rule out of force, and opens its gate if it has one.
    pub fn disarm(&self) {
        self.rule.disarm();
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        assert!(glob("/v1/statement", "/v1/statement"));
        assert!(!glob("/v1/statement", "/v1/statement/queued"));
        assert!(glob("/v1/statement/*", "/v1/statement/queued/1/2"));
        assert!(glob("*/status", "/api/internal/snapshots/1/status"));
        assert!(glob("/a/*/c*", "/a/é/c"));
        assert!(!glob("/a/*/c", "/a/b/d"));
    }
}
