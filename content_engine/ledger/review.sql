-- Every statement behind the dashboard and the history of an asset, by name. See queries.sql.

-- name: asset_uses
SELECT job_id, recipe_sha256, made FROM asset_use JOIN job ON job.id = asset_use.job_id
WHERE digest = :digest AND tenant = :tenant ORDER BY job_id DESC;

-- Attempts that took what this one made, and attempts that made what this one took.
-- name: related_by_assets
SELECT other.job_id, other.recipe_sha256
FROM asset_use AS own
JOIN asset_use AS other ON other.digest = own.digest AND other.made <> own.made
JOIN job ON job.id = other.job_id
WHERE own.job_id = :id AND own.recipe_sha256 = :recipe_sha256 AND tenant = :tenant;

-- Attempts that a person's correction led to from this one, or from which this one was corrected.
-- name: related_by_people
SELECT review_case.job_id, correction.recipe_sha256
FROM review_case JOIN correction ON correction.case_id = review_case.id
WHERE review_case.job_id = :id AND review_case.recipe_sha256 = :recipe_sha256 AND correction.status = 'done'
UNION
SELECT review_case.job_id, review_case.recipe_sha256
FROM correction JOIN review_case ON review_case.id = correction.case_id
WHERE correction.job_id = :id AND correction.recipe_sha256 = :recipe_sha256 AND correction.status = 'done';

-- name: corrected_by
SELECT review_case.recipe_sha256 FROM correction JOIN review_case ON review_case.id = correction.case_id
WHERE correction.job_id = :id AND correction.recipe_sha256 = :recipe_sha256 AND correction.status = 'done';

-- name: cases_of_job
SELECT id, recipe_sha256 FROM review_case WHERE job_id = :id;

-- name: labels_of_job
SELECT sequence, case_id, body, undone FROM label WHERE job_id = :id ORDER BY sequence;

-- The job, when the event is the first that was told of it.
-- name: job_of_event
SELECT kind, sku, wanted FROM job WHERE id = :id
  AND (SELECT min(sequence) FROM event WHERE job_id = :id) = :sequence;

-- name: waiting_by_age
SELECT kind, age, count(*) AS cases, sum(value_at_risk) AS value_at_risk, sum(held) AS held, sum(overdue) AS overdue
FROM (SELECT kind, value_at_risk,
        CASE WHEN opened_at_us > :hour_us THEN 'hour' WHEN opened_at_us > :day_us THEN 'day'
             WHEN opened_at_us > :week_us THEN 'week' ELSE 'older' END AS age,
        CASE WHEN lease_until_us > :now_us THEN 1 ELSE 0 END AS held,
        CASE WHEN due_at_us > 0 AND due_at_us < :now_us THEN 1 ELSE 0 END AS overdue
      FROM review_case WHERE tenant = :tenant AND status = 'waiting') AS waits
GROUP BY kind, age;

-- name: verdicts_since
SELECT kind, backend, outcome, count(*) AS attempts FROM attempt JOIN job ON job.id = attempt.job_id
WHERE tenant = :tenant AND recorded_at_us >= :since_us GROUP BY kind, backend, outcome;

-- name: labels_since
SELECT kind, backend, reviewer, outcome, seconds, labelled_at_us,
  CASE WHEN body LIKE :met THEN 1 WHEN body LIKE :missed THEN 0 ELSE -1 END AS agreed
FROM label
WHERE tenant = :tenant AND labelled_at_us >= :since_us AND undone = 0;

-- name: faults_since
SELECT media, backend, kind, by_person, count(DISTINCT case_id) AS cases
FROM (SELECT media, backend, kind, case_id, CASE WHEN label_sequence > 0 THEN 1 ELSE 0 END AS by_person
      FROM fault WHERE tenant = :tenant AND seen_at_us >= :since_us) AS seen
GROUP BY media, backend, kind, by_person ORDER BY media, backend, kind, by_person;

-- name: opened_since
SELECT opened_at_us / 86400000000 AS day, count(*) AS cases FROM review_case
WHERE tenant = :tenant AND opened_at_us >= :since_us GROUP BY opened_at_us / 86400000000;
