"""What must not spread: a cancelled run, one too large for the device, a strict one's company."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any, Generic

from assets.media import decode_picture
from content_engine.errors import GenerationFailed
from content_engine.types import Lane, Recipe
from pipelines.backend import DeviceFull, Inputs, Media, S, SteppedBackend
from pipelines.steploop import StepLoop
from pipelines.stepping.limits import LoopLimits
from serving.bench.serve.asked import Want, recipe
from serving.bench.serve.ours import NOTHING
from serving.bench.serve.single import Bench

LONG = Want(side_px=256, steps=50)
SMALL = Want(side_px=64, steps=8)
GIANT = Want(side_px=512, steps=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A run cancelled in its midst: steps of it that began afterwards, and when others went on."""

    steps_after: int
    freed_after_s: float
    step_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """A run that the device's memory does not hold, among others.

    `others_same` gave what they give alone: strict ones the same bytes, others the same picture to
    one level of 255, since arithmetic in company rounds differently.
    """

    giant_failed: bool
    others: int
    others_same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strict:
    """Runs alone, then in company: how many gave the same bytes; steps that were not alone."""

    runs: int
    same: int
    plain_runs: int
    plain_same: int


def cancelled(bench: Bench) -> Cancelled:
    """Cancels a long run after some steps while another waits for the device."""
    loop = bench.loop(LoopLimits(batch_most=1))
    bench.log.taken()
    loop.start()
    long = recipe(LONG, seed=8001)
    asked = loop.submit(long, NOTHING, lane=Lane.BULK)
    while loop.facts().steps < 5:
        time.sleep(0.002)
    waiting = loop.submit(recipe(SMALL, seed=8002), NOTHING, lane=Lane.BULK)
    time.sleep(0.05)
    asked.cancel()
    at = time.monotonic()
    waiting.result()
    loop.close()
    strokes = bench.log.taken()
    after = [each for each in strokes if each.began_s >= at]
    own = [each for each in strokes if long.digest in each.recipes]
    freed_s = next((each.began_s for each in after if long.digest not in each.recipes), at)
    return Cancelled(
        steps_after=sum(long.digest in each.recipes for each in after),
        freed_after_s=freed_s - at,
        step_s=sum(each.ended_s - each.began_s for each in own) / len(own),
    )


class Capped(Generic[S]):
    """A backend on a device that holds runs of so many tokens at a time, and no more."""

    def __init__(self, backend: SteppedBackend[S], *, tokens: int) -> None:
        self._backend = backend
        self._tokens = tokens

    def start(self, recipe: Recipe, inputs: Inputs) -> S:
        """See `Backend.start`."""
        return self._backend.start(recipe, inputs)

    def step(self, runs: Sequence[S]) -> None:
        """See `SteppedBackend.step`. Raises DeviceFull above the cap."""
        wanted = sum(run.load.tokens for run in runs)
        if wanted > self._tokens:
            raise DeviceFull(f"{wanted} tokens on a device that holds {self._tokens}")
        self._backend.step(runs)

    def finish(self, run: S) -> tuple[Media, ...]:
        """See `Backend.finish`."""
        return self._backend.finish(run)

    def save(self, run: S) -> bytes:
        """See `SteppedBackend.save`."""
        return self._backend.save(run)

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> S:
        """See `SteppedBackend.resume`."""
        return self._backend.resume(recipe, inputs, saved)


def full(bench: Bench) -> Full:
    """One run above the device's memory among six that fit: alone they give the same bytes."""
    others = [recipe(SMALL, seed=8100 + place, strict=place % 2 == 0) for place in range(6)]
    whole = bench.stepped.start(others[0], NOTHING).load.tokens
    alone = [_alone(bench, each) for each in others]
    capped: SteppedBackend[Any] = Capped(bench.stepped, tokens=3 * whole)
    loop = StepLoop(capped, table=bench.table, checkpoints=None, limits=LoopLimits())
    loop.start()
    giant = loop.submit(recipe(GIANT, seed=8200), NOTHING, lane=Lane.BULK)
    made = bench.all_of(loop, others)
    problem = giant.exception()
    loop.close()
    return Full(
        giant_failed=isinstance(problem, GenerationFailed),
        others=len(others),
        others_same=sum(
            one == other if place % 2 == 0 else _alike(one, other)
            for place, (one, other) in enumerate(zip(alone, made, strict=True))
        ),
    )


def strict(bench: Bench) -> Strict:
    """Strict and plain runs, each alone in a loop of its own, then all in one."""
    careful = [recipe(SMALL, seed=8300 + place, strict=True) for place in range(4)]
    plain = [recipe(SMALL, seed=8400 + place) for place in range(4)]
    alone = [_alone(bench, each) for each in (*careful, *plain)]
    loop = bench.loop(LoopLimits())
    loop.start()
    made = bench.all_of(loop, [*careful, *plain])
    loop.close()
    same = [one == other for one, other in zip(alone, made, strict=True)]
    return Strict(
        runs=len(careful),
        same=sum(same[: len(careful)]),
        plain_runs=len(plain),
        plain_same=sum(same[len(careful) :]),
    )


def _alike(one: bytes, other: bytes) -> bool:
    first, second = (decode_picture(data).rgb.astype(int) for data in (one, other))
    return bool((abs(first - second) <= 1).all())


def _alone(bench: Bench, asked: Recipe) -> bytes:
    loop = bench.loop(LoopLimits())
    loop.start()
    try:
        (made,) = bench.all_of(loop, [asked])
    except CancelledError as error:
        raise RuntimeError("a run that nobody cancelled was cancelled") from error
    finally:
        loop.close()
    return made
