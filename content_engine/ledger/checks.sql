-- Every statement of the check whether ledger and store agree, by name. See queries.sql.

-- name: made_after
SELECT asset_use.digest, asset_use.job_id, asset_use.recipe_sha256, job.tenant, job.status
FROM asset_use JOIN job ON job.id = asset_use.job_id
WHERE asset_use.made = 1 AND (asset_use.digest > :digest
  OR (asset_use.digest = :digest AND asset_use.job_id > :job_id))
ORDER BY asset_use.digest, asset_use.job_id LIMIT :limit;

-- name: stuck
SELECT id, tenant, worker, lease_until_us FROM job
WHERE status = 'running' AND lease_until_us <= :before_us ORDER BY lease_until_us;

-- Machines are done with it, but people were asked nothing and nothing is delivered.
-- name: stranded
SELECT job.id, job.tenant, job.status FROM job
WHERE (job.status = 'in_review'
    AND NOT EXISTS (SELECT 1 FROM review_case WHERE review_case.job_id = job.id AND review_case.status = 'waiting'))
  OR (job.status = 'succeeded' AND job.wanted >
    (SELECT count(*) FROM attempt WHERE attempt.job_id = job.id AND attempt.outcome = 'ACCEPT')
    + (SELECT count(*) FROM review_case
       WHERE review_case.job_id = job.id AND review_case.status = 'labelled' AND review_case.answer = 'pass'))
ORDER BY job.sequence;

-- name: uncaused_cases
SELECT review_case.id, review_case.job_id, review_case.tenant FROM review_case
WHERE NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.job_id = review_case.job_id
  AND attempt.recipe_sha256 = review_case.recipe_sha256) ORDER BY review_case.sequence;

-- name: attempt_bodies_after
SELECT sequence, job_id, recipe_sha256, outcome, body FROM attempt
WHERE sequence > :after ORDER BY sequence LIMIT :limit;

-- name: brief_bodies_after
SELECT job_id AS place, body FROM brief WHERE job_id > :after ORDER BY job_id LIMIT :limit;

-- name: product_bodies_after
SELECT sku AS place, tenant, body FROM product WHERE (tenant, sku) > (:tenant, :after)
ORDER BY tenant, sku LIMIT :limit;

-- name: item_bodies_after
SELECT item AS place, body FROM batch_item WHERE item > :after AND form = 1 ORDER BY item LIMIT :limit;

-- name: label_bodies_after
SELECT sequence AS place, body FROM label WHERE sequence > :after ORDER BY sequence LIMIT :limit;

-- name: is_owned
SELECT 1 FROM asset_owner WHERE digest = :digest
UNION ALL
SELECT 1 FROM asset_use WHERE digest = :digest
LIMIT 1;

-- name: drop_attempt
DELETE FROM attempt WHERE job_id = :id AND recipe_sha256 = :recipe_sha256;

-- name: drop_uses
DELETE FROM asset_use WHERE job_id = :id AND recipe_sha256 = :recipe_sha256;

-- name: drop_case
DELETE FROM review_case WHERE id = :case_id;

-- name: withdraw_case_of
UPDATE review_case SET status = 'withdrawn', token = '', lease_until_us = 0, answer = ''
WHERE job_id = :id AND recipe_sha256 = :recipe_sha256;

-- name: requeue
UPDATE job SET status = 'queued', problem = '', token = '', lost_claims = 0, updated_at_us = :now_us
WHERE id = :id AND status IN ('succeeded', 'in_review');
