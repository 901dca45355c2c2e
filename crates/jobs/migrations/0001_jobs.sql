-- Jobs, with their place in the queue and the lease of their run. What is indexed is what is
-- waited for; a final job is in no index but the ones that list and sweep.
CREATE TABLE jobs (
    sequence {id},
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    kind TEXT NOT NULL,
    parameters TEXT NOT NULL,
    is_unique BOOLEAN NOT NULL,
    unique_key TEXT,
    unique_until TEXT,
    cron_spec TEXT,
    upstream_job_id TEXT,
    numeric_policy_id BIGINT NOT NULL,
    enqueue_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    check_in_at BIGINT NOT NULL DEFAULT 0,
    hook TEXT,
    revision BIGINT NOT NULL,
    ack_status TEXT,
    ack_revision BIGINT,
    ack_check_in_at BIGINT,
    tenant TEXT NOT NULL,
    progress TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    losses BIGINT NOT NULL DEFAULT 0,
    max_attempts BIGINT,
    error TEXT,
    -- Its turn among the pending of its name: see store/sql/turn.
    turn BIGINT NOT NULL,
    ready_time BIGINT NOT NULL,
    final_time BIGINT,
    -- The last run; a token is there as long as its lease is.
    token BIGINT,
    pool TEXT NOT NULL DEFAULT '',
    start_time BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX jobs_queue ON jobs (name, turn, sequence) WHERE status = 'Pending';
CREATE INDEX jobs_queue_tenant ON jobs (name, tenant, turn) WHERE status = 'Pending';
CREATE INDEX jobs_wait ON jobs (run_at) WHERE status = 'Scheduled' AND kind <> 'Periodic';
CREATE UNIQUE INDEX jobs_token ON jobs (token) WHERE token IS NOT NULL;
CREATE INDEX jobs_lease ON jobs (name, lease_until) WHERE token IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX jobs_upstream ON jobs (upstream_job_id, run_at) WHERE upstream_job_id IS NOT NULL;
CREATE INDEX jobs_final ON jobs (status, final_time) WHERE final_time IS NOT NULL;

-- Attempts that are over, for people who ask what happened.
CREATE TABLE job_attempts (
    id {id},
    job_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    pool TEXT NOT NULL,
    start_time BIGINT NOT NULL,
    end_time BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX job_attempts_job ON job_attempts (job_id, id);

-- What waits to be told. Only the oldest event of a job has a time at which it is due; it hands
-- its turn to the next when it was delivered.
CREATE TABLE job_hooks (
    id {id},
    job_id TEXT NOT NULL,
    target TEXT NOT NULL,
    receiver TEXT NOT NULL,
    status TEXT NOT NULL,
    revision BIGINT NOT NULL,
    check_in TEXT NOT NULL,
    event_time BIGINT NOT NULL,
    next_time BIGINT,
    tries BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX job_hooks_job ON job_hooks (job_id, id);
CREATE INDEX job_hooks_due ON job_hooks (receiver, next_time, id) WHERE next_time IS NOT NULL;

CREATE TABLE job_schedules (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    parameters TEXT NOT NULL,
    cron TEXT NOT NULL,
    hook TEXT,
    numeric_id BIGINT NOT NULL,
    missed TEXT NOT NULL,
    overlap TEXT NOT NULL,
    tenant TEXT NOT NULL,
    max_attempts BIGINT,
    next_time BIGINT NOT NULL
);
CREATE INDEX job_schedules_next ON job_schedules (next_time);

CREATE TABLE job_queues (
    name TEXT PRIMARY KEY,
    paused BOOLEAN NOT NULL
);

CREATE TABLE job_pools (
    id TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    job_names TEXT NOT NULL,
    concurrency BIGINT NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL
);

-- The logs of runs, in pieces.
CREATE TABLE job_logs (
    id {id},
    job_id TEXT NOT NULL,
    time BIGINT NOT NULL,
    lines {bytes} NOT NULL
);
CREATE INDEX job_logs_job ON job_logs (job_id, id);
CREATE INDEX job_logs_time ON job_logs (time);
