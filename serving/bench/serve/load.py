"""The client: arrivals that wait for nobody, latency from the moment each was meant to arrive."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from content_engine.types import Candidate, Lane
from serving.bench.serve.asked import WANTS, recipe

BACKLOG = 8
"""Bulk requests always waiting or running. A catalog sends thousands at once: a short row favours
the baseline, in which a shopper stands behind all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: when it was meant to arrive and when its answer came, monotonic seconds."""

    lane: Lane
    digest: str
    intended_s: float
    answered_s: float

    @property
    def latency_s(self) -> float:
        """From the intended arrival, so that a late sender hides nothing."""
        return self.answered_s - self.intended_s


class Client:
    """Sends recipes to one deployment; every seed only once."""

    def __init__(self, handle: Any, *, first_seed: int) -> None:
        self._handle = handle
        self._seeds: Iterator[int] = count(first_seed)

    async def one_by_one(self, lane: Lane, *, times: int) -> Sequence[Call]:
        """Calls on an idle device, each after the one before."""
        return [await self._call(lane, intended_s=time.monotonic()) for _ in range(times)]

    async def under_load(
        self, *, seconds: float, rate_per_s: float, backlog: int, seed: int = 1
    ) -> Sequence[Call]:
        """Both lanes for so long: Poisson arrivals of shoppers, bulk never short of `backlog`.

        Only calls that were answered in time are bulk's; each shopper's call is waited for.
        """
        until = time.monotonic() + seconds
        done: list[Call] = []
        bulk = [asyncio.create_task(self._refill(until, done)) for _ in range(backlog)]
        shoppers = await self._arrivals(until, rate_per_s, seed=seed)
        done += await asyncio.gather(*shoppers)
        await asyncio.gather(*bulk)
        return done

    async def _arrivals(
        self, until: float, rate_per_s: float, *, seed: int
    ) -> Sequence[asyncio.Task[Call]]:
        chance = random.Random(seed)
        at, calls = time.monotonic(), []
        while rate_per_s and (at := at + chance.expovariate(rate_per_s)) < until:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            calls.append(asyncio.create_task(self._call(Lane.INTERACTIVE, intended_s=at)))
        return calls

    async def _refill(self, until: float, done: list[Call]) -> None:
        while (now := time.monotonic()) < until:
            done.append(await self._call(Lane.BULK, intended_s=now))

    async def _call(self, lane: Lane, *, intended_s: float) -> Call:
        asked = recipe(WANTS[lane], seed=next(self._seeds))
        made: Candidate = await self._handle.generate.remote(asked, lane, None)
        assert made.recipe.digest == asked.digest  # noqa: S101 -- a bench must not time a mix-up
        return Call(
            lane=lane, digest=asked.digest, intended_s=intended_s, answered_s=time.monotonic()
        )
