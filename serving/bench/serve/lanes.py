"""Two lanes on one device: what shoppers wait under full bulk load, and what bulk keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from content_engine.types import Lane
from serving.bench.serve.asked import WANTS
from serving.bench.serve.load import BACKLOG, Call, Client
from serving.bench.serve.strokes import DeviceClock, Stroke, Worker

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

    `busy_s` is the wall time within steps, `together` the steps by how many runs shared them.
    """

    calls: Sequence[Call]
    wall_s: float
    cpu_s: float
    busy_s: float
    bulk_steps: int
    shopper_steps: int
    together: Mapping[int, int]

    @property
    def shoppers(self) -> Sequence[Call]:
        """The interactive calls."""
        return [call for call in self.calls if call.lane is Lane.INTERACTIVE]

    def shopper_waits_s(self) -> np.ndarray:
        """Each interactive latency by the wall, sorted."""
        return np.sort([call.wall_s for call in self.shoppers])

    def shopper_cpu_s(self) -> np.ndarray:
        """Each interactive latency by the device's own clock, sorted: see `DeviceClock`."""
        return np.sort([call.device_s for call in self.shoppers])


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

    def __init__(self, handle: Any, *, clock: DeviceClock, first_seed: int) -> None:
        self._handle = handle
        self._client = Client(handle, clock=clock, first_seed=first_seed)

    @classmethod
    async def of(cls, handle: Any, *, first_seed: int) -> Device:
        """The deployment behind the handle, its thread asked for."""
        worker: Worker = await handle.worker.remote()
        return cls(handle, clock=DeviceClock(worker), first_seed=first_seed)

    async def alone(self, *, times: int) -> Alone:
        """Requests one by one, after three that warm the replica."""
        await self._client.one_by_one(Lane.INTERACTIVE, times=3)
        await self._strokes()
        calls = await self._client.one_by_one(Lane.INTERACTIVE, times=times)
        strokes = await self._strokes()
        last = strokes[-WANTS[Lane.INTERACTIVE].steps]
        return Alone(
            wall_s=median(call.wall_s for call in calls),
            cpu_s=(last.cpu_began_s - strokes[0].cpu_began_s) / (times - 1),
            steps_s=sum(each.ended_s - each.began_s for each in strokes) / times,
        )

    async def window(self, *, seconds: float, rate_per_s: float) -> Window:
        """Bulk in plenty for so long, with shoppers coming at that rate."""
        await self._strokes()
        began = self._client.now()
        calls, over = await self._client.under_load(
            seconds=seconds, rate_per_s=rate_per_s, backlog=BACKLOG
        )
        strokes = await self._strokes()
        within = [each for each in strokes if each.ended_s <= over.wall_s]
        urgent = {call.digest for call in calls if call.lane is Lane.INTERACTIVE}
        steps = [recipe in urgent for stroke in within for recipe in stroke.recipes]
        sizes = [len(stroke.recipes) for stroke in within]
        return Window(
            calls=calls,
            wall_s=within[-1].ended_s - began.wall_s,
            cpu_s=within[-1].cpu_ended_s - within[0].cpu_began_s,
            busy_s=sum(each.ended_s - each.began_s for each in within),
            bulk_steps=steps.count(False),
            shopper_steps=steps.count(True),
            together={size: sizes.count(size) for size in sorted(set(sizes))},
        )

    async def _strokes(self) -> Sequence[Stroke]:
        return await self._handle.strokes.remote()


async def trial(name: str, device: Device, *, seconds: float, load_s: float | None = None) -> Trial:
    """The system under both lanes for so many seconds, and a fifth of that of bulk either side.

    `load_s` is how long a shopper's request is taken to occupy the device, so that every system
    meets the same arrivals; None: as long as it does in this one.
    """
    alone = await device.alone(times=30)
    rate = LOAD / (load_s or alone.cpu_s)
    before = await device.window(seconds=seconds / 5, rate_per_s=0.0)
    mixed = await device.window(seconds=seconds, rate_per_s=rate)
    after = await device.window(seconds=seconds / 5, rate_per_s=0.0)
    return Trial(name=name, alone=alone, bulk_alone=(before, after), mixed=mixed)
