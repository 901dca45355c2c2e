-- Background work that was asked for. The numbers of its tasks in each status are kept here, by the
-- same transactions that change the tasks, so that its own status never lags behind.
CREATE TABLE executions (
    id {id},
    vendor_type TEXT NOT NULL,
    vendor_id BIGINT NOT NULL,
    -- 'MANUAL', 'SCHEDULE' or 'EVENT'.
    trigger_kind TEXT NOT NULL,
    status TEXT NOT NULL,
    is_final BOOLEAN NOT NULL,
    status_message TEXT NOT NULL,
    -- A JSON object: what it was given, and what came of it.
    extra_attributes TEXT NOT NULL,
    stop_requested BOOLEAN NOT NULL,
    pending BIGINT NOT NULL,
    scheduled BIGINT NOT NULL,
    running BIGINT NOT NULL,
    stopped BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    start_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    end_time BIGINT NOT NULL,
    -- Counts the changes. Raising it is what a transaction locks the execution with.
    revision BIGINT NOT NULL
);
CREATE INDEX executions_vendor ON executions (vendor_type, vendor_id, id);
CREATE INDEX executions_open ON executions (vendor_type, vendor_id) WHERE NOT is_final;

-- The jobs of an execution. The job store may lose a job; what it was is told by these rows.
CREATE TABLE tasks (
    id {id},
    execution_id BIGINT NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    job_id TEXT NOT NULL UNIQUE,
    job_name TEXT NOT NULL,
    parameters TEXT NOT NULL,
    tenant TEXT NOT NULL,
    status TEXT NOT NULL,
    is_final BOOLEAN NOT NULL,
    -- The revision of the job that the status is of.
    status_revision BIGINT NOT NULL,
    status_message TEXT NOT NULL,
    run_count BIGINT NOT NULL,
    -- Whether the job store is known to have accepted the job.
    submitted BOOLEAN NOT NULL,
    -- Whether it is to be stopped, and whether the job store was told so.
    stop_requested BOOLEAN NOT NULL,
    stop_told BOOLEAN NOT NULL,
    creation_time BIGINT NOT NULL,
    start_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    end_time BIGINT NOT NULL
);
CREATE INDEX tasks_execution ON tasks (execution_id, id);
CREATE INDEX tasks_open ON tasks (id) WHERE NOT is_final;
CREATE INDEX tasks_to_submit ON tasks (id) WHERE NOT is_final AND NOT submitted;
CREATE INDEX tasks_to_stop ON tasks (id) WHERE NOT is_final AND stop_requested AND NOT stop_told;

CREATE TABLE schedules (
    id {id},
    vendor_type TEXT NOT NULL,
    vendor_id BIGINT NOT NULL,
    -- 'Hourly', 'Daily', 'Weekly' or 'Custom'.
    cron_type TEXT NOT NULL,
    cron TEXT NOT NULL,
    parameters TEXT NOT NULL,
    -- What becomes of slots that were missed, and of those whose predecessor still runs.
    missed_fires TEXT NOT NULL,
    overlap TEXT NOT NULL,
    -- Whether a person chose it; else it came with the program.
    chosen BOOLEAN NOT NULL,
    -- The next slot; 0 if there is none.
    next_fire BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (vendor_type, vendor_id)
);
CREATE INDEX schedules_next_fire ON schedules (next_fire);

-- The schedules that came with the program and were made once: one that a person deleted stays away.
CREATE TABLE default_schedules (
    vendor_type TEXT NOT NULL PRIMARY KEY,
    creation_time BIGINT NOT NULL
);

-- The queues that are paused.
CREATE TABLE paused_queues (
    name TEXT NOT NULL PRIMARY KEY,
    update_time BIGINT NOT NULL
);
