CREATE TABLE users (
    id {id},
    username TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
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
