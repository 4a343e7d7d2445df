//! The Control Plane client: claims jobs, reports what became of them, in either dialect.
//!
//! What differs between the reference Control Plane and those of the first
//! generation is dealt with here and nowhere else.

mod answer;
mod client;
mod credential;
mod jobs;
mod port;
mod request;
mod retry;
#[cfg(test)]
mod tests;

pub use client::{ControlPlaneClient, ControlPlaneSettings};
pub use credential::{ControlPlaneCredential, IdTokens};
