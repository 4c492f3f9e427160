-- The tables of schema 1 on SQLite, as the first engine made them.
-- Times are microseconds since 1970, UTC.

CREATE TABLE IF NOT EXISTS ledger_version (
  version INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS product (
  tenant TEXT NOT NULL,
  sku TEXT NOT NULL,
  body TEXT NOT NULL,
  updated_at_us BIGINT NOT NULL,
  PRIMARY KEY (tenant, sku)
);

-- One idempotency key of a tenant and the body that it was first used for.
CREATE TABLE IF NOT EXISTS submission (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  PRIMARY KEY (tenant, key)
);

-- Small and often written; the brief, large and never written again, stands beside it.
CREATE TABLE IF NOT EXISTS job (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  submission_key TEXT NOT NULL,
  batch TEXT NOT NULL,
  kind TEXT NOT NULL,
  sku TEXT NOT NULL,
  lane SMALLINT NOT NULL,                 -- 0 interactive, 1 bulk
  wanted INTEGER NOT NULL,                -- accepted candidates asked for
  status TEXT NOT NULL,
  problem TEXT NOT NULL DEFAULT '',
  token TEXT NOT NULL DEFAULT '',         -- of the claim that may write
  worker TEXT NOT NULL DEFAULT '',
  lease_until_us BIGINT NOT NULL DEFAULT 0,
  lost_claims INTEGER NOT NULL DEFAULT 0, -- claims whose worker never came back
  created_at_us BIGINT NOT NULL,
  updated_at_us BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS job_queued ON job (kind, lane, sequence) WHERE status = 'queued';
CREATE INDEX IF NOT EXISTS job_leased ON job (lease_until_us) WHERE status = 'running';
CREATE INDEX IF NOT EXISTS job_listed ON job (tenant, status, sequence);
CREATE INDEX IF NOT EXISTS job_of_sku ON job (tenant, sku, sequence);
CREATE INDEX IF NOT EXISTS job_submitted ON job (tenant, submission_key, sequence) WHERE submission_key <> '';
CREATE INDEX IF NOT EXISTS job_of_batch ON job (tenant, batch, status, sequence) WHERE batch <> '';

CREATE TABLE IF NOT EXISTS brief (
  job_id TEXT NOT NULL PRIMARY KEY,
  body TEXT NOT NULL
) WITHOUT ROWID;

-- One recipe of a job, done once: its candidate, or why it gave none (`outcome` FAILED).
CREATE TABLE IF NOT EXISTS attempt (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL,
  recipe_sha256 TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  device TEXT NOT NULL,
  seconds DOUBLE PRECISION NOT NULL,
  recorded_at_us BIGINT NOT NULL,
  UNIQUE (job_id, recipe_sha256)
);

CREATE TABLE IF NOT EXISTS review_case (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  job_id TEXT NOT NULL,
  recipe_sha256 TEXT NOT NULL,
  reasons TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'waiting', -- waiting, withdrawn
  opened_at_us BIGINT NOT NULL,
  UNIQUE (job_id, recipe_sha256)
);
CREATE INDEX IF NOT EXISTS case_waiting ON review_case (tenant, sequence) WHERE status = 'waiting';

CREATE TABLE IF NOT EXISTS event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL,
  name TEXT NOT NULL,
  at_us BIGINT NOT NULL,
  detail TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS event_of_job ON event (job_id, sequence);
INSERT INTO ledger_version (version) VALUES (1);
