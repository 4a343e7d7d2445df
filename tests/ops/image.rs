//! The container images, opened and run.
