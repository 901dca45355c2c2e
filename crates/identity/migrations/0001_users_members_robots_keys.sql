CREATE TABLE users (
    id {id},
    username TEXT NOT NULL,
    email TEXT NOT NULL,
    realname TEXT NOT NULL,
    comment TEXT NOT NULL,
    password TEXT NOT NULL,
    cli_secret TEXT,
    credentials_version BIGINT NOT NULL,
    sysadmin BOOLEAN NOT NULL,
    deleted BOOLEAN NOT NULL,
    creation_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE UNIQUE INDEX users_email ON users (email);

CREATE TABLE members (
    id {id},
    project_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    role BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX members_project_user ON members (project_id, user_id);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE robots (
    id {id},
    project_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    secret TEXT NOT NULL,
    credentials_version BIGINT NOT NULL,
    disabled BOOLEAN NOT NULL,
    duration BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    creator_type TEXT NOT NULL,
    creator_ref BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX robots_name ON robots (name);
CREATE INDEX robots_project ON robots (project_id, name);

CREATE TABLE robot_permissions (
    id {id},
    robot_id BIGINT NOT NULL REFERENCES robots (id),
    kind TEXT NOT NULL,
    project_id BIGINT NOT NULL,
    namespace TEXT NOT NULL,
    access TEXT NOT NULL
);
CREATE INDEX robot_permissions_robot ON robot_permissions (robot_id, id);
CREATE INDEX robot_permissions_project ON robot_permissions (project_id);

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    private_key {bytes} NOT NULL,
    public_key {bytes} NOT NULL,
    creation_time BIGINT NOT NULL,
    retired_time BIGINT
);

CREATE TABLE encryption_key_check (
    id BIGINT PRIMARY KEY,
    sealed {bytes} NOT NULL
);
