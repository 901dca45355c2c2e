-- When collection has to look at a blob: the end of its lease when it is pushed and when a reference
-- to it ends; NULL once collection has seen a reference. Zero, for what a release without this column
-- writes and for all that was there before it, is at once.
ALTER TABLE blobs ADD COLUMN review_time BIGINT DEFAULT 0;

CREATE INDEX blobs_review ON blobs (review_time, digest) WHERE review_time IS NOT NULL;

-- Each publication has a location of its own. A scrub goes through blobs in this order.
CREATE UNIQUE INDEX blobs_location ON blobs (location);

DROP INDEX blobs_lease;

-- Bytes that belong to no blob any more and lie where they lay until the trash is emptied.
CREATE TABLE trashed_blobs (
    location TEXT NOT NULL PRIMARY KEY,
    -- Empty for bytes that a scrub found and whose name does not tell.
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    trash_time BIGINT NOT NULL
);

CREATE INDEX trashed_blobs_time ON trashed_blobs (trash_time, location);
