use std::fmt;

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use sha2::{Digest as _, Sha256};

use crate::start;

/// A span that others may be children of, in whatever process: W3C's `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent(SpanContext);

/// A carrier of nothing but a `traceparent`.
struct Alone<'a>(&'a str);

impl Extractor for Alone<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

impl TraceParent {
    /// Reads `00-<trace id>-<span id>-<flags>`; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        Self::extract(&Alone(text))
    }

    /// Reads the header `traceparent` of a request, where it has a usable one.
    pub fn of_headers(headers: &HeaderMap) -> Option<Self> {
        Self::extract(&HeaderExtractor(headers))
    }

    fn extract(carrier: &dyn Extractor) -> Option<Self> {
        // The library takes ids of any length.
        carrier.get("traceparent").filter(|text| is_whole(text))?;
        let found = TraceContextPropagator::new().extract_with_context(&Context::new(), carrier);
        Self::of(&found)
    }

    /// The span of a context, if there is one.
    pub(crate) fn of(context: &Context) -> Option<Self> {
        let span = context.span().span_context().clone();
        span.is_valid().then_some(Self(span))
    }

    /// A parent that every process makes up alike for the same parts: so they meet in
    /// one trace although nobody passed one on. The parent itself is in no process, and
    /// is sampled by the share of traces kept. `None` where traces are off.
    pub fn derived(parts: &[&str]) -> Option<Self> {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        let (trace, rest) = hash.split_first_chunk::<16>()?;
        let (span, _) = rest.split_first_chunk::<8>()?;
        let trace = TraceId::from_bytes(*trace);
        let sampled = start::keeps(trace)?;
        let flags = TraceFlags::default().with_sampled(sampled);
        let span = SpanId::from_bytes(*span);
        Some(Self(SpanContext::new(
            trace,
            span,
            flags,
            true,
            TraceState::NONE,
        )))
    }

    /// The trace it belongs to: 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        self.0.trace_id().to_string()
    }

    pub(crate) fn span_context(&self) -> &SpanContext {
        &self.0
    }
}

/// Whether each part is there and as long as it has to be.
fn is_whole(text: &str) -> bool {
    let parts = text.trim().split('-').take(4);
    parts.clone().map(str::len).eq([2, 32, 16, 2])
        && parts
            .clone()
            .all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span) = (self.0.trace_id(), self.0.span_id());
        // Of the flags only this one has a meaning.
        let flags = u8::from(self.0.is_sampled());
        write!(f, "00-{trace}-{span}-{flags:02x}")
    }
}

/// Adds the `traceparent` of the current span to a request, where there is one.
pub fn inject(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Context::current(), &mut HeaderInjector(headers));
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01b902b7-01";

    #[test]
    fn a_traceparent_is_written_as_it_was_read() {
        for text in [
            TEXT,
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01b902b7-00",
        ] {
            let parent = TraceParent::parse(text).unwrap();
            assert_eq!(parent.to_string(), text);
            assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }

    #[test]
    fn what_is_no_traceparent_is_none() {
        for text in [
            "",
            "x",
            "00-00000000000000000000000000000000-00f067aa01b902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01b902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa01b902b7-01",
        ] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_request_hands_on_what_it_came_with() {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", TEXT.parse().unwrap());
        let parent = TraceParent::of_headers(&headers).unwrap();
        let context = Context::new().with_remote_span_context(parent.span_context().clone());
        let _entered = context.attach();
        let mut asked = HeaderMap::new();
        inject(&mut asked);
        assert_eq!(asked["traceparent"], TEXT);
    }

    #[test]
    fn a_request_outside_of_any_trace_carries_nothing() {
        let mut asked = HeaderMap::new();
        inject(&mut asked);
        assert!(!asked.contains_key("traceparent"), "{asked:?}");
    }
}
