-- Every statement of the ledger, by name. {words} in braces are a dialect's own (ledger/sql.py).

-- name: version
SELECT version FROM ledger_version;

-- name: set_version
INSERT INTO ledger_version (version) VALUES (:version);

-- name: move_version
UPDATE ledger_version SET version = :version;

-- name: put_product
INSERT INTO product (tenant, sku, body, updated_at_us) VALUES (:tenant, :sku, :body, :now_us)
ON CONFLICT (tenant, sku) DO UPDATE SET body = excluded.body, updated_at_us = excluded.updated_at_us;

-- name: get_product
SELECT body FROM product WHERE tenant = :tenant AND sku = :sku;

-- name: products
SELECT body FROM product WHERE tenant = :tenant ORDER BY sku LIMIT :limit;

-- name: submission
SELECT body_sha256 FROM submission WHERE tenant = :tenant AND key = :key;

-- name: add_submission
INSERT INTO submission (tenant, key, body_sha256) VALUES (:tenant, :key, :body_sha256)
ON CONFLICT (tenant, key) DO NOTHING;

-- name: submitted
SELECT id, tenant, batch, status, problem, created_at_us, updated_at_us
FROM job WHERE tenant = :tenant AND submission_key = :key ORDER BY sequence;

-- name: add_job
INSERT INTO job (id, tenant, submission_key, batch, kind, sku, lane, wanted, status, created_at_us, updated_at_us,
  item, place)
VALUES (:id, :tenant, :key, :batch, :kind, :sku, :lane, :wanted, 'queued', :now_us, :now_us, :item, :place);

-- name: add_brief
INSERT INTO brief (job_id, body) VALUES (:id, :body);

-- name: add_event
INSERT INTO event (job_id, name, at_us, detail) VALUES (:id, :name, :now_us, :detail);

-- Ids of one submission follow each other without a gap.
-- name: add_queued_events
INSERT INTO event (job_id, name, at_us)
SELECT id, 'queued', created_at_us FROM job WHERE id BETWEEN :first_id AND :last_id;

-- name: any_queued
SELECT 1 FROM job
WHERE status = 'queued' AND held = 0 AND kind = :kind AND lane BETWEEN :first AND :last LIMIT 1;

-- name: any_expired
SELECT 1 FROM job WHERE status = 'running' AND lease_until_us <= :now_us LIMIT 1;

-- After the clock was set back: leases that end later than any lease given now would.
-- name: any_far
SELECT 1 FROM job WHERE status = 'running' AND lease_until_us > :until_us LIMIT 1;

-- name: shorten
UPDATE job SET lease_until_us = :until_us WHERE status = 'running' AND lease_until_us > :until_us;

-- Index order (kind, lane, tenant, sequence): the tenant's oldest first.
-- name: claimable
SELECT sequence FROM job
WHERE status = 'queued' AND held = 0 AND kind = :kind AND lane = :lane AND tenant = :tenant
ORDER BY sequence LIMIT :limit {skip_locked};

-- name: claim
UPDATE job SET status = 'running', token = :token, worker = :worker, recheck = 0,
  lease_until_us = :until_us, updated_at_us = :now_us
WHERE status = 'queued' AND sequence IN :sequences;

-- name: claimed
SELECT job.id, job.tenant, job.batch, job.status, problem, created_at_us, updated_at_us, brief.body,
  job.item, job.sku, form, batch_item.body AS item_body, batch_order.body AS order_body
FROM job
LEFT JOIN brief ON brief.job_id = job.id
LEFT JOIN batch_item ON batch_item.item = job.item
LEFT JOIN batch_order ON batch_order.batch = job.item / 4294967296 AND batch_order.place = job.place
WHERE sequence IN :sequences AND token = :token ORDER BY job.lane, sequence;

-- name: add_running_events
INSERT INTO event (job_id, name, at_us)
SELECT id, 'running', :now_us FROM job WHERE sequence IN :sequences AND token = :token;

-- name: lock_claim
SELECT 1 FROM job
WHERE id = :id AND token = :token AND status = 'running' AND lease_until_us > :now_us {lock};

-- name: hold
UPDATE job SET updated_at_us = :now_us
WHERE id = :id AND token = :token AND status = 'running' AND lease_until_us > :now_us;

-- name: cancelled_of
SELECT id FROM job WHERE id IN :ids AND status = 'cancelled';

-- name: extend
UPDATE job SET lease_until_us = :until_us
WHERE id IN :ids AND token = :token AND status = 'running' AND lease_until_us > :now_us
RETURNING id;

-- name: reap_lost
UPDATE job SET status = 'failed', token = '', problem = :problem, updated_at_us = :now_us
WHERE status = 'running' AND lease_until_us <= :now_us AND lost_claims + 1 >= :most
RETURNING id;

-- name: reap
UPDATE job SET status = 'queued', token = '', lost_claims = lost_claims + 1, updated_at_us = :now_us
WHERE status = 'running' AND lease_until_us <= :now_us
RETURNING id;

-- name: end_claim
UPDATE job SET status = :status, problem = :problem, token = '', updated_at_us = :now_us
WHERE id = :id AND token = :token AND status = 'running' AND lease_until_us > :now_us;

-- name: cancel
UPDATE job SET status = 'cancelled', token = '', updated_at_us = :now_us
WHERE id = :id AND tenant = :tenant AND status IN ('queued', 'running', 'in_review');

-- name: tried
SELECT recipe_sha256 FROM attempt WHERE job_id = :id;

-- What a person passed counts as accepted.
-- name: tally
SELECT wanted, tenant, status, recheck,
  (SELECT count(*) FROM attempt WHERE job_id = job.id AND outcome = 'ACCEPT')
  + (SELECT count(*) FROM review_case WHERE job_id = job.id AND status = 'labelled' AND answer = 'pass')
  AS accepted,
  (SELECT count(*) FROM review_case WHERE job_id = job.id AND status = 'waiting') AS waiting,
  (SELECT count(*) FROM correction WHERE job_id = job.id AND status = 'ordered') AS ordered
FROM job WHERE id = :id;

-- name: add_attempt
INSERT INTO attempt (job_id, recipe_sha256, outcome, reason, body, device, seconds, judged_on, judged_s,
  backend, recorded_at_us)
VALUES (:id, :recipe_sha256, :outcome, :reason, :body, :device, :seconds, :judged_on, :judged_s,
  :backend, :now_us)
ON CONFLICT (job_id, recipe_sha256) DO NOTHING;

-- A candidate that a person rejected is one that was rejected.
-- name: outcomes
SELECT CASE WHEN answer = 'reject' THEN 'REJECT' ELSE outcome END AS outcome,
  CASE WHEN answer = 'reject' THEN 'a person rejected it' ELSE reason END AS reason
FROM attempt LEFT JOIN review_case
  ON review_case.job_id = attempt.job_id AND review_case.recipe_sha256 = attempt.recipe_sha256
WHERE attempt.job_id = :id ORDER BY attempt.sequence;

-- name: job
SELECT job.id, job.tenant, job.batch, job.status, problem, created_at_us, updated_at_us, brief.body,
  job.item, job.sku, form, batch_item.body AS item_body, batch_order.body AS order_body
FROM job
LEFT JOIN brief ON brief.job_id = job.id
LEFT JOIN batch_item ON batch_item.item = job.item
LEFT JOIN batch_order ON batch_order.batch = job.item / 4294967296 AND batch_order.place = job.place
WHERE job.id = :id AND job.tenant = :tenant;

-- name: job_row
SELECT sequence, id, tenant, batch, kind, sku, status, problem, created_at_us, updated_at_us
FROM job WHERE id = :id AND tenant = :tenant;

-- name: job_rows
SELECT sequence, id, tenant, batch, kind, sku, status, problem, created_at_us, updated_at_us
FROM job WHERE tenant = :tenant AND status IN :statuses AND kind IN :kinds AND sequence < :before
ORDER BY sequence DESC LIMIT :limit;

-- name: job_rows_of_sku
SELECT sequence, id, tenant, batch, kind, sku, status, problem, created_at_us, updated_at_us
FROM job WHERE tenant = :tenant AND sku = :sku AND status IN :statuses AND kind IN :kinds AND sequence < :before
ORDER BY sequence DESC LIMIT :limit;

-- name: job_rows_of_batch
SELECT sequence, id, tenant, batch, kind, sku, status, problem, created_at_us, updated_at_us
FROM job WHERE tenant = :tenant AND batch = :batch AND batch <> '' AND sequence > :after
ORDER BY sequence LIMIT :limit;

-- name: batches_before
SELECT DISTINCT batch FROM job
WHERE tenant = :tenant AND batch >= :first AND batch < :last AND created_at_us < :before_us;

-- name: ended_of_batch
SELECT id FROM job WHERE tenant = :tenant AND batch = :batch AND batch <> '' AND status IN :statuses;

-- name: attempts_of
SELECT sequence, outcome, body FROM attempt WHERE job_id IN :ids;

-- name: events_of
SELECT sequence, detail FROM event WHERE job_id IN :ids;

-- name: redact_attempt
UPDATE attempt SET body = :body, reason = :reason WHERE sequence = :sequence;

-- name: redact_event
UPDATE event SET detail = :detail WHERE sequence = :sequence;

-- name: redact_jobs
UPDATE job SET batch = '', problem = CASE WHEN problem = '' THEN '' ELSE :problem END WHERE id IN :ids;

-- name: briefs
SELECT job.id AS job_id, brief.body, job.item, job.sku, form, batch_item.body AS item_body, batch_order.body AS order_body
FROM job
LEFT JOIN brief ON brief.job_id = job.id
LEFT JOIN batch_item ON batch_item.item = job.item
LEFT JOIN batch_order ON batch_order.batch = job.item / 4294967296 AND batch_order.place = job.place
WHERE job.id IN :ids;

-- name: attempts
SELECT attempt.body FROM attempt JOIN job ON job.id = attempt.job_id
WHERE attempt.job_id = :id AND tenant = :tenant AND outcome <> 'FAILED' ORDER BY attempt.sequence;

-- name: events
SELECT sequence, job_id, name, at_us, detail FROM event
WHERE job_id = :id AND sequence > :after ORDER BY sequence;

-- name: counts
SELECT status, count(*) FROM job WHERE tenant = :tenant GROUP BY status;

-- name: batch_counts
SELECT status, count(*) FROM job WHERE tenant = :tenant AND batch = :batch AND batch <> '' GROUP BY status;

-- name: costs
SELECT kind, device, outcome, count(*), sum(seconds)
FROM attempt JOIN job ON job.id = attempt.job_id WHERE tenant = :tenant
GROUP BY kind, device, outcome ORDER BY kind, device, outcome;

-- Postgres only.
-- name: snapshot
SELECT CAST(pg_current_snapshot() AS text);

-- Postgres only.
-- name: make_tables_alone
SELECT pg_advisory_xact_lock(:lock);

-- name: own_asset
INSERT INTO asset_owner (digest, tenant) VALUES (:digest, :tenant) ON CONFLICT (digest, tenant) DO NOTHING;

-- name: owns_asset
SELECT 1 FROM asset_owner WHERE digest = :digest AND tenant = :tenant
UNION ALL
SELECT 1 FROM asset_use JOIN job ON job.id = asset_use.job_id WHERE digest = :digest AND job.tenant = :tenant
LIMIT 1;
