-- Every statement about batches, their lines and the shares of tenants, by name. See queries.sql.

-- name: add_batch
INSERT INTO batch (id, tenant, key, orders_sha256, language, created_at_us, updated_at_us)
VALUES (:batch_id, :tenant, :key, :orders_sha256, :language, :now_us, :now_us)
ON CONFLICT DO NOTHING;

-- name: batch_of_key
SELECT * FROM batch WHERE tenant = :tenant AND key = :key AND key <> '';

-- name: batch
SELECT * FROM batch WHERE id = :batch_id AND tenant = :tenant;

-- name: batch_list
SELECT * FROM batch WHERE tenant = :tenant AND sequence < :before ORDER BY sequence DESC LIMIT :limit;

-- name: add_order
INSERT INTO batch_order (batch, place, tenant, kind, lane, wanted, body, fed_item, last_item)
VALUES (:sequence, :place, :tenant, :kind, :lane, :wanted, :body, :first_item, :first_item);

-- name: orders
SELECT place, kind, body, status, fed FROM batch_order WHERE batch = :sequence ORDER BY place;

-- Two uploads of one batch at once: the second finds other records than it knew.
-- name: move_batch
UPDATE batch SET records = :records, chain = :chain, lines = lines + :lines, faults = faults + :faults,
  updated_at_us = :now_us
WHERE sequence = :sequence AND records = :known AND received = 0 AND status <> 'cancelled';

-- name: move_orders
UPDATE batch_order SET last_item = :last_item WHERE batch = :sequence;

-- name: end_of_feed
UPDATE batch SET received = 1, updated_at_us = :now_us WHERE sequence = :sequence AND records = :known;

-- name: set_batch_status
UPDATE batch SET status = :status, updated_at_us = :now_us WHERE sequence = :sequence AND status <> 'cancelled';

-- Held, a claim can feed from none of them meanwhile.
-- name: set_orders_status
UPDATE batch_order SET status = :status WHERE batch = :sequence AND status <> 'cancelled';

-- name: hold_jobs
UPDATE job SET held = :held
WHERE tenant = :tenant AND batch = :batch_id AND batch <> '' AND status IN ('queued', 'running', 'in_review')
  AND held <> :held;

-- name: unfinished_of_batch
SELECT id FROM job WHERE tenant = :tenant AND batch = :batch_id AND batch <> ''
  AND status IN ('queued', 'running', 'in_review') ORDER BY sequence LIMIT :limit;

-- name: any_order
SELECT 1 FROM batch_order WHERE status = 'open' AND fed_item < last_item AND kind = :kind
  AND lane BETWEEN :first AND :last LIMIT 1;

-- Who waits, with what was settled for them. Jumps from tenant to tenant through the index, however
-- many jobs each has.
-- name: tenants_waiting
WITH RECURSIVE waiting (tenant) AS (
  SELECT (SELECT tenant FROM job
    WHERE status = 'queued' AND held = 0 AND kind = :kind AND lane = :lane ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT (SELECT job.tenant FROM job
    WHERE status = 'queued' AND held = 0 AND kind = :kind AND lane = :lane AND job.tenant > waiting.tenant
    ORDER BY job.tenant LIMIT 1)
  FROM waiting WHERE waiting.tenant IS NOT NULL
)
SELECT found.tenant, weight, most_running, most_waiting, served
FROM (
  SELECT tenant FROM waiting WHERE tenant IS NOT NULL
  UNION
  SELECT tenant FROM batch_order
  WHERE status = 'open' AND fed_item < last_item AND kind = :kind AND lane = :lane
) AS found LEFT JOIN tenant_share ON tenant_share.tenant = found.tenant;

-- name: open_orders
SELECT batch, place, kind, lane, wanted, fed_item, last_item,
  (SELECT id FROM batch WHERE batch.sequence = batch_order.batch) AS batch_name
FROM batch_order
WHERE status = 'open' AND fed_item < last_item AND kind IN :kinds AND lane = :lane AND tenant = :tenant
ORDER BY batch, place LIMIT 64 {skip_locked};

-- name: items_after
SELECT item, sku FROM batch_item WHERE item > :after AND item <= :last ORDER BY item LIMIT :limit;

-- name: order_fed
UPDATE batch_order SET fed_item = :fed_item, fed = fed + :more WHERE batch = :sequence AND place = :place;

-- name: item_of_job
SELECT job.item, batch_item.sku, form, batch_item.body FROM job JOIN batch_item ON batch_item.item = job.item
WHERE job.id = :id AND job.item > 0;

-- name: keep_item
UPDATE batch_item SET form = :form, body = :body WHERE item = :item;

-- name: shares
SELECT tenant, weight, most_running, most_waiting, served FROM tenant_share;

-- name: set_share
INSERT INTO tenant_share (tenant, weight, most_running, most_waiting)
VALUES (:tenant, :weight, :most_running, :most_waiting)
ON CONFLICT (tenant) DO UPDATE SET weight = excluded.weight, most_running = excluded.most_running,
  most_waiting = excluded.most_waiting;

-- name: serve
INSERT INTO tenant_share (tenant, served) VALUES (:tenant, :served)
ON CONFLICT (tenant) DO UPDATE SET served = excluded.served;

-- name: running_by_tenant
SELECT tenant, count(*) AS jobs FROM job WHERE status = 'running' GROUP BY tenant;

-- Briefs of the tenant's batches that no job was made for yet.
-- name: unfed
SELECT coalesce(sum(lines - fed), 0) FROM batch_order JOIN batch ON batch.sequence = batch_order.batch
WHERE batch.tenant = :tenant AND batch_order.status <> 'cancelled';

-- A batch's counts by status: as many rows as statuses and writers, however many jobs.
-- name: batch_tally
SELECT status, CAST(sum(jobs) AS BIGINT) AS jobs FROM batch_tally WHERE batch = :sequence GROUP BY status;

-- name: batch_spent
SELECT device, CAST(sum(attempts) AS BIGINT) AS attempts, sum(made_s) AS made_s, sum(judged_s) AS judged_s
FROM batch_spent WHERE batch = :sequence GROUP BY device;

-- name: count_batch_jobs
INSERT INTO batch_tally (batch, status, jobs)
SELECT item / 4294967296, status, count(*) FROM job WHERE item > 0 GROUP BY item / 4294967296, status;

-- name: count_batch_attempts
INSERT INTO batch_spent (batch, device, attempts, made_s)
SELECT item / 4294967296, device, count(*), sum(seconds) FROM job JOIN attempt ON attempt.job_id = job.id
WHERE item > 0 GROUP BY item / 4294967296, device;

-- name: count_batch_judging
INSERT INTO batch_spent AS spent (batch, device, judged_s)
SELECT item / 4294967296, judged_on, sum(judged_s) FROM job JOIN attempt ON attempt.job_id = job.id
WHERE item > 0 AND judged_s > 0 GROUP BY item / 4294967296, judged_on
ON CONFLICT (batch, device, writer) DO UPDATE SET judged_s = spent.judged_s + excluded.judged_s;

-- When the first job of the batch that stands in the status was made.
-- name: batch_since
SELECT created_at_us FROM job
WHERE tenant = :tenant AND batch = :batch_id AND batch <> '' AND status = :status ORDER BY sequence LIMIT 1;

-- name: items_from
SELECT item, sku FROM batch_item WHERE item > :after AND item < :last ORDER BY item LIMIT :limit;

-- name: faults_from
SELECT item, message FROM batch_fault WHERE item > :after AND item < :last ORDER BY item LIMIT :limit;

-- name: jobs_of_items
SELECT item, place, id, status, problem, updated_at_us FROM job
WHERE item > :after AND item <= :last AND item > 0 ORDER BY item, place;

-- name: delivered_of
SELECT attempt.job_id, attempt.body FROM attempt
LEFT JOIN review_case ON review_case.job_id = attempt.job_id AND review_case.recipe_sha256 = attempt.recipe_sha256
WHERE attempt.job_id IN :ids
  AND (attempt.outcome = 'ACCEPT' OR (review_case.status = 'labelled' AND review_case.answer = 'pass'))
ORDER BY attempt.sequence;
