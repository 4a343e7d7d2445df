//! The object store client: lists folders, reads Parquet footers, deletes debris.
//!
//! Credentials come from `object_store`. Objects are asked for by their exact
//! names over the XML API: `object_store`'s `Path` drops the slash at the end
//! of a folder marker, so that deleting `a/b/` would delete `a/b`, and one name
//! with an empty segment makes a whole listing unreadable. A wrong name is the
//! one thing that must not happen to a client that deletes. Its errors also
//! leave out `Retry-After`.

mod answer;
mod client;
mod credentials;
mod endpoint;
mod footer;
mod listing;
mod port;
#[cfg(test)]
pub(crate) mod test_parquet;
#[cfg(test)]
pub(crate) mod test_store;
#[cfg(test)]
mod tests;

pub use client::{StorageClient, StorageSettings};
pub use endpoint::{Endpoint, EndpointError};
