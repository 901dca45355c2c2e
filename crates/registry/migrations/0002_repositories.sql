CREATE TABLE repositories (
    id {id},
    project_id BIGINT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    published BOOLEAN NOT NULL,
    artifact_count BIGINT NOT NULL DEFAULT 0,
    pull_count BIGINT NOT NULL DEFAULT 0,
    creation_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE INDEX repositories_project ON repositories (project_id, creation_time, id);

CREATE INDEX repositories_creation ON repositories (creation_time, id);

CREATE TABLE repository_blobs (
    repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (repository_id, digest)
);

CREATE INDEX repository_blobs_digest ON repository_blobs (digest);
