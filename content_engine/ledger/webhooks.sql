-- Every statement about webhooks and the outbox, by name. See queries.sql.

-- name: add_webhook
INSERT INTO webhook (id, tenant, url, events, secret, created_at_us)
VALUES (:webhook_id, :tenant, :url, :events, :secret, :now_us) ON CONFLICT (id) DO NOTHING;

-- name: webhook
SELECT * FROM webhook WHERE id = :webhook_id AND tenant = :tenant;

-- name: webhooks
SELECT * FROM webhook WHERE tenant = :tenant ORDER BY sequence;

-- name: webhook_tenants
SELECT DISTINCT tenant FROM webhook ORDER BY tenant;

-- name: drop_webhook
DELETE FROM webhook WHERE id = :webhook_id AND tenant = :tenant;

-- name: drop_deliveries
DELETE FROM webhook_delivery WHERE webhook = :webhook_id;

-- name: rotate_webhook
UPDATE webhook SET old_secret = secret, old_until_us = :old_until_us, secret = :secret
WHERE id = :webhook_id AND tenant = :tenant;

-- name: disable_webhook
UPDATE webhook SET disabled = :disabled WHERE id = :webhook_id;

-- The job and its tenant's webhooks that something is sent to; nothing where there are none.
-- name: job_audience
SELECT webhook.id AS webhook_id, webhook.events, job.kind, job.sku, job.batch, job.item
FROM job JOIN webhook ON webhook.tenant = job.tenant AND webhook.disabled = ''
WHERE job.id = :id ORDER BY webhook.sequence;

-- name: batch_audience
SELECT webhook.id AS webhook_id, webhook.events FROM webhook
WHERE tenant = :tenant AND disabled = '' ORDER BY sequence;

-- name: last_event
SELECT max(sequence) FROM event WHERE job_id = :id;

-- name: add_delivery
INSERT INTO webhook_delivery (id, webhook, event, type, body, due_at_us, created_at_us)
VALUES (:delivery_id, :webhook_id, :event, :type, :body, :now_us, :now_us)
ON CONFLICT (webhook, event) DO NOTHING;

-- name: batch_under_way
INSERT INTO batch_under_way (batch) VALUES (:sequence);

-- name: batches_under_way
INSERT INTO batch_under_way (batch) SELECT sequence FROM batch;

-- Machines are done with a batch when its feed was read, every brief of it is a job, and none of
-- them waits for a machine.
-- name: batches_done
SELECT sequence, id, tenant, status FROM batch_under_way JOIN batch ON batch.sequence = batch_under_way.batch
WHERE (status = 'cancelled' OR received = 1 AND NOT EXISTS (
    SELECT 1 FROM batch_order WHERE batch_order.batch = batch.sequence AND fed_item < last_item))
  AND NOT EXISTS (
    SELECT 1 FROM job WHERE job.tenant = batch.tenant AND job.batch = batch.id AND job.batch <> ''
      AND job.status IN ('queued', 'running'))
ORDER BY sequence LIMIT :limit;

-- name: end_batch
DELETE FROM batch_under_way WHERE batch = :sequence;

-- name: any_batch_under_way
SELECT 1 FROM batch_under_way LIMIT 1;

-- One step through the index a webhook, however much waits for it.
-- name: webhooks_due
SELECT id, tenant, url, events, disabled, secret, old_secret, old_until_us, created_at_us FROM webhook
WHERE EXISTS (SELECT 1 FROM webhook_delivery
  WHERE webhook_delivery.webhook = webhook.id AND status = 'waiting' AND due_at_us <= :now_us)
ORDER BY sequence;

-- name: deliveries_due
SELECT sequence FROM webhook_delivery
WHERE webhook = :webhook_id AND status = 'waiting' AND due_at_us <= :now_us
ORDER BY due_at_us LIMIT :limit {skip_locked};

-- name: take_deliveries
UPDATE webhook_delivery SET token = :token, due_at_us = :until_us, tries = tries + 1
WHERE sequence IN :sequences AND status = 'waiting' AND due_at_us <= :now_us;

-- name: taken_deliveries
SELECT * FROM webhook_delivery WHERE sequence IN :sequences AND token = :token ORDER BY sequence;

-- name: end_try
UPDATE webhook_delivery SET status = :status, token = '', answer = :answer, problem = :problem,
  due_at_us = :due_at_us, ended_at_us = :ended_at_us
WHERE id = :delivery_id AND token = :token AND status = 'waiting';

-- name: bury_deliveries
UPDATE webhook_delivery SET status = 'dead', token = '', problem = :problem, ended_at_us = :now_us
WHERE webhook = :webhook_id AND status = 'waiting';

-- name: delivery_page
SELECT webhook_delivery.* FROM webhook_delivery JOIN webhook ON webhook.id = webhook_delivery.webhook
WHERE webhook.id = :webhook_id AND webhook.tenant = :tenant AND status IN :statuses
  AND webhook_delivery.sequence < :before
ORDER BY webhook_delivery.sequence DESC LIMIT :limit;

-- name: replay_dead
UPDATE webhook_delivery SET status = 'waiting', tries = 0, due_at_us = :now_us, ended_at_us = 0
WHERE webhook = :webhook_id AND status = 'dead';

-- name: replay_these
UPDATE webhook_delivery SET status = 'waiting', tries = 0, due_at_us = :now_us, ended_at_us = 0
WHERE webhook = :webhook_id AND id IN :ids AND status <> 'waiting';

-- name: forget_deliveries
DELETE FROM webhook_delivery WHERE status <> 'waiting' AND ended_at_us < :before_us;

-- name: deliveries_waiting
SELECT count(*) FROM webhook_delivery WHERE status = 'waiting';

-- name: deliveries_dead
SELECT count(*) FROM webhook_delivery WHERE status = 'dead';
