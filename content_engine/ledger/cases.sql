-- Every statement about cases, labels and corrections, by name. See queries.sql.

-- name: add_case
INSERT INTO review_case (id, tenant, job_id, recipe_sha256, reasons, opened_at_us, kind, sku, backend,
  due_at_us, due_day, value_at_risk)
SELECT :case_id, tenant, id, :recipe_sha256, :reasons, :now_us, kind, sku, :backend,
  :due_at_us, :due_day, :value_at_risk
FROM job WHERE id = :id
ON CONFLICT (job_id, recipe_sha256) DO NOTHING;

-- name: any_case
SELECT 1 FROM review_case
WHERE tenant = :tenant AND kind = :kind AND status = 'waiting' AND lease_until_us <= :now_us LIMIT 1;

-- Index order (kind, due_day, value_at_risk, sequence); only cases that are held just now are skipped.
-- name: next_case
SELECT due_day, value_at_risk, sequence, id FROM review_case
WHERE tenant = :tenant AND kind = :kind AND status = 'waiting' AND lease_until_us <= :now_us
ORDER BY due_day, value_at_risk DESC, sequence LIMIT 1 {skip_locked};

-- name: preferred_case
SELECT id FROM review_case
WHERE id = :case_id AND tenant = :tenant AND status = 'waiting'
  AND (lease_until_us <= :now_us OR reviewer = :reviewer) {skip_locked};

-- name: held_cases
SELECT review_case.id FROM review_case JOIN case_claim ON case_claim.token = review_case.token
WHERE tenant = :tenant AND review_case.reviewer = :reviewer AND review_case.token <> ''
  AND status = 'waiting' AND lease_until_us > :now_us
ORDER BY claimed_at_us;

-- name: claim_case
UPDATE review_case SET reviewer = :reviewer, token = :token, lease_until_us = :until_us
WHERE id = :case_id AND status = 'waiting';

-- name: add_case_claim
INSERT INTO case_claim (token, case_id, reviewer, claimed_at_us)
VALUES (:token, :case_id, :reviewer, :now_us);

-- name: claimed_case
SELECT review_case.sequence, id, tenant, job_id, recipe_sha256, reasons, opened_at_us, kind, sku, backend,
  status, due_at_us, value_at_risk, review_case.reviewer, review_case.token, lease_until_us, answer,
  case_claim.reviewer AS claimant
FROM case_claim JOIN review_case ON review_case.id = case_claim.case_id WHERE case_claim.token = :token;

-- name: extend_case
UPDATE review_case SET lease_until_us = :until_us WHERE id = :case_id;

-- name: release_case
UPDATE review_case SET token = '', lease_until_us = 0 WHERE id = :case_id;

-- name: answer_case
UPDATE review_case SET status = 'labelled', answer = :outcome, token = '', lease_until_us = 0
WHERE id = :case_id;

-- name: return_case
UPDATE review_case SET status = 'waiting', answer = '', token = '', lease_until_us = 0, reasons = :reasons
WHERE id = :case_id;

-- name: case_reasons
SELECT reasons FROM review_case WHERE id = :case_id AND job_id = :id;

-- name: withdraw_cases
UPDATE review_case SET status = 'withdrawn', token = '', lease_until_us = 0
WHERE job_id = :id AND status = 'waiting';

-- name: restore_cases
UPDATE review_case SET status = 'waiting' WHERE job_id = :id AND status = 'withdrawn';

-- name: withdraw_corrections
UPDATE correction SET status = 'withdrawn', ended_at_us = :now_us WHERE job_id = :id AND status = 'ordered';

-- name: add_label
INSERT INTO label (token, case_id, job_id, tenant, kind, backend, reviewer, outcome, seconds, body, last_attempt,
  labelled_at_us)
VALUES (:token, :case_id, :job_id, :tenant, :kind, :backend, :reviewer, :outcome, :seconds, :body,
  (SELECT coalesce(max(sequence), 0) FROM attempt WHERE job_id = :job_id), :now_us)
RETURNING sequence;

-- name: last_label
SELECT sequence, token, reviewer, outcome, body, last_attempt, labelled_at_us FROM label
WHERE case_id = :case_id AND undone = 0 ORDER BY sequence DESC LIMIT 1;

-- name: newest_label
SELECT reviewer, undone FROM label WHERE case_id = :case_id ORDER BY sequence DESC LIMIT 1;

-- name: undo_label
UPDATE label SET undone = 1 WHERE sequence = :label_sequence;

-- name: last_attempt
SELECT coalesce(max(sequence), 0) FROM attempt WHERE job_id = :id;

-- name: add_correction
INSERT INTO correction (label_sequence, case_id, job_id) VALUES (:label_sequence, :case_id, :job_id);

-- name: ordered
SELECT correction.case_id, attempt.body AS attempt, label.body AS label
FROM correction
JOIN label ON label.sequence = correction.label_sequence
JOIN review_case ON review_case.id = correction.case_id
JOIN attempt ON attempt.job_id = review_case.job_id AND attempt.recipe_sha256 = review_case.recipe_sha256
WHERE correction.job_id = :id AND correction.status = 'ordered' ORDER BY correction.label_sequence;

-- name: end_correction
UPDATE correction SET status = :status, recipe_sha256 = :recipe_sha256, reason = :reason, ended_at_us = :now_us
WHERE case_id = :case_id AND job_id = :id AND status = 'ordered';

-- name: answer_job
UPDATE job SET status = :status, problem = '', token = '', lost_claims = 0, updated_at_us = :now_us
WHERE id = :id AND status = :before;

-- name: give_up
UPDATE job SET status = :status, problem = CASE WHEN :status = 'succeeded' THEN '' ELSE problem END WHERE id = :id;

-- name: lock_job
UPDATE job SET updated_at_us = :now_us WHERE id = :id;

-- name: recheck_job
UPDATE job SET recheck = 1 WHERE id = :id AND status = 'running';

-- name: add_fault
INSERT INTO fault (tenant, case_id, label_sequence, media, backend, kind, seen_at_us)
VALUES (:tenant, :case_id, :label_sequence, :media, :backend, :kind, :now_us);

-- name: drop_faults
DELETE FROM fault WHERE case_id = :case_id AND label_sequence = :label_sequence;

-- name: case
SELECT sequence, id, tenant, job_id, recipe_sha256, reasons, opened_at_us, kind, sku, backend,
  status, due_at_us, value_at_risk, reviewer, token, lease_until_us, answer
FROM review_case WHERE id = :case_id AND tenant = :tenant;

-- name: cases
SELECT sequence, id, tenant, job_id, recipe_sha256, reasons, opened_at_us, kind, sku, backend,
  status, due_at_us, value_at_risk, reviewer, token, lease_until_us, answer
FROM review_case
WHERE tenant = :tenant AND kind IN :kinds AND status IN :statuses AND sequence > :after
ORDER BY sequence LIMIT :limit;

-- name: case_attempt
SELECT body FROM attempt WHERE job_id = :id AND recipe_sha256 = :recipe_sha256;

-- name: delivered
SELECT recipe_sha256 FROM attempt WHERE job_id = :id AND outcome = 'ACCEPT'
UNION
SELECT recipe_sha256 FROM review_case
WHERE job_id = :id AND status = 'labelled' AND answer = 'pass';

-- name: waiting
SELECT recipe_sha256 FROM review_case WHERE job_id = :id AND status = 'waiting';

-- name: add_asset_use
INSERT INTO asset_use (digest, job_id, recipe_sha256, made) VALUES (:digest, :id, :recipe_sha256, :made)
ON CONFLICT (digest, job_id, recipe_sha256, made) DO NOTHING;

-- name: attempts_after
SELECT sequence, job_id, outcome, body FROM attempt WHERE sequence > :after ORDER BY sequence LIMIT :limit;

-- name: fill_backend
UPDATE attempt SET backend = :backend WHERE sequence = :sequence;

-- name: cases_unfilled
SELECT review_case.id, opened_at_us, brief.body AS brief, attempt.body AS attempt
FROM review_case
JOIN brief ON brief.job_id = review_case.job_id
JOIN attempt ON attempt.job_id = review_case.job_id AND attempt.recipe_sha256 = review_case.recipe_sha256
WHERE review_case.kind = '';

-- name: fill_case
UPDATE review_case SET kind = :kind, sku = :sku, backend = :backend, due_at_us = :due_at_us, due_day = :due_day,
  value_at_risk = :value_at_risk
WHERE id = :case_id;
