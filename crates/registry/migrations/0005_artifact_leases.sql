-- Until when collection leaves an artifact alone although it has no tag: somebody was told that it is there.
ALTER TABLE artifacts ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;
