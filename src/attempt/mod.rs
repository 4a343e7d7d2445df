//! The steps of one attempt: what happens to a job, free of HTTP and of timers.

pub mod inventory;
