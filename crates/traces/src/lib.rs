//! `export-traces`: one trace for each export job, through every process that has a
//! part in it.
//!
//! [`start`] switches traces on: spans go to an OpenTelemetry collector, in batches
//! and beside the work. Where it was not called, a [`Span`] records nothing, but
//! hands a [`TraceParent`] that came from outside on to whoever is asked next.

mod attributes;
mod collector;
mod exporter;
mod headers;
mod parent;
mod span;
mod start;

pub use attributes::{Attribute, attributes, markdown};
pub use headers::{HeadersError, parse_headers};
pub use parent::{TraceParent, inject};
pub use span::{Kind, Span, Under};
pub use start::{Exporting, Settings, StartError, start};
