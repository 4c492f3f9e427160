"""The dispatcher: claims jobs from the ledger, carries them through the flow, keeps leases alive.

One asyncio task a job. No job's state lives here: a crash costs the step that was running.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from assets.errors import AssetError, StoreUnavailable
from content_engine import tracing
from content_engine.errors import ContentEngineError, LeaseLost, LedgerUnavailable, ReplicaLost
from content_engine.telemetry import Metrics, bound_to_job, timed
from content_engine.types import Claim, JobStatus, Kind, Lane
from serving.news import News

log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 1.0
_OUTAGES = (LedgerUnavailable, StoreUnavailable)
"""No job's fault: it goes on when disk, server or network is back, however long that takes."""
_OUTAGE_PAUSE_MOST_S = 5.0
RETRIES = 5
FIRST_PAUSE_S = 0.5
"""5 doublings wait 15.5 s: what a backend can't do by then, it can't."""
_REPLICA_RETRIES = 25
"""2 min: one that died is back after about 9 s (SIGKILL, Ray 2.60), on a busy machine after 40;
what ends its replica every time must end, too."""


class Claims(Protocol):
    """The part of the ledger that the dispatcher uses. Every call is one transaction."""

    def claim(
        self, worker: str, *, kinds: Sequence[Kind], limit: int, lease_s: float, lane: Lane
    ) -> tuple[Claim, ...]:
        """Up to `limit` waiting jobs of those kinds and that lane, leased to the worker."""
        ...

    def extend(self, claims: Sequence[Claim], lease_s: float) -> object:
        """Puts off the end of the leases that are still held."""
        ...

    def pulse(self) -> int:
        """A number that is another one after any process wrote; some microseconds."""
        ...

    def cancelled(self, job_ids: Sequence[str]) -> Collection[str]:
        """Those of the jobs that were cancelled."""
        ...

    def reap(self, longest_lease_s: float) -> int:
        """Puts jobs whose lease ran out back into the queue; how many. None may be longer."""
        ...

    def fail(self, claim: Claim, problem: str) -> JobStatus:
        """Ends the job as failed, or in review while people have cases. Raises LeaseLost."""
        ...

    def release(self, claim: Claim) -> object:
        """Puts the job back into the queue. Raises LeaseLost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one dispatcher takes on. `jobs_in_flight` counts each kind and lane by itself.

    `pulse_s`: how often to look whether another process wrote to the ledger (5 µs a look).
    `drain_s`: how long running jobs may take to end after `stop`.
    """

    jobs_in_flight: int = 8
    lease_s: float = 60.0
    pulse_s: float = 0.02
    drain_s: float = 20.0


class Dispatcher:
    """Carries the jobs of some kinds until it is told to stop; then drains and releases."""

    def __init__(
        self,
        ledger: Claims,
        produce: Callable[[Claim], Awaitable[JobStatus]],
        *,
        news: News,
        metrics: Metrics,
        limits: Limits,
        worker: str,
    ) -> None:
        self._ledger = ledger
        self._produce = produce
        self._news = news
        self._metrics = metrics
        self._limits = limits
        self._worker = worker
        self._running: dict[asyncio.Task[None], Claim] = {}

    async def run(self, stop: asyncio.Event, *, kinds: Sequence[Kind]) -> None:
        """Works until `stop` is set; on return no job of this dispatcher is running."""
        async with asyncio.TaskGroup() as keeping:  # a keeper that fails is no secret
            keepers = [keeping.create_task(each()) for each in (self._keep_leases, self._listen)]
            try:
                async with asyncio.TaskGroup() as group:
                    for kind in kinds:
                        group.create_task(self._pump(kind, stop=stop))
                    await stop.wait()
                    self._news.submitted()  # pumps look at `stop` when they wake
            finally:
                await self._drain()
                for keeper in keepers:
                    keeper.cancel()

    async def _pump(self, kind: Kind, *, stop: asyncio.Event) -> None:
        with self._news.watch_work() as watch:
            while not stop.is_set():
                async with _borne():
                    await self._take(kind, wake=watch.wake)
                await watch.wait(_LOOK_AGAIN_S)

    async def _listen(self) -> None:
        """Turns what any process writes to the ledger into news, and ends what was cancelled."""
        last = 0
        while True:
            await asyncio.sleep(self._limits.pulse_s)
            async with _borne():
                if (pulse := self._ledger.pulse()) != last:
                    self._end_cancelled()
                    last = pulse
                    self._news.submitted()

    def _end_cancelled(self) -> None:
        """Cancels the tasks of cancelled jobs, so that their makers stop at the next step."""
        carried = {claim.job.id: task for task, claim in self._running.items()}
        for job_id in self._ledger.cancelled(tuple(carried)):
            carried[job_id].cancel()

    async def _take(self, kind: Kind, *, wake: Callable[[], None]) -> None:
        """Claims as many jobs of a kind as there are free places, and starts them.

        Each lane has places of its own: what somebody waits for finds one beside any bulk.
        """
        for lane in Lane:
            free = self._free(kind, lane)
            if not free:
                continue
            claims = await asyncio.to_thread(
                self._ledger.claim,
                self._worker,
                kinds=(kind,),
                limit=free,
                lease_s=self._limits.lease_s,
                lane=lane,
            )
            for claim in claims:
                self._start(claim, wake=wake)

    def _free(self, kind: Kind, lane: Lane) -> int:
        briefs = [claim.job.brief for claim in self._running.values()]
        busy = sum(brief.kind is kind and brief.lane is lane for brief in briefs)
        return max(0, self._limits.jobs_in_flight - busy)

    def _start(self, claim: Claim, *, wake: Callable[[], None]) -> None:
        kind = claim.job.brief.kind.value
        task = asyncio.create_task(self._carry(claim))
        self._running[task] = claim
        self._metrics.running.labels(kind).inc()

        def ended(task: asyncio.Task[None]) -> None:
            del self._running[task]
            self._metrics.running.labels(kind).dec()
            self._news.changed(claim.job.id)
            wake()

        task.add_done_callback(ended)

    async def _carry(self, claim: Claim) -> None:
        """Carries one job; whatever goes wrong ends in the ledger or the log, never here."""
        kind = claim.job.brief.kind
        with (
            bound_to_job(claim.job.id),
            tracing.job_span("job.carried", claim.job.id, {"kind": kind}),
            timed(self._metrics.job_seconds.labels(kind.value).observe),
        ):
            try:
                status = await self._persist(claim)
            except asyncio.CancelledError:
                log.info("job.stopped")
                raise
            except LeaseLost:
                log.info("job.lease_lost")
                return
            except (ContentEngineError, AssetError) as error:
                self._metrics.errors.labels("dispatcher", error.code).inc()
                status = await self._fail(claim, str(error))
            except Exception as error:
                self._metrics.errors.labels("dispatcher", "bug").inc()
                log.exception("job.bug")
                status = await self._fail(claim, f"internal error ({type(error).__name__})")
            self._metrics.job_ended(kind, status)
            log.info("job.ended", extra={"status": status.value, "kind": kind.value})

    async def _persist(self, claim: Claim) -> JobStatus:
        """Produces; what may succeed later is tried again after growing pauses."""
        for retry in count():
            try:
                return await self._produce(claim)
            except _OUTAGES as error:
                log.warning("job.waits", extra={"code": error.code, "why": str(error)})
                longest_s = _OUTAGE_PAUSE_MOST_S
            except (ContentEngineError, AssetError) as error:
                is_lost = isinstance(error, ReplicaLost)
                if not error.retryable or retry >= (_REPLICA_RETRIES if is_lost else RETRIES):
                    raise
                self._metrics.errors.labels("dispatcher", error.code).inc()
                log.warning("job.retry", extra={"code": error.code, "retry": retry + 1})
                longest_s = _OUTAGE_PAUSE_MOST_S if is_lost else FIRST_PAUSE_S * 2**RETRIES
            await asyncio.sleep(min(longest_s, FIRST_PAUSE_S * 2 ** min(retry, RETRIES)))
        raise AssertionError("counting has no end")

    async def _fail(self, claim: Claim, problem: str) -> JobStatus:
        while True:
            async with _borne():
                try:
                    return await asyncio.to_thread(self._ledger.fail, claim, problem)
                except LeaseLost:
                    log.info("job.lease_lost")
                    return JobStatus.FAILED

    async def _keep_leases(self) -> None:
        """Extends running leases and reaps dead ones, three times a lease."""
        while True:
            async with _borne():
                reaped = await asyncio.to_thread(self._ledger.reap, self._limits.lease_s)
                if reaped:
                    log.warning("jobs.reaped", extra={"count": reaped})
                    self._news.submitted()
            await asyncio.sleep(self._limits.lease_s / 3)
            if claims := tuple(self._running.values()):
                async with _borne():
                    await asyncio.to_thread(self._ledger.extend, claims, self._limits.lease_s)

    async def _drain(self) -> None:
        """Lets running jobs end; what is still running after `drain_s` goes back to the queue."""
        if not self._running:
            return
        log.info("dispatcher.draining", extra={"jobs": len(self._running)})
        await asyncio.wait(list(self._running), timeout=self._limits.drain_s)
        left = dict(self._running)
        if not left:
            return
        for task in left:
            task.cancel()
        # A call to a busy replica may outlive its cancelling; its late writes meet LeaseLost.
        await asyncio.wait(left, timeout=1.0)
        for claim in left.values():
            await self._release(claim)

    async def _release(self, claim: Claim) -> None:
        try:
            await asyncio.to_thread(self._ledger.release, claim)
        except LeaseLost:
            log.info("job.lease_lost")
        except LedgerUnavailable:
            log.warning("job.not_released")  # its lease runs out, then another takes it


@asynccontextmanager
async def _borne() -> AsyncIterator[None]:
    """Bears a ledger that is away just now: says so and lets the caller try again in a second."""
    try:
        yield
    except LedgerUnavailable as error:
        log.warning("ledger.unavailable", extra={"why": str(error)})
        await asyncio.sleep(_LOOK_AGAIN_S)
