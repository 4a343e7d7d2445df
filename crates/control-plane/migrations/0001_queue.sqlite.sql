-- Times are microseconds since 1970-01-01T00:00:00Z, as in the PostgreSQL store: both run the same statements.

CREATE TABLE snapshots (
    -- Ordered by time (UUID version 7), so that this key also lists the newest first.
    id              TEXT PRIMARY KEY,
    name            TEXT,
    status          TEXT NOT NULL CHECK (status IN ('pending', 'creating', 'ready', 'failed', 'cancelled')),
    -- Counted down in the transaction that ends a job; 0 finalises the snapshot.
    remaining_jobs  BIGINT NOT NULL CHECK (remaining_jobs >= 0),
    node_counts     TEXT,
    edge_counts     TEXT,
    size_bytes      BIGINT,
    error_message   TEXT,
    idempotency_key TEXT UNIQUE,
    request_digest  TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    completed_at    BIGINT
);

CREATE TABLE export_jobs (
    -- The order jobs are claimed in: oldest snapshot first, then as they were given.
    seq                INTEGER PRIMARY KEY AUTOINCREMENT,
    id                 TEXT NOT NULL UNIQUE,
    snapshot_id        TEXT NOT NULL REFERENCES snapshots (id),
    job_type           TEXT NOT NULL CHECK (job_type IN ('node', 'edge')),
    entity_name        TEXT NOT NULL,
    status             TEXT NOT NULL
        CHECK (status IN ('pending', 'claimed', 'submitted', 'completed', 'failed', 'cancelled')),
    sql                TEXT NOT NULL,
    column_names       TEXT NOT NULL,
    starburst_catalog  TEXT,
    starburst_role     TEXT,
    gcs_path           TEXT NOT NULL,
    -- The same as bucket/prefix/, compared byte by byte.
    destination        TEXT NOT NULL,
    attempt            BIGINT NOT NULL,
    max_attempts       BIGINT NOT NULL,
    -- When somebody may act on the job next: a claimer (pending), the reaper (claimed),
    -- a poller (submitted). NULL once the job is over.
    due_at             BIGINT,
    claim_token        TEXT,
    lease_expires_at   BIGINT,
    -- The write that ended the lease or submitted the job, for repeats of it.
    last_write_token   TEXT,
    last_write_digest  TEXT,
    claimed_by         TEXT,
    claimed_at         BIGINT,
    starburst_query_id TEXT,
    next_uri           TEXT,
    next_poll_at       BIGINT,
    poll_count         BIGINT NOT NULL,
    cancel_requested   BOOLEAN NOT NULL,
    row_count          BIGINT,
    size_bytes         BIGINT,
    files              BIGINT,
    stats              TEXT,
    submitted_at       BIGINT,
    completed_at       BIGINT,
    error_message      TEXT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    UNIQUE (snapshot_id, job_type, entity_name),
    -- The machine's invariants: a claimed job is leased, a job that is over is not, a live one is due some time.
    CHECK (status <> 'claimed' OR claim_token IS NOT NULL),
    CHECK ((claim_token IS NULL) = (lease_expires_at IS NULL)),
    CHECK ((due_at IS NULL) = (status IN ('completed', 'failed', 'cancelled'))),
    CHECK (claim_token IS NULL OR status IN ('claimed', 'submitted'))
);

-- Claim, pollable, the reaper and the gauges read this one; jobs that are over are not in it.
CREATE INDEX export_jobs_due ON export_jobs (status, due_at, seq) WHERE due_at IS NOT NULL;
-- Equal and nested destinations of live jobs.
CREATE INDEX export_jobs_live_destination ON export_jobs (destination) WHERE due_at IS NOT NULL;
-- The jobs of a snapshot in order, and its progress.
CREATE INDEX export_jobs_of_snapshot ON export_jobs (snapshot_id, seq, status);
