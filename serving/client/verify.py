"""Verifies what comes to a webhook, for receivers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from serving.client.nouns import Message


def verify_webhook(secret: str, *, body: bytes, headers: Mapping[str, str]) -> Message:
    """The message. Raises standardwebhooks.WebhookVerificationError for any that is not ours.

    `body` as it came, byte by byte; older or newer than five minutes is refused, too.
    """
    from standardwebhooks import Webhook

    told = Webhook(secret).verify(body, dict(headers))
    known = {name.lower(): value for name, value in headers.items()}
    return Message(
        id=known["webhook-id"],
        type=told["type"],
        timestamp=datetime.fromisoformat(told["timestamp"]),
        data=told["data"],
    )
