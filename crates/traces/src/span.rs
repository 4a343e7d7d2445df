use std::{borrow::Cow, future::Future};

use opentelemetry::{
    Context, KeyValue, Value,
    trace::{
        FutureExt as _, Link, SpanKind, Status, TraceContextExt as _, Tracer as _, WithContext,
    },
};

use crate::{Attribute, TraceParent, start};

/// What a span is a child of.
#[derive(Clone, Copy, Debug)]
pub enum Under<'a> {
    /// The span whose work this is part of, by [`Span::around`].
    Current,
    /// A span of another process, or an earlier one.
    Parent(Option<&'a TraceParent>),
    /// Nothing: a trace of its own, which is linked to this one.
    Nothing {
        /// Whose work led to it.
        linked_to: &'a Span,
    },
}

/// What kind of work a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answers a request.
    Server,
    /// Takes up what somebody left in a queue.
    Consumer,
    /// Leaves something in a queue.
    Producer,
    /// Anything else.
    Internal,
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Consumer => Self::Consumer,
            Kind::Producer => Self::Producer,
            Kind::Internal => Self::Internal,
        }
    }
}

/// A piece of work in a trace. Ends when its last clone is dropped.
///
/// Where traces are off it records nothing, and stands for its parent: requests
/// made during it hand that on.
#[derive(Clone, Debug)]
pub struct Span(Context);

impl Span {
    /// Begins a span. `name` comes from a closed set.
    pub fn begin(name: impl Into<Cow<'static, str>>, kind: Kind, under: Under<'_>) -> Self {
        let (parent, link) = match under {
            Under::Current => (Context::current(), None),
            Under::Parent(None) => (Context::new(), None),
            Under::Parent(Some(parent)) => {
                let parent = parent.span_context().clone();
                (Context::new().with_remote_span_context(parent), None)
            }
            Under::Nothing { linked_to } => (Context::new(), TraceParent::of(&linked_to.0)),
        };
        let Some(tracer) = start::tracer() else {
            return Self(parent);
        };
        let mut builder = tracer.span_builder(name).with_kind(kind.into());
        if let Some(link) = link {
            builder = builder.with_links(vec![Link::with_context(link.span_context().clone())]);
        }
        let span = tracer.build_with_context(builder, &parent);
        Self(parent.with_span(span))
    }

    /// Nobody's work.
    pub fn none() -> Self {
        Self(Context::new())
    }

    /// The span whose work this is part of.
    pub fn current() -> Self {
        Self(Context::current())
    }

    /// Says something of it: each attribute once.
    pub fn set(&self, attribute: Attribute, value: impl Into<Value>) {
        if self.0.span().is_recording() {
            let value = KeyValue::new(attribute.name, value);
            self.0.span().set_attribute(value);
        }
    }

    /// It failed, for this reason. The words are those of the log: without secrets.
    pub fn fail(&self, why: impl Into<String>) {
        if self.0.span().is_recording() {
            self.0.span().set_status(Status::error(why.into()));
        }
    }

    /// Does this work as part of the span.
    pub fn around<F: Future>(&self, work: F) -> WithContext<F> {
        work.with_context(self.0.clone())
    }

    /// What children of it in other processes are told.
    pub fn as_parent(&self) -> Option<TraceParent> {
        TraceParent::of(&self.0)
    }

    /// The trace it belongs to, if it belongs to one.
    pub fn trace_id(&self) -> Option<String> {
        self.as_parent().map(|parent| parent.trace_id())
    }
}
