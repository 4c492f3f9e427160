-- What an operator asks: how everything stands, and what it cost. See queries.sql.
-- An empty tenant stands for all of them.

-- name: standing_jobs
SELECT kind, status, count(*) AS jobs FROM job WHERE (:tenant = '' OR tenant = :tenant)
GROUP BY kind, status;

-- name: oldest_queued
SELECT kind, lane, min(created_at_us) AS since_us FROM job
WHERE status = 'queued' AND held = 0 AND (:tenant = '' OR tenant = :tenant) GROUP BY kind, lane;

-- name: not_begun
SELECT kind, sum(last_item - fed_item) AS briefs FROM batch_order
WHERE status = 'open' AND fed_item < last_item AND (:tenant = '' OR tenant = :tenant) GROUP BY kind;

-- name: standing_cases
SELECT kind, count(*) AS cases, min(opened_at_us) AS since_us FROM review_case
WHERE status = 'waiting' AND (:tenant = '' OR tenant = :tenant) GROUP BY kind;

-- name: spent_since
SELECT job.sku, job.kind, attempt.backend, attempt.device, judged_on, attempt.recorded_at_us / 86400000000 AS day,
  count(*) AS attempts, sum(attempt.seconds) AS seconds, sum(judged_s) AS judged_s,
  sum(CASE WHEN attempt.outcome = 'ACCEPT' OR answer = 'pass' THEN 1 ELSE 0 END) AS shipped
FROM attempt JOIN job ON job.id = attempt.job_id
LEFT JOIN review_case ON review_case.job_id = attempt.job_id
  AND review_case.recipe_sha256 = attempt.recipe_sha256 AND review_case.status = 'labelled'
WHERE attempt.recorded_at_us >= :since_us AND job.tenant = :tenant
GROUP BY job.sku, job.kind, attempt.backend, attempt.device, judged_on, attempt.recorded_at_us / 86400000000;

-- name: spent_on_sku
SELECT job.sku, job.kind, attempt.backend, attempt.device, judged_on, attempt.recorded_at_us / 86400000000 AS day,
  count(*) AS attempts, sum(attempt.seconds) AS seconds, sum(judged_s) AS judged_s,
  sum(CASE WHEN attempt.outcome = 'ACCEPT' OR answer = 'pass' THEN 1 ELSE 0 END) AS shipped
FROM job JOIN attempt ON attempt.job_id = job.id
LEFT JOIN review_case ON review_case.job_id = attempt.job_id
  AND review_case.recipe_sha256 = attempt.recipe_sha256 AND review_case.status = 'labelled'
WHERE job.tenant = :tenant AND job.sku = :sku AND (:batch = '' OR job.batch = :batch) AND attempt.recorded_at_us >= :since_us
GROUP BY job.sku, job.kind, attempt.backend, attempt.device, judged_on, attempt.recorded_at_us / 86400000000;

-- name: spent_on_batch
SELECT job.sku, job.kind, attempt.backend, attempt.device, judged_on, attempt.recorded_at_us / 86400000000 AS day,
  count(*) AS attempts, sum(attempt.seconds) AS seconds, sum(judged_s) AS judged_s,
  sum(CASE WHEN attempt.outcome = 'ACCEPT' OR answer = 'pass' THEN 1 ELSE 0 END) AS shipped
FROM job JOIN attempt ON attempt.job_id = job.id
LEFT JOIN review_case ON review_case.job_id = attempt.job_id
  AND review_case.recipe_sha256 = attempt.recipe_sha256 AND review_case.status = 'labelled'
WHERE job.tenant = :tenant AND job.batch = :batch AND job.batch <> '' AND attempt.recorded_at_us >= :since_us
GROUP BY job.sku, job.kind, attempt.backend, attempt.device, judged_on, attempt.recorded_at_us / 86400000000;

-- Files of candidates that ship: one candidate may hold several (aspects, clip and captions).
-- name: shipped_files
SELECT job.sku, count(*) AS assets FROM job
JOIN attempt ON attempt.job_id = job.id
JOIN asset_use ON asset_use.job_id = attempt.job_id
  AND asset_use.recipe_sha256 = attempt.recipe_sha256 AND asset_use.made = 1
LEFT JOIN review_case ON review_case.job_id = attempt.job_id
  AND review_case.recipe_sha256 = attempt.recipe_sha256 AND review_case.status = 'labelled'
WHERE job.tenant = :tenant AND (:sku = '' OR job.sku = :sku) AND (:batch = '' OR job.batch = :batch)
  AND attempt.recorded_at_us >= :since_us AND (attempt.outcome = 'ACCEPT' OR answer = 'pass')
GROUP BY job.sku;

-- An answer that was taken back took its time all the same.
-- name: reviewed_since
SELECT job.sku, sum(label.seconds) AS seconds FROM label JOIN job ON job.id = label.job_id
WHERE label.tenant = :tenant AND labelled_at_us >= :since_us
  AND (:sku = '' OR job.sku = :sku) AND (:batch = '' OR job.batch = :batch)
GROUP BY job.sku;
