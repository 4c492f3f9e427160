"""`content-engine bench webhooks`: what sending a message costs, beside a bare httpx client.

Messages stand in a real outbox; receivers answer 204 from a process of their own, so that this
one's processor time is the sender's alone: looking, leasing, signing, posting, recording. The bare
client posts the same bodies to the same receivers, as many at once, and keeps no record.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table
from starlette.types import Receive, Scope, Send

from content_engine.ledger import Ledger
from content_engine.types import Brief, Kind, Product, TextSpec
from content_engine.webhooks import DeliveryStatus
from serving.webhooks.post import Poster
from serving.webhooks.schedule import schedule
from serving.webhooks.sender import Sender
from serving.webhooks.signing import Seal, new_secret

_NEAR = ("127.0.0.1",)
_TENANT = "bench"
_LOOK_S = 0.02
_SUBMIT_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What so many messages took: on the clock, and of this process's processors."""

    messages: int
    wall_s: float
    cpu_s: float

    def row(self, name: str) -> tuple[str, ...]:
        """The line of the table."""
        by_cpu, by_wall = self.messages / self.cpu_s, self.messages / self.wall_s
        each_ms = 1000 * self.cpu_s / self.messages
        return (name, str(self.messages), f"{each_ms:.2f}", f"{by_cpu:.0f}", f"{by_wall:.0f}")


def run(ledger_url: str, *, messages: int, receivers: int) -> int:
    """Prints both; 1 when a message was not delivered. Without a `ledger_url` SQLite is taken."""
    with tempfile.TemporaryDirectory(prefix="ce-webhooks-") as folder, _receiving() as port:
        urls = [f"http://127.0.0.1:{port}/{number}" for number in range(receivers)]
        ledger = Ledger.open(ledger_url or f"sqlite:///{folder}/ledger.db")
        try:
            left, ours = _ours(ledger, Path(folder), urls, messages=messages)
        finally:
            ledger.close()
        body = json.dumps({"type": "job.cancelled", "data": {"id": "0" * 32}}).encode()
        bare = asyncio.run(_timed(lambda: _bare(urls, body, messages=messages), messages))
    table = Table("sender", "messages", "CPU ms each", "a CPU second", "a second")
    table.add_row(*ours.row(f"content engine, {receivers} webhooks"))
    table.add_row(*bare.row("bare httpx client, nothing recorded"))
    Console(width=100).print(table)
    return 1 if left else 0


def _ours(ledger: Ledger, folder: Path, urls: Sequence[str], *, messages: int) -> tuple[int, Sent]:
    """How many are left undelivered, and what sending took."""
    seal = Seal.open(folder / "keys")
    for url in urls:
        sealed = seal.seal(new_secret(), tenant=_TENANT)
        ledger.add_webhook(url, tenant=_TENANT, secret=sealed)
    fill(ledger, jobs=messages // len(urls))
    waiting = ledger.delivery_counts()[DeliveryStatus.WAITING]
    sender = Sender(ledger, poster=Poster(allow_networks=_NEAR), seal=seal, plan=schedule())
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    sender.start()
    try:
        while ledger.delivery_counts()[DeliveryStatus.WAITING] and sender.is_alive:
            time.sleep(_LOOK_S)
    finally:
        took = Sent(
            messages=waiting,
            wall_s=time.perf_counter() - wall_s,
            cpu_s=time.process_time() - cpu_s,
        )
        sender.close()
    counts = ledger.delivery_counts()
    return sum(counts.values()), took


def fill(ledger: Ledger, *, jobs: int) -> None:
    """Leaves a message for each webhook of the bench's tenant: so many jobs are cancelled."""
    product = Product(sku="b", title="Mug", brand="", category=(), facts=(), photos=())
    brief = Brief(kind=Kind.TEXT, product=product, spec=TextSpec(), locale="en")
    for first in range(0, jobs, _SUBMIT_AT_ONCE):
        count = min(_SUBMIT_AT_ONCE, jobs - first)
        for job in ledger.submit([brief] * count, tenant=_TENANT):
            ledger.cancel(job.id, _TENANT)


async def _timed(work: Callable[[], Awaitable[None]], messages: int) -> Sent:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    await work()
    took_s = time.perf_counter() - wall_s
    return Sent(messages=messages, wall_s=took_s, cpu_s=time.process_time() - cpu_s)


async def _bare(urls: Sequence[str], body: bytes, *, messages: int) -> None:
    left = iter(range(messages))
    async with httpx.AsyncClient(trust_env=False, timeout=15) as client:

        async def one() -> None:
            for number in left:
                answer = await client.post(urls[number % len(urls)], content=body)
                answer.raise_for_status()

        await asyncio.gather(*(one() for _ in range(schedule().most_of_one * len(urls))))


@contextmanager
def _receiving() -> Iterator[int]:
    """The port of a receiver in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_receive, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _receive(told: Connection) -> None:
    import socket

    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    told.send(listener.getsockname()[1])
    config = uvicorn.Config(_take, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


async def _take(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
