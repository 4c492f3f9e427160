"""A small true backend for the step loop: every step hashes the state once more, on a set clock."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from content_engine.errors import GenerationFailed
from content_engine.types import Digest, Ingredient, Kind, Recipe
from pipelines.backend import DeviceFull, Inputs, Load, Media
from pipelines.steploop import StepLoop
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.memory import Meter
from pipelines.stepping.table import BatchTable, Row

NOTHING = Inputs(assets={})
Cost = Callable[[Sequence[Load]], float]


class HandClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def recipe(seed: int, **parameters: Any) -> Recipe:
    """`steps`, `shape`, `tokens`, `group`, `strict`, and how it shall break: see `Mill`."""
    return Recipe(
        kind=Kind.IMAGE,
        backend="mill",
        model="mill@1",
        prompt="",
        seed=seed,
        parameters=json.dumps({"steps": 4, **parameters}),
        ingredients=(Ingredient(role="photo", digest=Digest("0" * 64)),),
    )


@dataclass
class Grain:
    """A run: its state is a hash of everything that was done to it."""

    seed: int
    asked: dict[str, Any]
    state: bytes
    taken: int = 0

    @property
    def done(self) -> bool:
        return self.taken >= self.asked["steps"]

    @property
    def steps_left(self) -> int:
        return self.asked["steps"] - self.taken

    @property
    def load(self) -> Load:
        return Load(
            group=self.asked.get("group", "mill"),
            shape=self.asked.get("shape", "64x64"),
            tokens=self.asked.get("tokens", 64),
        )


def flat(loads: Sequence[Load]) -> float:
    """10 ms a step, and a tenth more for each further run: batches pay."""
    return 0.010 * (1 + 0.1 * (len(loads) - 1))


def linear(loads: Sequence[Load]) -> float:
    """10 ms a run: batches do not pay."""
    return 0.010 * len(loads)


@dataclass
class Mill:
    """Hashes. `holds` tokens fit into one step, and as many runs as `residents` say.

    A recipe may ask to break: `fails_at` a step (GenerationFailed), `breaks_at` a step
    (ValueError), `full_at_start`, `full_at_finish` (that often), `hangs_at` a step until `release`.
    """

    clock: HandClock = field(default_factory=HandClock)
    cost: Cost = flat
    holds: int = 10**9
    steps: list[tuple[int, ...]] = field(default_factory=list)
    started: list[int] = field(default_factory=list)
    resumed_at: list[int] = field(default_factory=list)
    overlapped: bool = False
    release: threading.Event = field(default_factory=threading.Event)
    fulls: dict[tuple[int, str], int] = field(default_factory=dict)
    stepping: threading.Lock = field(default_factory=threading.Lock)

    def start(self, recipe: Recipe, inputs: Inputs) -> Grain:
        asked = json.loads(recipe.parameters)
        self._full(recipe.seed, asked, "full_at_start")
        self.started.append(recipe.seed)
        if asked.get("no_start"):
            raise GenerationFailed("the photo shows nothing")
        return Grain(recipe.seed, asked, recipe.digest.encode())

    def step(self, runs: Sequence[Grain]) -> None:
        if not self.stepping.acquire(blocking=False):
            self.overlapped = True
            return
        try:
            self._step(runs)
        finally:
            self.stepping.release()

    def _step(self, runs: Sequence[Grain]) -> None:
        assert len({run.load.group for run in runs}) == 1, "runs of one group only"
        assert not any(run.done for run in runs), "a run that is done stepped again"
        if sum(run.load.tokens for run in runs) > self.holds:
            raise DeviceFull("no more memory")
        self.clock.now += self.cost([run.load for run in runs])
        self.steps.append(tuple(run.seed for run in runs))
        for run in runs:
            if run.taken == run.asked.get("hangs_at"):
                self.release.wait(20)
            if run.taken == run.asked.get("fails_at"):
                raise GenerationFailed(f"seed {run.seed} came to nothing")
            if run.taken == run.asked.get("breaks_at"):
                raise ValueError(f"seed {run.seed} has no such axis")
            if run.taken == run.asked.get("loses_device_at"):
                raise RuntimeError("CUDA error: an illegal memory access was encountered")
            run.state = hashlib.sha256(run.state + bytes([run.taken])).digest()
            run.taken += 1

    def finish(self, run: Grain) -> tuple[Media, ...]:
        self._full(run.seed, run.asked, "full_at_finish")
        return (Media(role="hash", data=run.state, media_type="application/octet-stream"),)

    def save(self, run: Grain) -> bytes:
        return bytes([run.taken]) + run.state

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> Grain:
        self.resumed_at.append(saved[0])
        return Grain(recipe.seed, json.loads(recipe.parameters), saved[1:], saved[0])

    def _full(self, seed: int, asked: dict[str, Any], where: str) -> None:
        left = self.fulls.setdefault((seed, where), asked.get(where, 0))
        if left:
            self.fulls[seed, where] = left - 1
            raise DeviceFull("no more memory")


def expected(one: Recipe) -> bytes:
    """What the recipe gives when nothing else is on the device."""
    mill = Mill(fulls={(one.seed, where): 0 for where in ("full_at_start", "full_at_finish")})
    run = mill.start(one, NOTHING)
    while not run.done:
        mill.step([run])
    return mill.finish(run)[0].data


def measured(cost: Cost, *loads: Load, sizes: Sequence[int] = (1, 2, 4, 8)) -> BatchTable:
    """The table that a calibration of these shapes finds."""
    return BatchTable(
        tuple(
            Row(
                group=load.group,
                shape=load.shape,
                tokens=load.tokens,
                batch=size,
                step_s=cost([load] * size),
            )
            for load in loads
            for size in sizes
        )
    )


@contextmanager
def looping(
    mill: Mill,
    *,
    table: BatchTable | None = None,
    limits: LoopLimits | None = None,
    checkpoints: Checkpoints | None = None,
    meter: Meter | None = None,
) -> Iterator[StepLoop[Grain]]:
    """A loop over the mill on the mill's clock, driven by `turn`."""
    usual = Load(group="mill", shape="64x64", tokens=64)
    loop = StepLoop(
        mill,
        table=measured(mill.cost, usual) if table is None else table,
        checkpoints=checkpoints,
        limits=limits or LoopLimits(),
        meter=meter,
        clock=mill.clock,
    )
    try:
        yield loop
    finally:
        loop.close()
    assert not mill.overlapped, "two steps at once"


def run_out(loop: StepLoop[Grain], *, most: int = 2000) -> None:
    """Turns until nothing is on its way."""
    for _ in range(most):
        if not loop.turn():
            return
    raise AssertionError(f"after {most} turns runs are still on their way: {loop.facts()}")
