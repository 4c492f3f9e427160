"""What webhooks look like on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from content_engine.webhooks import Delivery, DeliveryStatus, EventType, Webhook
from serving.api.wire import Wire
from serving.webhooks.post import URL_MOST

Id = Annotated[str, Field(pattern=r"^msg_[0-9a-f]{32}$")]


class WebhookIn(Wire):
    """Where to tell what. No events: of all."""

    url: Annotated[str, Field(min_length=1, max_length=URL_MOST)]
    events: Annotated[tuple[EventType, ...], Field(max_length=len(EventType))] = ()


class RotateIn(Wire):
    """How long the secret before signs too."""

    grace_hours: Annotated[float, Field(ge=0, le=720)] = 24.0


class ReplayIn(Wire):
    """Which messages to send once more; none named: all dead ones."""

    ids: Annotated[tuple[Id, ...], Field(max_length=1000)] = ()


class DeliveriesQuery(Wire):
    """Which messages to list, newest first."""

    status: DeliveryStatus | None = None
    cursor: Annotated[str, Field(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class WebhookOut(Wire):
    """A webhook. `disabled` says why nothing is sent there; `old_secret_until` of a rotation."""

    id: str
    url: str
    events: list[EventType]
    disabled: str
    created_at: AwareDatetime
    old_secret_until: AwareDatetime | None
    deliveries_url: str


class NewWebhookOut(WebhookOut):
    """A webhook with its secret, which is shown this once."""

    secret: str


class WebhooksOut(Wire):
    """Every webhook of the tenant, oldest first."""

    items: list[WebhookOut]


class DeliveryOut(Wire):
    """A message: its `webhook-id`, how often it was tried, and how the last try went."""

    id: str
    type: EventType
    status: DeliveryStatus
    tries: int
    due_at: AwareDatetime | None
    answer: int
    problem: str
    created_at: AwareDatetime
    ended_at: AwareDatetime | None


class DeliveriesOut(Wire):
    """A page of messages; `next_cursor` asks for the one after and is empty at the end."""

    items: list[DeliveryOut]
    next_cursor: str


class ReplayedOut(Wire):
    """How many messages are sent once more."""

    replayed: int


def webhook_out(webhook: Webhook) -> WebhookOut:
    """The webhook without its secret."""
    return WebhookOut(
        id=webhook.id,
        url=webhook.url,
        events=sorted(webhook.events),
        disabled=webhook.disabled,
        created_at=webhook.created_at,
        old_secret_until=webhook.old_until,
        deliveries_url=f"/v1/webhooks/{webhook.id}/deliveries",
    )


def new_webhook_out(webhook: Webhook, *, secret: str) -> NewWebhookOut:
    """The webhook with the secret that signs for it from now on."""
    return NewWebhookOut(**webhook_out(webhook).model_dump(), secret=secret)


def delivery_out(delivery: Delivery) -> DeliveryOut:
    """The message without its body."""
    waits = delivery.status is DeliveryStatus.WAITING
    return DeliveryOut(
        id=delivery.id,
        type=delivery.type,
        status=delivery.status,
        tries=delivery.tries,
        due_at=delivery.due_at if waits else None,
        answer=delivery.answer,
        problem=delivery.problem,
        created_at=delivery.created_at,
        ended_at=delivery.ended_at,
    )
