"""The client: arrivals that wait for nobody, latency from the moment each was meant to arrive."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from content_engine.types import Candidate, Lane
from serving.bench.serve.asked import WANTS, recipe

BACKLOG = 8
"""Bulk requests always waiting or running. A catalog sends thousands at once: a short row favours
the baseline, in which a shopper stands behind all of them."""

_WALL_TIMES = 5
"""A stretch lasts at most so many times as long by the wall: neighbours may leave the device a
fifth of a core before it is cut short."""

_LOOK_S, _LOOK_MOST_S = 0.001, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment on the wall's clock and on the device's own, in seconds."""

    wall_s: float
    device_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: when it was meant to arrive and when its answer came."""

    lane: Lane
    digest: str
    intended: Moment
    answered: Moment

    @property
    def wall_s(self) -> float:
        """Latency from the intended arrival, so that a late sender hides nothing."""
        return self.answered.wall_s - self.intended.wall_s

    @property
    def device_s(self) -> float:
        """The same on the device's clock."""
        return self.answered.device_s - self.intended.device_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """So many device seconds of load, shoppers coming at that rate."""

    seconds: float
    rate_per_s: float


class Client:
    """Sends recipes to one deployment; every seed only once.

    Arrivals follow the device's `clock`: a device that neighbours slow down to a third meets a
    third of the shoppers a second, and stays as busy as it was meant to be.
    """

    def __init__(self, handle: Any, *, clock: Callable[[], float], first_seed: int) -> None:
        self._handle = handle
        self._clock = clock
        self._seeds: Iterator[int] = count(first_seed)

    def now(self) -> Moment:
        """This moment."""
        return Moment(wall_s=time.monotonic(), device_s=self._clock())

    async def one_by_one(self, lane: Lane, *, times: int) -> Sequence[Call]:
        """Calls on an idle device, each after the one before."""
        return [await self._call(lane, intended=self.now()) for _ in range(times)]

    async def under_load(
        self, stretches: Sequence[Stretch], *, backlog: int, seed: int = 1
    ) -> tuple[Sequence[Call], Sequence[Moment]]:
        """Both lanes for these stretches, one after another; when each of them was over.

        Shoppers come at random at each one's rate, whatever became of those before; bulk is never
        short of `backlog` until the last is over. Every call that was sent is waited for.
        """
        over = asyncio.Event()
        done: list[Call] = []
        bulk = [asyncio.create_task(self._refill(over, done)) for _ in range(backlog)]
        chance = random.Random(seed)
        shoppers: list[asyncio.Task[Call]] = []
        ends: list[Moment] = []
        for stretch in stretches:
            shoppers += await self._arrivals(stretch, chance)
            ends.append(self.now())
        over.set()
        await asyncio.gather(*bulk)
        return done + await asyncio.gather(*shoppers), ends

    async def _arrivals(
        self, stretch: Stretch, chance: random.Random
    ) -> Sequence[asyncio.Task[Call]]:
        now = self.now()
        end = Moment(
            wall_s=now.wall_s + _WALL_TIMES * stretch.seconds,
            device_s=now.device_s + stretch.seconds,
        )
        at, calls = now.device_s, []
        while not self._over(end):
            at += chance.expovariate(stretch.rate_per_s) if stretch.rate_per_s else math.inf
            while (early_s := at - self._clock()) > 0 and not self._over(end):
                # A process of two busy threads uses two CPU seconds a second.
                await asyncio.sleep(min(max(early_s / 2, _LOOK_S), _LOOK_MOST_S))
            if early_s <= 0:
                intended = Moment(wall_s=time.monotonic() + early_s, device_s=at)
                calls.append(asyncio.create_task(self._call(Lane.INTERACTIVE, intended=intended)))
        return calls

    async def _refill(self, over: asyncio.Event, done: list[Call]) -> None:
        while not over.is_set():
            done.append(await self._call(Lane.BULK, intended=self.now()))

    def _over(self, end: Moment) -> bool:
        now = self.now()
        return now.wall_s >= end.wall_s or now.device_s >= end.device_s

    async def _call(self, lane: Lane, *, intended: Moment) -> Call:
        asked = recipe(WANTS[lane], seed=next(self._seeds))
        made: Candidate = await self._handle.generate.remote(asked, lane, None)
        assert made.recipe.digest == asked.digest  # noqa: S101 -- a bench must not time a mix-up
        return Call(lane=lane, digest=asked.digest, intended=intended, answered=self.now())
