"""Two dispatchers and a door on one ledger: each job is done once, and at once."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Claim, JobStatus, Kind, Outcome
from serving.dispatcher import Dispatcher, Limits
from serving.news import News
from tests.contract.ledger_kit import TENANT, attempt, brief
from tests.contract.test_ledger_batches import ORDERS, lines


def dispatcher(ledger: Ledger, done: list[str]) -> Dispatcher:
    """One that ends each job at once and notes it."""

    async def produce(claim: Claim) -> JobStatus:
        await asyncio.to_thread(ledger.record, claim, attempt(Outcome.ACCEPT))
        done.append(claim.job.id)
        return await asyncio.to_thread(ledger.settle, claim)

    limits = Limits(jobs_in_flight=3, lease_s=30.0, drain_s=1.0)
    return Dispatcher(
        ledger, produce, news=News(), metrics=Metrics(), limits=limits, worker=str(id(ledger))
    )


async def until(seen: Callable[[], bool], *, within_s: float) -> None:
    """Waits until it is so. Raises TimeoutError."""
    began = time.monotonic()
    while not await asyncio.to_thread(seen):
        if time.monotonic() - began > within_s:
            raise TimeoutError
        await asyncio.sleep(0.01)


def played(url: str, scene: Callable[[Ledger, list[str]], Awaitable[None]]) -> None:
    """Two dispatchers at work on the ledger while `scene` submits through a third opening."""
    door, *workers = [Ledger.open(url) for _ in range(3)]
    done: list[str] = []

    async def play() -> None:
        stop = asyncio.Event()
        running = [
            asyncio.create_task(dispatcher(ledger, done).run(stop, kinds=tuple(Kind)))
            for ledger in workers
        ]
        try:
            await scene(door, done)
        except TimeoutError as error:
            error.add_note(f"done {done}; the ledger counts {door.counts(TENANT)}")
            raise
        finally:
            stop.set()
            await asyncio.gather(*running)

    try:
        asyncio.run(play())
    finally:
        for ledger in (door, *workers):
            ledger.close()


def test_a_job_of_another_process_is_taken_at_once(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pumps that never look by themselves: the pulse alone can tell them.
    monkeypatch.setattr("serving.dispatcher._LOOK_AGAIN_S", 3600.0)

    async def scene(door: Ledger, done: list[str]) -> None:
        await asyncio.sleep(0.3)  # their first look is over
        for _ in range(5):
            known = len(done)
            await asyncio.to_thread(door.submit, [brief()], tenant=TENANT)
            await until(lambda known=known: len(done) > known, within_s=60)

    played(ledger_url, scene)


def test_a_listener_that_fails_is_no_secret(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(ledger: Ledger) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(Ledger, "pulse", broken)
    ledger = Ledger.open(ledger_url)
    try:
        with pytest.raises(ExceptionGroup, match="TaskGroup") as raised:
            asyncio.run(dispatcher(ledger, []).run(asyncio.Event(), kinds=tuple(Kind)))
        assert raised.group_contains(ZeroDivisionError)
    finally:
        ledger.close()


def test_a_batch_is_shared_and_every_job_done_once(ledger_url: str) -> None:
    async def scene(door: Ledger, done: list[str]) -> None:
        started = await asyncio.to_thread(door.start_batch, ORDERS, tenant=TENANT)
        taken = door.accept(started, list(lines(20)), records=20, chain="c")
        door.end_of_feed(taken)
        await until(
            lambda: door.batch_progress(taken.id, TENANT).counts["succeeded"] == 40, within_s=60
        )
        assert Counter(done).most_common(1)[0][1] == 1
        assert len(done) == 40

    played(ledger_url, scene)
