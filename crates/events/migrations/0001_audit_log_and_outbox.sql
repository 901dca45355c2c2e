-- One line for each thing that was done or attempted. Names are kept beside ids, since what they
-- name may be gone when the line is read.
CREATE TABLE audit_log (
    id {id},
    op_time BIGINT NOT NULL,
    project_id BIGINT,
    project_name TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    operation TEXT NOT NULL,
    operation_description TEXT NOT NULL,
    operation_result BOOLEAN NOT NULL,
    status BIGINT NOT NULL,
    username TEXT NOT NULL,
    client_address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_log_op_time ON audit_log (op_time, id);
CREATE INDEX audit_log_project ON audit_log (project_id, op_time, id);

-- Events for those who follow up on them. On PostgreSQL ids are given before the commit, so the
-- order in which rows may be read is that of the transactions; on SQLite transaction_id is 0.
CREATE TABLE outbox (
    id {id},
    transaction_id BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX outbox_order ON outbox (transaction_id, id);
CREATE INDEX outbox_creation_time ON outbox (creation_time);
