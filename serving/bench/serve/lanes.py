"""Two lanes on one device: what shoppers wait under full bulk load, and what bulk keeps of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from content_engine.types import Lane
from serving.bench.serve.asked import WANTS
from serving.bench.serve.load import BACKLOG, Call, Client
from serving.bench.serve.strokes import DeviceClock, Stroke

LOAD = 0.25
"""Interactive work's share of the device, by its time alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """An interactive request on an idle device, through the same door.

    `wall_s` is the median as its caller sees it; `cpu_s` the replica's CPU for one; `steps_s` the
    wall time of its steps.
    """

    wall_s: float
    cpu_s: float
    steps_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of load: the calls that began in it, the steps done in it, the device's seconds.

    `busy_s` is the wall time within steps.
    """

    calls: Sequence[Call]
    wall_s: float
    cpu_s: float
    busy_s: float
    bulk_steps: int
    shopper_steps: int
    clock: DeviceClock

    @property
    def shoppers(self) -> Sequence[Call]:
        """The interactive calls."""
        return [call for call in self.calls if call.lane is Lane.INTERACTIVE]

    def shopper_waits_s(self) -> np.ndarray:
        """Each interactive latency by the wall, sorted."""
        return np.sort([call.latency_s for call in self.shoppers])

    def shopper_cpu_s(self) -> np.ndarray:
        """Each interactive latency by the device's own clock, sorted: see `DeviceClock`."""
        at = self.clock.at
        return np.sort([at(call.answered_s) - at(call.intended_s) for call in self.shoppers])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One system: alone, bulk without shoppers before and after, both lanes in between."""

    name: str
    alone: Alone
    bulk_alone: Sequence[Window]
    mixed: Window

    def bulk_kept(self) -> tuple[float, float]:
        """Bulk's pace under shoppers ÷ alone, per device second left to it: by CPU, by wall.

        What is left to bulk is the window less what the shoppers' steps done in it take alone,
        heads and tails with them: any loss by switching, waiting or smaller batches counts
        against the system.
        """
        shoppers = self.mixed.shopper_steps / WANTS[Lane.INTERACTIVE].steps
        left_cpu_s = self.mixed.cpu_s - shoppers * self.alone.cpu_s
        left_wall_s = self.mixed.wall_s - shoppers * self.alone.steps_s
        steps = sum(each.bulk_steps for each in self.bulk_alone)
        alone_cpu = steps / sum(each.cpu_s for each in self.bulk_alone)
        alone_wall = steps / sum(each.wall_s for each in self.bulk_alone)
        return (
            self.mixed.bulk_steps / left_cpu_s / alone_cpu,
            self.mixed.bulk_steps / left_wall_s / alone_wall,
        )


class Device:
    """One system's deployment, its client and its log."""

    def __init__(self, handle: Any, *, first_seed: int) -> None:
        self._handle = handle
        self._client = Client(handle, first_seed=first_seed)

    async def alone(self, *, times: int) -> Alone:
        """Requests one by one, after three that warm the replica."""
        await self._client.one_by_one(Lane.INTERACTIVE, times=3)
        _, cpu_before_s = await self._strokes()
        calls = await self._client.one_by_one(Lane.INTERACTIVE, times=times)
        strokes, cpu_s = await self._strokes()
        return Alone(
            wall_s=median(call.latency_s for call in calls),
            cpu_s=(cpu_s - cpu_before_s) / times,
            steps_s=sum(each.ended_s - each.began_s for each in strokes) / times,
        )

    async def window(self, *, seconds: float, rate_per_s: float) -> Window:
        """Bulk in plenty for so long, with shoppers coming at that rate."""
        await self._strokes()
        began = time.monotonic()
        calls = await self._client.under_load(
            seconds=seconds, rate_per_s=rate_per_s, backlog=BACKLOG
        )
        strokes, _ = await self._strokes()
        clock, until = DeviceClock(strokes), began + seconds
        within = [stroke for stroke in strokes if stroke.ended_s <= until]
        urgent = {call.digest for call in calls if call.lane is Lane.INTERACTIVE}
        steps = [recipe in urgent for stroke in within for recipe in stroke.recipes]
        return Window(
            calls=calls,
            wall_s=seconds,
            cpu_s=clock.at(until) - clock.at(began),
            busy_s=sum(stroke.ended_s - stroke.began_s for stroke in within),
            bulk_steps=steps.count(False),
            shopper_steps=steps.count(True),
            clock=clock,
        )

    async def _strokes(self) -> tuple[tuple[Stroke, ...], float]:
        return await self._handle.strokes.remote()


async def trial(name: str, device: Device, *, seconds: float, load_s: float | None = None) -> Trial:
    """The system under both lanes for so many seconds, and a tenth of that of bulk either side.

    `load_s` is how long a shopper's request is taken to occupy the device, so that every system
    meets the same arrivals; None: as long as it does in this one.
    """
    alone = await device.alone(times=30)
    rate = LOAD / (load_s or alone.cpu_s)
    before = await device.window(seconds=seconds / 10, rate_per_s=0.0)
    mixed = await device.window(seconds=seconds, rate_per_s=rate)
    after = await device.window(seconds=seconds / 10, rate_per_s=0.0)
    return Trial(name=name, alone=alone, bulk_alone=(before, after), mixed=mixed)
