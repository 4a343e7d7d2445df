-- The trace each job belongs to, where it belongs to one: W3C's traceparent. A table of its own, so that
-- replicas of the version before, which read whole rows of export_jobs, are not disturbed.
CREATE TABLE job_traces (
    job_id      TEXT PRIMARY KEY REFERENCES export_jobs (id),
    traceparent TEXT NOT NULL
);
