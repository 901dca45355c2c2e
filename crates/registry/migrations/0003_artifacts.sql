CREATE TABLE artifacts (
    id {id},
    -- The repository's, which keeps the project: no key of its own, that would need an index of its own.
    project_id BIGINT NOT NULL,
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    manifest_media_type TEXT NOT NULL,
    artifact_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    manifest_size BIGINT NOT NULL,
    icon TEXT NOT NULL,
    extra_attrs TEXT NOT NULL,
    annotations TEXT NOT NULL,
    subject_digest TEXT,
    accessory_kind TEXT,
    accessory_subject TEXT,
    tag_count BIGINT NOT NULL DEFAULT 0,
    listed BOOLEAN NOT NULL DEFAULT FALSE,
    push_time BIGINT NOT NULL,
    pull_time BIGINT NOT NULL,
    UNIQUE (repository_id, digest)
);

CREATE INDEX artifacts_listed ON artifacts (repository_id, push_time, id) WHERE listed;

CREATE INDEX artifacts_project_listed ON artifacts (project_id, push_time, id) WHERE listed;

CREATE INDEX artifacts_subject ON artifacts (repository_id, subject_digest, id) WHERE subject_digest IS NOT NULL;

CREATE INDEX artifacts_accessory ON artifacts (repository_id, accessory_subject, id) WHERE accessory_subject IS NOT NULL;

CREATE TABLE manifests (
    artifact_id BIGINT NOT NULL PRIMARY KEY REFERENCES artifacts (id) ON DELETE CASCADE,
    body {bytes} NOT NULL
);

CREATE TABLE artifact_blobs (
    artifact_id BIGINT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (artifact_id, digest)
);

CREATE INDEX artifact_blobs_digest ON artifact_blobs (digest);

CREATE TABLE artifact_references (
    parent_id BIGINT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    child_digest TEXT NOT NULL,
    platform TEXT,
    annotations TEXT NOT NULL,
    urls TEXT NOT NULL,
    PRIMARY KEY (parent_id, position)
);

CREATE INDEX artifact_references_child ON artifact_references (repository_id, child_digest);

CREATE TABLE tags (
    id {id},
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    artifact_id BIGINT NOT NULL REFERENCES artifacts (id),
    name TEXT NOT NULL,
    push_time BIGINT NOT NULL,
    pull_time BIGINT NOT NULL,
    UNIQUE (repository_id, name)
);

CREATE INDEX tags_artifact ON tags (artifact_id, push_time, id);
