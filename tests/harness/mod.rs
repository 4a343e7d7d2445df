//! What tests and benchmarks of the real binaries share: processes, the world
//! around them, and the Control Plane as its callers see it.

#![allow(
    dead_code,
    reason = "every target compiles its own copy, and none of them needs it all"
)]

pub mod api;
pub mod process;
pub mod world;
