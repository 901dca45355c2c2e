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
    status INTEGER NOT NULL,
    username TEXT NOT NULL,
    client_address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_log_op_time ON audit_log (op_time, id);
CREATE INDEX audit_log_project ON audit_log (project_id, op_time, id);
CREATE TABLE outbox (
    id {id},
    creation_time BIGINT NOT NULL,
    event TEXT NOT NULL
);
