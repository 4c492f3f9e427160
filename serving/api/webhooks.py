"""`/v1/webhooks`: where a tenant wants to be told of what ended, and how the telling went."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import JSONResponse, Response

from assets.errors import FetchFailed
from content_engine.errors import InvalidBrief
from serving.api.door import Door
from serving.api.wire_webhooks import (
    DeliveriesOut,
    DeliveriesQuery,
    NewWebhookOut,
    ReplayedOut,
    ReplayIn,
    RotateIn,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
    delivery_out,
    new_webhook_out,
    webhook_out,
)
from serving.webhooks.signing import new_secret

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=255)]
_NO_STORE = {"cache-control": "no-store"}


def routes(door: Door) -> APIRouter:
    """The routes of webhooks."""
    router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
    _reading(router, door)
    _writing(router, door)
    _secrets(router, door)
    return router


def _reading(router: APIRouter, door: Door) -> None:
    ledger, tenant = door.ledger, door.tenant

    @router.get("")
    async def list_webhooks() -> WebhooksOut:
        """Every webhook, oldest first, without its secret."""
        found = await asyncio.to_thread(ledger.webhooks, tenant)
        return WebhooksOut(items=[webhook_out(each) for each in found])

    @router.get("/{webhook_id}")
    async def get_webhook(webhook_id: str) -> WebhookOut:
        """The webhook, without its secret."""
        return webhook_out(await asyncio.to_thread(ledger.webhook, webhook_id, tenant))

    @router.get("/{webhook_id}/deliveries")
    async def list_deliveries(
        webhook_id: str, query: Annotated[DeliveriesQuery, Query()]
    ) -> DeliveriesOut:
        """Its messages, newest first; `status=dead` lists those that every try of failed."""
        wanted = query.model_dump()
        page = await asyncio.to_thread(lambda: ledger.deliveries(webhook_id, tenant, **wanted))
        items = [delivery_out(each) for each in page.items]
        return DeliveriesOut(items=items, next_cursor=page.next_cursor)


def _writing(router: APIRouter, door: Door) -> None:
    ledger, tenant = door.ledger, door.tenant

    @router.delete("/{webhook_id}", status_code=204)
    async def delete_webhook(webhook_id: str) -> Response:
        """Sends nothing more there and forgets its messages."""
        await asyncio.to_thread(ledger.drop_webhook, webhook_id, tenant)
        return Response(status_code=204)

    @router.post("/{webhook_id}/enable")
    async def enable_webhook(webhook_id: str) -> WebhookOut:
        """Sends there again, after the receiver had answered 410 Gone."""
        return webhook_out(await asyncio.to_thread(ledger.enable_webhook, webhook_id, tenant))

    @router.post("/{webhook_id}/replay")
    async def replay(webhook_id: str, body: ReplayIn | None = None) -> ReplayedOut:
        """Sends messages once more: those named, or all dead ones. They keep their ids."""
        ids = body.ids if body else ()
        count = await asyncio.to_thread(lambda: ledger.replay(webhook_id, tenant, ids=ids))
        return ReplayedOut(replayed=count)


def _secrets(router: APIRouter, door: Door) -> None:
    ledger, tenant = door.ledger, door.tenant

    @router.post("", status_code=201, response_model=NewWebhookOut)
    async def create_webhook(body: WebhookIn, idempotency_key: Key = "") -> Response:
        """A new webhook. Its secret is shown this once; the ledger keeps it sealed.

        With an `Idempotency-Key` the same body sent again shows the same webhook and the secret
        that signs for it now; nothing is made a second time while it stands.
        """
        try:
            await door.poster.check(body.url)
        except FetchFailed as error:
            raise InvalidBrief(f"url: {error}") from error
        sealed = door.seal.seal(new_secret(), tenant=tenant)
        wanted = {"tenant": tenant, "events": body.events, "key": idempotency_key}
        webhook = await asyncio.to_thread(
            lambda: ledger.add_webhook(body.url, secret=sealed, **wanted)
        )
        secret = door.seal.unseal(webhook.secret, tenant=tenant)
        shown = new_webhook_out(webhook, secret=secret).model_dump(mode="json")
        place = f"/v1/webhooks/{webhook.id}"
        return JSONResponse(shown, 201, headers={"location": place, **_NO_STORE})

    @router.post("/{webhook_id}/rotate", response_model=NewWebhookOut)
    async def rotate(webhook_id: str, body: RotateIn | None = None) -> Response:
        """A new secret, shown this once; the one before signs too for the grace."""
        grace_s = (body or RotateIn()).grace_hours * 3600
        secret = new_secret()
        sealed = door.seal.seal(secret, tenant=tenant)
        webhook = await asyncio.to_thread(
            lambda: ledger.rotate_webhook(webhook_id, tenant, secret=sealed, grace_s=grace_s)
        )
        shown = new_webhook_out(webhook, secret=secret).model_dump(mode="json")
        return JSONResponse(shown, headers=_NO_STORE)
