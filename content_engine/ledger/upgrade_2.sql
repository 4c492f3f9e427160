-- From schema 2 to 3: batches. Jobs of a batch point at their line; claims are shared by tenants.
DROP INDEX IF EXISTS job_queued;
ALTER TABLE job ADD COLUMN item BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN place SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN held SMALLINT NOT NULL DEFAULT 0;
