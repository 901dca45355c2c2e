-- Blobs that exist, and where their bytes lie.
CREATE TABLE blobs (
    digest TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    location TEXT NOT NULL,
    -- 'live', or 'deleting' while collection removes the bytes.
    state TEXT NOT NULL DEFAULT 'live',
    -- Grows whenever somebody takes the blob over from a deletion, or a deletion from somebody: whoever
    -- holds an older one has lost.
    generation BIGINT NOT NULL DEFAULT 1,
    -- Until then the blob is kept although nothing refers to it.
    lease_until BIGINT NOT NULL,
    creation_time BIGINT NOT NULL
);

CREATE INDEX blobs_lease ON blobs (lease_until);

-- Uploads in progress, and finished ones for a while, so that a repeated last request gets the same answer.
CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL,
    -- 'open' or 'finished'.
    state TEXT NOT NULL,
    -- How many bytes are stored.
    stored_bytes BIGINT NOT NULL,
    -- How to go on: the storage's upload state with the hash's state, as JSON.
    storage_state TEXT NOT NULL,
    -- Of a finished upload.
    digest TEXT,
    -- Counts the writers; one that holds an older number has lost its turn.
    fence BIGINT NOT NULL,
    -- Until then the newest writer has its turn; 0 when nobody writes.
    writer_until BIGINT NOT NULL,
    expiry BIGINT NOT NULL
);

CREATE INDEX uploads_expiry ON uploads (state, expiry);
