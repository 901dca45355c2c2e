-- When collection has to look at a link: when the lease ends that made it, and when an artifact of the
-- repository goes that needed the blob; NULL once collection has seen such an artifact. Zero, for what a
-- release without this column writes and for all that was there before it, is at once.
ALTER TABLE repository_blobs ADD COLUMN review_time BIGINT DEFAULT 0;

CREATE INDEX repository_blobs_review ON repository_blobs (review_time, repository_id, digest) WHERE review_time IS NOT NULL;

CREATE INDEX artifacts_untagged ON artifacts (push_time, id) WHERE listed AND tag_count = 0;
