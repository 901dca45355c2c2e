CREATE TABLE projects (
    id {id},
    name TEXT NOT NULL UNIQUE,
    owner_id BIGINT NOT NULL,
    owner_name TEXT NOT NULL,
    public BOOLEAN NOT NULL,
    repository_count BIGINT NOT NULL DEFAULT 0,
    cve_allowlist TEXT NOT NULL,
    creation_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE INDEX projects_owner ON projects (owner_id);

CREATE TABLE project_metadata (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (project_id, name)
);

CREATE TABLE quotas (
    id {id},
    project_id BIGINT NOT NULL UNIQUE REFERENCES projects (id) ON DELETE CASCADE,
    storage_hard BIGINT NOT NULL,
    storage_used BIGINT NOT NULL DEFAULT 0,
    creation_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE TABLE project_blobs (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    reference_count BIGINT NOT NULL,
    PRIMARY KEY (project_id, digest)
);
