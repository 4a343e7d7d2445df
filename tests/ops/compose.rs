//! The compose file names what is there.
