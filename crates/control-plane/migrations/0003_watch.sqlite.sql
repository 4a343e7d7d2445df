-- What metrics read of the queue. None of these has an entry for a job or a snapshot that is over.

-- The oldest job in each status; for pending ones export_jobs_due has it.
CREATE INDEX export_jobs_claimed ON export_jobs (claimed_at) WHERE status = 'claimed';
CREATE INDEX export_jobs_submitted ON export_jobs (submitted_at) WHERE status = 'submitted';
-- When a snapshot last saw one of its live jobs move.
CREATE INDEX export_jobs_moved ON export_jobs (snapshot_id, updated_at) WHERE due_at IS NOT NULL;
-- The snapshots that are not over, oldest first.
CREATE INDEX snapshots_unfinished ON snapshots (id, status) WHERE completed_at IS NULL;
