"""Two lanes on one device: what shoppers wait under full bulk load, and what bulk keeps of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from content_engine.errors import BackendUnavailable
from content_engine.types import Lane
from serving.bench.serve.asked import WANTS
from serving.bench.serve.load import BACKLOG, Call, Client, Stretch
from serving.bench.serve.strokes import DeviceClock, Stroke, Worker

LOAD = 0.25
"""Interactive work's share of the device, by its time alone."""

_ALONE_TIMES = 10
"""Requests one by one in each round."""


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
    """A stretch of load: the steps done in it, the device's seconds.

    `busy_s` is the wall time within steps, `together` the steps by how many runs shared them.
    """

    wall_s: float
    cpu_s: float
    busy_s: float
    bulk_steps: int
    shopper_steps: int
    together: Mapping[int, int]

    @classmethod
    def of(cls, strokes: Sequence[Stroke], *, urgent: Collection[str]) -> Window:
        """What these strokes did; `urgent` are the digests of shoppers' recipes.

        Raises BackendUnavailable when there are none.
        """
        if not strokes:
            raise BackendUnavailable(
                "the device did no step in a whole stretch of load: this machine is too busy to "
                "be measured; try again when it is quieter"
            )
        steps = [recipe in urgent for stroke in strokes for recipe in stroke.recipes]
        return cls(
            wall_s=strokes[-1].ended_s - strokes[0].began_s,
            cpu_s=strokes[-1].cpu_ended_s - strokes[0].cpu_began_s,
            busy_s=sum(each.ended_s - each.began_s for each in strokes),
            bulk_steps=steps.count(False),
            shopper_steps=steps.count(True),
            together=Counter(len(stroke.recipes) for stroke in strokes),
        )

    def bulk_pace(self, alone: Alone) -> tuple[float, float]:
        """Bulk steps a device second left to bulk: by CPU, by wall.

        What is left to bulk is the window less what the shoppers' steps done in it take alone,
        heads and tails with them: any loss by switching, waiting or smaller batches counts
        against the system.
        """
        shoppers = self.shopper_steps / WANTS[Lane.INTERACTIVE].steps
        left_cpu_s = self.cpu_s - shoppers * alone.cpu_s
        left_wall_s = self.wall_s - shoppers * alone.steps_s
        return self.bulk_steps / left_cpu_s, self.bulk_steps / left_wall_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One comparison within seconds: alone, then bulk in plenty before, with and after shoppers.

    A machine that others use changes its pace by a fifth from one minute to the next: only what
    was measured side by side can be compared.
    """

    alone: Alone
    before: Window
    mixed: Window
    after: Window
    calls: Sequence[Call]

    def bulk_kept(self) -> tuple[float, float]:
        """Bulk's pace under shoppers ÷ before and after them: by CPU, by wall."""
        mixed, before, after = (
            window.bulk_pace(self.alone) for window in (self.mixed, self.before, self.after)
        )
        by_cpu, by_wall = (2 * mixed[clock] / (before[clock] + after[clock]) for clock in (0, 1))
        return by_cpu, by_wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One system, measured in several rounds."""

    name: str
    rounds: Sequence[Round]

    @property
    def alone(self) -> Alone:
        """An interactive request alone: medians of the rounds."""
        found = [each.alone for each in self.rounds]
        return Alone(
            wall_s=median(each.wall_s for each in found),
            cpu_s=median(each.cpu_s for each in found),
            steps_s=median(each.steps_s for each in found),
        )

    @property
    def calls(self) -> Sequence[Call]:
        """All calls of all rounds."""
        return [call for each in self.rounds for call in each.calls]

    @property
    def mixed(self) -> Sequence[Window]:
        """The stretches with both lanes."""
        return [each.mixed for each in self.rounds]

    def shopper_waits_s(self) -> np.ndarray:
        """Each interactive latency by the wall, sorted."""
        return np.sort([call.wall_s for call in self._shoppers()])

    def shopper_cpu_s(self) -> np.ndarray:
        """Each interactive latency by the device's own clock, sorted: see `DeviceClock`."""
        return np.sort([call.device_s for call in self._shoppers()])

    def bulk_kept(self) -> tuple[float, float]:
        """Bulk's pace under shoppers ÷ without: by CPU, by wall. Medians of the rounds."""
        by_cpu, by_wall = zip(*(each.bulk_kept() for each in self.rounds), strict=True)
        return median(by_cpu), median(by_wall)

    def _shoppers(self) -> Sequence[Call]:
        return [call for call in self.calls if call.lane is Lane.INTERACTIVE]


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

    async def round(self, *, seconds: float, load_s: float | None, seed: int) -> Round:
        """Both lanes for so many seconds, a quarter of that of bulk either side.

        `load_s` is how long a shopper's request is taken to occupy the device; None: as long as it
        does here.
        """
        alone = await self._alone()
        rate = LOAD / (load_s or alone.cpu_s)
        bulk = Stretch(seconds=seconds / 4, rate_per_s=0.0)
        both = Stretch(seconds=seconds, rate_per_s=rate)
        await self._strokes()
        began_s = self._client.now().wall_s
        calls, ends = await self._client.under_load((bulk, both, bulk), backlog=BACKLOG, seed=seed)
        strokes = await self._strokes()
        urgent = {call.digest for call in calls if call.lane is Lane.INTERACTIVE}
        marks = [began_s, *(end.wall_s for end in ends)]
        before, mixed, after = (
            Window.of([each for each in strokes if since < each.ended_s <= to], urgent=urgent)
            for since, to in pairwise(marks)
        )
        return Round(alone=alone, before=before, mixed=mixed, after=after, calls=calls)

    async def _alone(self) -> Alone:
        """Requests one by one, after three that warm the replica."""
        await self._client.one_by_one(Lane.INTERACTIVE, times=3)
        await self._strokes()
        calls = await self._client.one_by_one(Lane.INTERACTIVE, times=_ALONE_TIMES)
        strokes = await self._strokes()
        last = strokes[-WANTS[Lane.INTERACTIVE].steps]
        return Alone(
            wall_s=median(call.wall_s for call in calls),
            cpu_s=(last.cpu_began_s - strokes[0].cpu_began_s) / (_ALONE_TIMES - 1),
            steps_s=sum(each.ended_s - each.began_s for each in strokes) / _ALONE_TIMES,
        )

    async def _strokes(self) -> Sequence[Stroke]:
        return await self._handle.strokes.remote()


async def trial(
    name: str, device: Device, *, seconds: float, rounds: int, load_s: float | None = None
) -> Trial:
    """The system under both lanes for so many seconds in all, in so many rounds.

    `load_s`: see `Device.round`; given, every system meets the same arrivals.
    """
    return Trial(
        name=name,
        rounds=[
            await device.round(seconds=seconds / rounds, load_s=load_s, seed=seed)
            for seed in range(1, rounds + 1)
        ],
    )
