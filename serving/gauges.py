"""What stands in the ledger and on the devices, as gauges: set when somebody reads them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from content_engine.errors import ContentEngineError
from content_engine.ledger.operating import Standing
from content_engine.telemetry import Metrics
from content_engine.types import JobStatus, Kind
from pipelines.stepping.limits import LoopFacts

_SHARE = 0.05
"""At most so much of the time goes into counting the ledger, however long it is. House rule."""

_ASK_EVERY_S = 5.0


@dataclass
class Counted:
    """The ledger's gauges, counted anew when that is worth its time.

    A count that took 1 s is kept for 20 s; the small ledger's of 1 ms for 20 ms. `look` counts.
    """

    look: Callable[[], Standing]
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    _until: float = field(default=0.0, init=False)

    def refresh(self) -> None:
        """Sets the gauges; reads the ledger unless the last count still holds."""
        began = self.clock()
        if began < self._until:
            return
        show_standing(self.look(), self.metrics)
        took = self.clock() - began
        self._until = began + took / _SHARE
        self.metrics.standing_seconds.set(took)


def show_standing(standing: Standing, metrics: Metrics) -> None:
    """Sets the gauges of the ledger; what is nowhere said is 0, so that alerts can end."""
    for kind in Kind:
        for status in JobStatus:
            count = standing.jobs.get((kind, status), 0)
            metrics.queue.labels(kind.value, status.value).set(count)
        metrics.not_begun.labels(kind.value).set(standing.not_begun.get(kind, 0))
        metrics.cases.labels(kind.value).set(standing.cases.get(kind, 0))
        metrics.oldest_case.labels(kind.value).set(standing.oldest_case_s.get(kind, 0.0))
    metrics.oldest.clear()
    for (kind, lane), age_s in standing.oldest_queued_s.items():
        metrics.oldest.labels(kind.value, lane.value).set(age_s)
    metrics.webhooks.labels("waiting").set(standing.webhooks_waiting)
    metrics.webhooks.labels("dead").set(standing.webhooks_dead)


async def watch_devices(
    ask: Callable[[], Awaitable[tuple[str, LoopFacts] | None]], metrics: Metrics
) -> None:
    """Keeps the gauges of the devices' step loops up to date until it is cancelled.

    Of several replicas one answers at a time, by Ray's choice. One that does not answer counts as
    an error and is asked again.
    """
    while True:
        try:
            found = await ask()
        except ContentEngineError as error:
            metrics.errors.labels("device", error.code).inc()
        else:
            if found is None:
                return
            show_loop(found[0], found[1], metrics=metrics)
        await asyncio.sleep(_ASK_EVERY_S)


def show_loop(replica: str, facts: LoopFacts, *, metrics: Metrics) -> None:
    """Sets the gauges of one step loop."""
    states = {"waiting": facts.waiting, "resident": facts.resident}
    for state, counts in states.items():
        for lane, count in counts.items():
            metrics.device_runs.labels(replica, lane.value, state).set(count)
    for lane, busy_s in facts.busy_s.items():
        metrics.device_busy.labels(replica, lane.value).set(busy_s)
    for runs, steps in facts.batches.items():
        metrics.device_batches.labels(replica, str(runs)).set(steps)
    ended = {"finished": facts.finished, "failed": facts.failed, "cancelled": facts.cancelled}
    for how, count in ended.items():
        metrics.device_ended.labels(replica, how).set(count)
    metrics.device_steps.labels(replica).set(facts.steps)
    metrics.device_stuck.labels(replica).set(facts.stuck)
