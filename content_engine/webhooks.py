"""Webhooks: where a tenant wants to be told of what ended, and what it was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """What can be told. A name never changes its meaning; new ones may come."""

    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_IN_REVIEW = "job.in_review"
    BATCH_ENDED = "batch.ended"


class DeliveryStatus(StrEnum):
    """Where a message is on its way. DEAD: every try failed, nobody tries again by themselves."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One address of a tenant that is told of the events it asked for; no events: of all.

    `secret` is sealed: whoever reads the ledger can't sign with it. `old_secret` signs too, until
    `old_until`. `disabled`: why nothing is sent there any more, empty while it is.
    """

    id: str
    tenant: str
    url: str
    events: frozenset[EventType]
    disabled: str
    created_at: datetime
    secret: str
    old_secret: str = ""
    old_until: datetime | None = None

    def wants(self, event: EventType) -> bool:
        """True for an event that it asked for."""
        return not self.events or event in self.events


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one webhook, recorded once. `id` is its `webhook-id`, the same at each try.

    `answer` is the HTTP status of the last try, 0 where there was none; `problem` says why it
    failed. `due_at`: of the next try, or until when the one under way is waited for.
    """

    id: str
    webhook_id: str
    type: EventType
    status: DeliveryStatus
    tries: int
    due_at: datetime
    answer: int
    problem: str
    created_at: datetime
    ended_at: datetime | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A delivery that this sender has to try now, and where to. `token` lets it tell how it went.

    Of its webhook's secrets the sealed ones that sign now, the new one first.
    """

    delivery: Delivery
    token: str
    url: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How a try went: delivered, dead, or waiting for `delay_s` seconds until the next.

    `gone`: the receiver said that it wants nothing more; its webhook is disabled.
    """

    status: DeliveryStatus
    answer: int = 0
    problem: str = ""
    delay_s: float = 0.0
    gone: bool = False
