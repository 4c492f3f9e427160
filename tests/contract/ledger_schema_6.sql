-- The tables of schema 6, with {words} for what dialects say differently.
-- Times are microseconds since 1970, UTC.

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
  sequence {serial},
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
  recheck SMALLINT NOT NULL DEFAULT 0,    -- 1: a person answered while a worker had the job
  created_at_us BIGINT NOT NULL,
  updated_at_us BIGINT NOT NULL,
  item BIGINT NOT NULL DEFAULT 0,         -- of a batch: the line that it was made from, 0 for none
  place SMALLINT NOT NULL DEFAULT 0,      -- of a batch: which of its orders
  held SMALLINT NOT NULL DEFAULT 0        -- 1: its batch is paused, nobody claims it
);
-- Only what can be claimed: what is done costs a claim nothing, however much of it there is.
CREATE INDEX IF NOT EXISTS job_claimable ON job (kind, lane, tenant, sequence)
  WHERE status = 'queued' AND held = 0;
CREATE UNIQUE INDEX IF NOT EXISTS job_of_item ON job (item, place) WHERE item > 0;
CREATE INDEX IF NOT EXISTS job_leased ON job (lease_until_us) WHERE status = 'running';
CREATE INDEX IF NOT EXISTS job_listed ON job (tenant, status, sequence);
CREATE INDEX IF NOT EXISTS job_of_sku ON job (tenant, sku, sequence);
CREATE INDEX IF NOT EXISTS job_submitted ON job (tenant, submission_key, sequence) WHERE submission_key <> '';
CREATE INDEX IF NOT EXISTS job_of_batch ON job (tenant, batch, status, sequence) WHERE batch <> '';

CREATE TABLE IF NOT EXISTS brief (
  job_id TEXT NOT NULL PRIMARY KEY,
  body TEXT NOT NULL
) {clustered};

-- One recipe of a job, done once: its candidate, or why it gave none (`outcome` FAILED).
CREATE TABLE IF NOT EXISTS attempt (
  sequence {serial},
  job_id TEXT NOT NULL,
  recipe_sha256 TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  device TEXT NOT NULL,
  seconds DOUBLE PRECISION NOT NULL,
  recorded_at_us BIGINT NOT NULL,
  backend TEXT NOT NULL DEFAULT '',
  judged_s DOUBLE PRECISION NOT NULL DEFAULT 0,
  judged_on TEXT NOT NULL DEFAULT '',     -- the judge's device
  UNIQUE (job_id, recipe_sha256)
);
CREATE INDEX IF NOT EXISTS attempt_recorded ON attempt (recorded_at_us);

-- One candidate before a person. Taken in the order of (due_day, value_at_risk, sequence).
CREATE TABLE IF NOT EXISTS review_case (
  sequence {serial},
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  job_id TEXT NOT NULL,
  recipe_sha256 TEXT NOT NULL,
  reasons TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'waiting', -- waiting, labelled, withdrawn
  opened_at_us BIGINT NOT NULL,
  kind TEXT NOT NULL DEFAULT '',
  sku TEXT NOT NULL DEFAULT '',
  backend TEXT NOT NULL DEFAULT '',
  due_at_us BIGINT NOT NULL DEFAULT 0,    -- 0: no deadline was given
  due_day INTEGER NOT NULL DEFAULT 0,     -- days since 1970; see ledger/risk.py
  value_at_risk DOUBLE PRECISION NOT NULL DEFAULT 0,
  reviewer TEXT NOT NULL DEFAULT '',      -- who holds it, or held it last
  token TEXT NOT NULL DEFAULT '',         -- of the claim that may label
  lease_until_us BIGINT NOT NULL DEFAULT 0,
  answer TEXT NOT NULL DEFAULT '',        -- pass, fix, reject: the label in force
  UNIQUE (job_id, recipe_sha256)
);
CREATE INDEX IF NOT EXISTS case_queue ON review_case (tenant, kind, due_day, value_at_risk DESC, sequence)
  WHERE status = 'waiting';
CREATE INDEX IF NOT EXISTS case_held ON review_case (tenant, reviewer, lease_until_us) WHERE token <> '';
CREATE INDEX IF NOT EXISTS case_listed ON review_case (tenant, status, sequence);

-- Every claim of a case, so that whoever lost one can be told to whom.
CREATE TABLE IF NOT EXISTS case_claim (
  token TEXT NOT NULL PRIMARY KEY,
  case_id TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  claimed_at_us BIGINT NOT NULL
) {clustered};

-- Every answer of a person. A case that came back has several; `undone` ones count nowhere.
CREATE TABLE IF NOT EXISTS label (
  sequence {serial},
  token TEXT NOT NULL,
  case_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  backend TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  outcome TEXT NOT NULL,
  seconds DOUBLE PRECISION NOT NULL,
  body TEXT NOT NULL,
  last_attempt BIGINT NOT NULL,           -- the job's newest attempt when it was given
  labelled_at_us BIGINT NOT NULL,
  undone SMALLINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS label_of_case ON label (case_id, sequence);
CREATE INDEX IF NOT EXISTS label_of_job ON label (job_id, sequence);
CREATE INDEX IF NOT EXISTS label_given ON label (tenant, labelled_at_us);

-- A correction that a person ordered, and what became of it.
CREATE TABLE IF NOT EXISTS correction (
  label_sequence BIGINT NOT NULL PRIMARY KEY,
  case_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'ordered', -- ordered, done, refused, withdrawn
  recipe_sha256 TEXT NOT NULL DEFAULT '', -- of the attempt that carried it out
  reason TEXT NOT NULL DEFAULT '',        -- why it was refused
  ended_at_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS correction_of_job ON correction (job_id, label_sequence);

-- Faults named by the judge when a case was opened (label_sequence 0) and by people in labels.
CREATE TABLE IF NOT EXISTS fault (
  sequence {serial},
  tenant TEXT NOT NULL,
  case_id TEXT NOT NULL,
  label_sequence BIGINT NOT NULL,
  media TEXT NOT NULL,
  backend TEXT NOT NULL,
  kind TEXT NOT NULL,
  seen_at_us BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS fault_seen ON fault (tenant, seen_at_us);
CREATE INDEX IF NOT EXISTS fault_of_label ON fault (case_id, label_sequence);

-- Which recipe of which job made an asset (`made` 1) or took it as an ingredient (0).
CREATE TABLE IF NOT EXISTS asset_use (
  digest TEXT NOT NULL,
  job_id TEXT NOT NULL,
  recipe_sha256 TEXT NOT NULL,
  made SMALLINT NOT NULL,
  PRIMARY KEY (digest, job_id, recipe_sha256, made)
) {clustered};
CREATE INDEX IF NOT EXISTS asset_use_of_attempt ON asset_use (job_id, recipe_sha256);

CREATE TABLE IF NOT EXISTS event (
  sequence {serial},
  job_id TEXT NOT NULL,
  name TEXT NOT NULL,
  at_us BIGINT NOT NULL,
  detail TEXT NOT NULL DEFAULT '{{}}'
);
CREATE INDEX IF NOT EXISTS event_of_job ON event (job_id, sequence);

-- A feed and what is ordered of each of its products. Its jobs are made when they are claimed.
CREATE TABLE IF NOT EXISTS batch (
  sequence {serial},
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,                      -- of idempotency; empty: none was given
  orders_sha256 TEXT NOT NULL,
  language TEXT NOT NULL,                 -- of the merchant's words, BCP 47
  status TEXT NOT NULL DEFAULT 'open',    -- open, paused, cancelled
  received SMALLINT NOT NULL DEFAULT 0,   -- 1: the feed was read to its end
  records BIGINT NOT NULL DEFAULT 0,      -- read so far, the invalid ones too
  chain TEXT NOT NULL DEFAULT '',         -- digest of all of them, in order
  lines BIGINT NOT NULL DEFAULT 0,        -- accepted
  faults BIGINT NOT NULL DEFAULT 0,       -- refused
  created_at_us BIGINT NOT NULL,
  updated_at_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS batch_of_key ON batch (tenant, key) WHERE key <> '';
CREATE INDEX IF NOT EXISTS batch_listed ON batch (tenant, sequence);

-- One brief without a product: what to make of every line. Fed: jobs exist up to that item.
CREATE TABLE IF NOT EXISTS batch_order (
  batch BIGINT NOT NULL,
  place SMALLINT NOT NULL,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  lane SMALLINT NOT NULL,
  wanted INTEGER NOT NULL,
  body TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'open',    -- as its batch
  fed BIGINT NOT NULL DEFAULT 0,          -- jobs made so far
  fed_item BIGINT NOT NULL,
  last_item BIGINT NOT NULL,
  PRIMARY KEY (batch, place)
);
CREATE INDEX IF NOT EXISTS order_open ON batch_order (kind, lane, tenant, batch, place)
  WHERE status = 'open' AND fed_item < last_item;

-- An accepted line, once for all orders: `item` is the batch's sequence × 2^32 + the line.
CREATE TABLE IF NOT EXISTS batch_item (
  item {rowid},
  sku TEXT NOT NULL,
  form SMALLINT NOT NULL,                 -- 0: a record as it came, 1: a product as it was read
  body TEXT NOT NULL
);

-- How many of a batch's jobs stand in a status; of `status` '': its attempts and what they took.
-- Kept by triggers. A batch is the sum over its writers, which may stand below nothing.
CREATE TABLE IF NOT EXISTS batch_tally (
  batch BIGINT NOT NULL,
  status TEXT NOT NULL,
  writer BIGINT NOT NULL DEFAULT 0,       -- on Postgres the connection's process
  jobs BIGINT NOT NULL DEFAULT 0,
  attempts BIGINT NOT NULL DEFAULT 0,
  seconds DOUBLE PRECISION NOT NULL DEFAULT 0,
  PRIMARY KEY (batch, status, writer)
) {clustered};

CREATE TABLE IF NOT EXISTS batch_fault (
  item BIGINT NOT NULL,
  message TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS fault_of_item ON batch_fault (item);

-- How much of the claims a tenant gets, and has had while others waited too.
CREATE TABLE IF NOT EXISTS tenant_share (
  tenant TEXT NOT NULL PRIMARY KEY,
  weight DOUBLE PRECISION NOT NULL DEFAULT 1,
  most_running BIGINT NOT NULL DEFAULT 0, -- jobs at once, 0: no limit
  most_waiting BIGINT NOT NULL DEFAULT 0, -- briefs of batches not begun, 0: no limit
  served DOUBLE PRECISION NOT NULL DEFAULT 0
);

-- Who brought an asset in: a product's picture, an upload. What was made is found by asset_use.
CREATE TABLE IF NOT EXISTS asset_owner (
  digest TEXT NOT NULL,
  tenant TEXT NOT NULL,
  PRIMARY KEY (digest, tenant)
) {clustered};

-- The batches that machines are not done with: each leaves once, and is told of then.
CREATE TABLE IF NOT EXISTS batch_under_way (
  batch BIGINT NOT NULL PRIMARY KEY
);

-- Where a tenant wants to be told of what ended. Secrets are sealed with a key that is not here.
CREATE TABLE IF NOT EXISTS webhook (
  sequence {serial},
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  url TEXT NOT NULL,
  events TEXT NOT NULL,                   -- separated by blanks; empty: all
  secret TEXT NOT NULL,
  old_secret TEXT NOT NULL DEFAULT '',    -- signs too until then
  old_until_us BIGINT NOT NULL DEFAULT 0,
  disabled TEXT NOT NULL DEFAULT '',      -- why nothing is sent there
  created_at_us BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS webhook_of_tenant ON webhook (tenant, sequence);

-- The outbox: one message of one event to one webhook, written with the event itself.
CREATE TABLE IF NOT EXISTS webhook_delivery (
  sequence {serial},
  id TEXT NOT NULL UNIQUE,
  webhook TEXT NOT NULL,
  event TEXT NOT NULL,                    -- which: a job's by its sequence, a batch's by its id
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'waiting', -- waiting, delivered, dead
  tries INTEGER NOT NULL DEFAULT 0,
  due_at_us BIGINT NOT NULL,              -- of the next try; while one is under way: its lease's end
  token TEXT NOT NULL DEFAULT '',         -- of the sender that tries
  answer INTEGER NOT NULL DEFAULT 0,
  problem TEXT NOT NULL DEFAULT '',
  created_at_us BIGINT NOT NULL,
  ended_at_us BIGINT NOT NULL DEFAULT 0,
  UNIQUE (webhook, event)
);
CREATE INDEX IF NOT EXISTS delivery_due ON webhook_delivery (webhook, due_at_us) WHERE status = 'waiting';
CREATE INDEX IF NOT EXISTS delivery_dead ON webhook_delivery (webhook) WHERE status = 'dead';
CREATE INDEX IF NOT EXISTS delivery_listed ON webhook_delivery (webhook, status, sequence);
CREATE INDEX IF NOT EXISTS delivery_ended ON webhook_delivery (ended_at_us) WHERE status <> 'waiting';
