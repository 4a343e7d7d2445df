//! Replicas come and go while jobs are under way.
