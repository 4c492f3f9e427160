"""Sends what stands in the outbox, in a thread of its own: nothing else waits for a receiver.

At least once: whoever sees a message twice knows it by its `webhook-id`. Services on one ledger
share the work by leases; one that is killed leaves its messages to the others.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from assets.errors import FetchFailed, UnsafeSource
from content_engine.config import Settings
from content_engine.errors import ContentEngineError, InvalidSettings
from content_engine.ledger import Ledger
from content_engine.webhooks import DeliveryStatus, Errand, Tried, Webhook
from serving.webhooks.post import Answer, Poster
from serving.webhooks.schedule import Schedule, asked_s, schedule
from serving.webhooks.signing import Seal, signature

log = logging.getLogger(__name__)
T = TypeVar("T")

_GONE = 410
"""The receiver wants nothing more. Source: Standard Webhooks 1.0, deliverability."""
_LOOKUPS = 32
"""Threads that wait for name servers, so that a slow one holds up no other host."""
_DRAIN_S = 5.0
"""So long a stopping sender waits for answers; what is left is sent again after its lease."""
_FORGET_EVERY_S = 3600.0


class Sender:
    """Sends until it is closed."""

    def __init__(
        self, ledger: Ledger, *, poster: Poster, seal: Seal, plan: Schedule | None = None
    ) -> None:
        self._ledger = ledger
        self._poster = poster
        self._seal = seal
        self._plan = plan or schedule()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._busy: Counter[str] = Counter()
        self._failing: set[str] = set()
        self._rests_until_s: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: list[tuple[Errand, Tried]] = []
        self._batches_at_s = self._forget_at_s = 0.0
        self._room_made = asyncio.Event()

    @classmethod
    def open(cls, ledger: Ledger, settings: Settings) -> Sender:
        """The sender of a service, with the key folder and the networks of its settings."""
        poster = Poster(allow_networks=settings.webhook_allow_networks)
        return cls(ledger, poster=poster, seal=Seal.open(settings.keys_path))

    def start(self) -> None:
        """Begins to send."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """True while it sends."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Begins no other try, waits 5 s at most for those under way, and ends."""
        self._stop.set()
        if self._thread.is_alive():
            # A name server that never answers must not keep the service from ending.
            self._thread.join(_DRAIN_S + 1.0)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._send())

    async def _send(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_LOOKUPS))
        # Of its own: threads that wait for name servers must not keep the ledger waiting.
        with ThreadPoolExecutor(1) as self._desk:
            async with self._poster.line() as self._line:
                while not self._stop.is_set():
                    await self._turn()
                    await self._pause()
                if self._tasks:
                    await asyncio.wait(self._tasks, timeout=_DRAIN_S)
                for task in self._tasks:
                    task.cancel()
                await self._turn(last=True)

    async def _turn(self, *, last: bool = False) -> None:
        """Records what has ended since the turn before, and takes what is due."""
        try:
            await self._end()
            if not last:
                await self._keep_house()
                await self._look()
        except ContentEngineError as error:
            # What was not recorded is sent once more when its lease has ended.
            log.warning("webhooks.ledger_away", extra={"why": type(error).__name__})

    async def _keep_house(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._batches_at_s:
            self._batches_at_s = now_s + self._plan.batches_every_s
            await self._ask(self._ledger.end_batches)
        if now_s >= self._forget_at_s:
            self._forget_at_s = now_s + _FORGET_EVERY_S
            await self._ask(self._forget)

    async def _end(self) -> None:
        """Records, in one transaction, how the tries of the last moment went."""
        ended, self._ended = self._ended, []
        if ended:
            await self._ask(lambda: self._ledger.end_errands(ended))

    async def _pause(self) -> None:
        """Until the next look: soon when a try has ended, for there is room for another."""
        try:
            await asyncio.wait_for(self._room_made.wait(), self._plan.look_every_s)
        except TimeoutError:
            return
        await asyncio.sleep(self._plan.again_s)
        self._room_made.clear()

    async def _look(self) -> None:
        """Takes what is due, no more of a webhook than there is room for."""
        due = await self._ask(self._ledger.due_webhooks)
        left = self._plan.most_at_once - self._busy.total()
        rooms: dict[str, int] = {}
        # In any order: the first ones must not take all the room every time.
        for webhook in random.sample(due, len(due)):
            rooms[webhook.id] = max(0, min(self._room(webhook), left))
            left -= rooms[webhook.id]
        served = [webhook for webhook in due if rooms[webhook.id]]
        if not served:
            return
        by_id = {webhook.id: webhook for webhook in served}
        lease_s = self._plan.lease_s
        for errand in await self._ask(
            lambda: self._ledger.take_errands(rooms, webhooks=served, lease_s=lease_s)
        ):
            webhook = by_id[errand.delivery.webhook_id]
            self._busy[webhook.id] += 1
            task = asyncio.create_task(self._carry(errand, webhook.tenant))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _room(self, webhook: Webhook) -> int:
        if time.monotonic() < self._rests_until_s.get(webhook.id, 0.0):
            return 0
        most = 1 if webhook.id in self._failing else self._plan.most_of_one
        return most - self._busy[webhook.id]

    async def _carry(self, errand: Errand, tenant: str) -> None:
        webhook_id = errand.delivery.webhook_id
        try:
            tried = await self._tried(errand, tenant)
            keep = self._failing.discard if tried.status is _DELIVERED else self._failing.add
            keep(webhook_id)
            self._ended.append((errand, tried))
            log.info(
                "webhook.tried",
                extra={
                    "webhook": webhook_id,
                    "delivery": errand.delivery.id,
                    "tries": errand.delivery.tries,
                    "answer": tried.answer,
                    "status": tried.status.value,
                },
            )
        finally:
            self._busy[webhook_id] -= 1
            self._room_made.set()

    async def _tried(self, errand: Errand, tenant: str) -> Tried:
        try:
            answer = await self._posted(errand, tenant)
        except (FetchFailed, UnsafeSource, InvalidSettings) as error:
            return self._failed(errand, problem=str(error))
        if 200 <= answer.status < 300:
            return Tried(status=_DELIVERED, answer=answer.status)
        if answer.status == _GONE:
            problem = "the receiver answered 410 Gone"
            return Tried(status=DeliveryStatus.DEAD, answer=_GONE, problem=problem, gone=True)
        problem = f"the receiver answered {answer.status}"
        return self._failed(errand, problem=problem, answer=answer)

    def _failed(self, errand: Errand, *, problem: str, answer: Answer | None = None) -> Tried:
        wish_s = asked_s(answer.retry_after, now=datetime.now(UTC)) if answer else 0.0
        # Who asks for a rest gets it from the other messages, too.
        rest_s = min(wish_s, self._plan.retry_after_most_s)
        self._rests_until_s[errand.delivery.webhook_id] = time.monotonic() + rest_s
        delay_s = self._plan.next_in_s(
            errand.delivery.tries, chance=random.random(), asked_s=wish_s
        )
        return Tried(
            status=DeliveryStatus.DEAD if delay_s is None else DeliveryStatus.WAITING,
            answer=answer.status if answer else 0,
            problem=problem,
            delay_s=delay_s or 0.0,
        )

    async def _posted(self, errand: Errand, tenant: str) -> Answer:
        delivery, at_s = errand.delivery, int(time.time())
        keys = [self._seal.unseal(sealed, tenant=tenant) for sealed in errand.secrets]
        signed = signature(keys, message_id=delivery.id, at_s=at_s, body=delivery.body)
        headers = {
            "content-type": "application/json",
            "user-agent": "content-engine (webhooks)",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signed,
        }
        return await self._line.post(errand.url, body=delivery.body.encode(), headers=headers)

    def _forget(self) -> int:
        return self._ledger.forget_deliveries(kept_s=self._plan.kept_s)

    async def _ask(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._desk, call)


_DELIVERED = DeliveryStatus.DELIVERED
