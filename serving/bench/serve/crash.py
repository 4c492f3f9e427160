"""`kill -9` of the replica amid its runs: what is lost, and whether the bytes are the same."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content_engine.types import Candidate, Lane, Recipe
from serving.bench.serve.asked import Want, recipe
from serving.bench.serve.strokes import Worker

KILLED = Want(side_px=320, steps=50)
_KILL_AFTER_STEPS = 27
_RUNS = 2
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A real process, a real SIGKILL. Steps are counted from a file that outlives the process.

    `lost_steps` is the worst run's. `back_after_s` is from the kill to the first new step, a new
    process with torch and the model loaded included.
    """

    runs: int
    steps_at_kill: int
    lost_steps: int
    same_bytes: int
    back_after_s: float


async def crash(handle: Any, trail: Path) -> Crash:
    """Kills the replica when the first run is past its 27th step; callers ask again."""
    recipes = [recipe(KILLED, seed=9000 + place, strict=True) for place in range(_RUNS)]
    calls = [asyncio.create_task(_until_made(handle, each)) for each in recipes]
    worker: Worker = await handle.worker.remote()
    while _steps(trail)[recipes[0].digest] < _KILL_AFTER_STEPS:
        await asyncio.sleep(0.01)
    os.kill(worker.process, signal.SIGKILL)
    at, before = time.monotonic(), _steps(trail)
    back_after_s = await _next_step_s(trail, since=before.total()) - at
    made = await asyncio.gather(*calls)
    after = _steps(trail)
    fresh = [await handle.fresh.remote(each) for each in recipes]
    return Crash(
        runs=_RUNS,
        steps_at_kill=before[recipes[0].digest],
        lost_steps=max(after[each.digest] - KILLED.steps for each in recipes),
        same_bytes=_same(made, fresh),
        back_after_s=back_after_s,
    )


def _same(made: Sequence[Candidate], fresh: Sequence[str]) -> int:
    pairs = zip(made, fresh, strict=True)
    return sum(each.assets[0].digest == digest for each, digest in pairs)


async def _until_made(handle: Any, asked: Recipe) -> Candidate:
    """The recipe's candidate, asked for again while the replica is away, as the dispatcher does."""
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return await handle.generate.remote(asked, Lane.BULK, None)
        except (RayError, RayServeException):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.2)


async def _next_step_s(trail: Path, *, since: int) -> float:
    until = time.monotonic() + _PATIENCE_S
    while _steps(trail).total() <= since:
        if time.monotonic() > until:
            raise TimeoutError(f"no replica went on within {_PATIENCE_S:g} s of the kill")
        await asyncio.sleep(0.05)
    return time.monotonic()


def _steps(trail: Path) -> Counter[str]:
    """Steps done of each recipe, by every process that ever wrote to the trail."""
    return Counter(trail.read_text("ascii").split()) if trail.is_file() else Counter()
