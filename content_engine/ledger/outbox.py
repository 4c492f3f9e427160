"""The outbox: messages for webhooks, written in the very transaction of the event they tell of.

A message holds ids, statuses and addresses: never a prompt, a photo, or a word of its sender.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from content_engine.ledger import rows
from content_engine.ledger.sql import Row, Session
from content_engine.types import JobStatus, canonical_json
from content_engine.webhooks import EventType

_TOLD: Mapping[JobStatus, EventType] = {
    JobStatus.SUCCEEDED: EventType.JOB_SUCCEEDED,
    JobStatus.FAILED: EventType.JOB_FAILED,
    JobStatus.CANCELLED: EventType.JOB_CANCELLED,
    JobStatus.IN_REVIEW: EventType.JOB_IN_REVIEW,
}


def tell_webhooks(
    session: Session, job_id: str, *, audience: Sequence[Row], status: JobStatus, now_us: int
) -> None:
    """Leaves a message of the job's new status for each webhook of the audience that wants it.

    To be called after the event was written: a message is known by that event.
    """
    told = _TOLD.get(status)
    if told is None or not audience:
        return
    job, base = audience[0], f"/v1/jobs/{job_id}"
    data = {
        "id": job_id,
        "status": status.value,
        "kind": job.kind,
        "sku": job.sku,
        # The groups of other jobs are names of ours, a shopper's upload among them.
        "batch_id": job.batch if job.item else "",
        "status_url": base,
        "result_url": f"{base}/result",
    }
    event = f"event:{session.value('last_event', {'id': job_id})}"
    _leave(session, audience, told, event=event, data=data, now_us=now_us)


def tell_of_batch(session: Session, batch: Row, *, now_us: int) -> None:
    """Leaves the message that machines are done with a batch for each webhook that wants it."""
    audience = session.rows("batch_audience", {"tenant": batch.tenant})
    if not audience:
        return
    base = f"/v1/batches/{batch.id}"
    data = {
        "id": batch.id,
        "status": "cancelled" if batch.status == "cancelled" else "ended",
        "status_url": base,
        "results_url": f"{base}/results",
    }
    event = f"batch:{batch.id}"
    _leave(session, audience, EventType.BATCH_ENDED, event=event, data=data, now_us=now_us)


def _leave(
    session: Session,
    audience: Sequence[Row],
    told: EventType,
    *,
    event: str,
    data: Mapping[str, Any],
    now_us: int,
) -> None:
    at = rows.moment(now_us).isoformat()
    body = canonical_json({"type": told.value, "timestamp": at, "data": data})
    session.run_many(
        "add_delivery",
        [
            {
                "delivery_id": f"msg_{uuid4().hex}",
                "webhook_id": row.webhook_id,
                "event": event,
                "type": told.value,
                "body": body,
                "now_us": now_us,
            }
            for row in audience
            if not row.events or told.value in row.events.split()
        ],
    )
