"""The desk where try-ons are ordered: once an order, also when it is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from assets.errors import AssetError, AssetMissing
from assets.vault import Handle
from content_engine.config import Shop
from content_engine.errors import Conflict, ContentEngineError
from content_engine.types import Brief, Job, JobStatus
from serving.api.door import Door
from serving.api.people import Reception, upload_batch
from serving.api.tryon_follow import Audience, Tryon, tryon_of
from serving.api.tryon_orders import Order, brief_of

_KEYS_MOST = 10_000
"""Keys remembered at once; beyond, the oldest are forgotten. House limit."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a key was used for, and what came of it."""

    order_sha256: str
    tryon: asyncio.Task[Tryon]


class Desk:
    """Takes orders and remembers them by their keys, as long as their photos live.

    Keys stand in memory alone: the hash of a shopper's photo must not outlive the photo.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._reception = Reception(door)
        self._known: dict[tuple[str, str], _Known] = {}
        self.audience = Audience(self.cancel)

    async def take(self, order: Order, *, shop: Shop | None, key: str) -> Tryon:
        """The accepted try-on. The same key and order give the same one; another order, Conflict.

        A try-on that was cancelled meanwhile is taken up anew. Raises what makes it impossible.
        """
        if not key:
            return await self._taken(order, shop)
        named = (shop.name if shop else "", key)
        known = self._known.get(named)
        if known and not await self._is_over(known):
            if known.order_sha256 != order.sha256:
                raise Conflict(f"the key {key!r} was used for another try-on: take a new key")
            return await asyncio.shield(known.tryon)
        return await self._remembered(named, order, lambda: self._taken(order, shop))

    def cancel(self, job_id: str) -> None:
        """Cancels the job; the dispatcher hears of it within 20 ms."""
        self._door.ledger.cancel(job_id, self._door.tenant)

    async def _remembered(
        self, named: tuple[str, str], order: Order, take: Callable[[], Awaitable[Tryon]]
    ) -> Tryon:
        task = asyncio.ensure_future(take())
        self._known[named] = _Known(order.sha256, task)
        while len(self._known) > _KEYS_MOST:
            del self._known[next(iter(self._known))]
        try:
            # Shielded: a second sender may already wait for the same order.
            return await asyncio.shield(task)
        except (ContentEngineError, AssetError):
            self._known.pop(named, None)
            raise

    async def _is_over(self, known: _Known) -> bool:
        """True when nothing is left to be given again: cancelled, or its photo is gone."""
        if not known.tryon.done():
            return False
        tryon = known.tryon.result()
        row = self._door.ledger.job_row(tryon.job_id, self._door.tenant)
        gone = tryon.expires_at <= datetime.now(UTC) or not self._door.vault.has(tryon.person)
        return gone or row.status is JobStatus.CANCELLED

    async def _taken(self, order: Order, shop: Shop | None) -> Tryon:
        person = await self._person(order, shop)
        try:
            job = await asyncio.to_thread(self._submitted, order, person)
        except (ContentEngineError, AssetError):
            if order.photo is not None:
                await asyncio.to_thread(self._door.vault.forget, person)
            raise
        self._door.news.submitted()
        return await asyncio.to_thread(tryon_of, self._door, job)

    async def _person(self, order: Order, shop: Shop | None) -> Handle:
        if order.photo is not None:
            admitted = await self._reception.admit(order.photo, shop=shop)
            return Handle(admitted.upload)
        if not await asyncio.to_thread(self._door.vault.has, order.upload):
            raise AssetMissing("there is no such upload: its time is over: send the photo again")
        return Handle(order.upload)

    def _submitted(self, order: Order, person: Handle) -> Job:
        brief: Brief = brief_of(order, person=person, door=self._door)
        self._door.check(brief)
        batch = upload_batch(person)
        (job,) = self._door.ledger.submit([brief], tenant=self._door.tenant, batch=batch)
        return job
