"""The loop in this process: what it costs one request, and what it gains by sharing steps."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from content_engine.types import Lane, Recipe
from pipelines.backend import Media, SteppedBackend
from pipelines.steploop import StepLoop
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.table import BatchTable
from serving.bench.serve.asked import Want, recipe
from serving.bench.serve.ours import NOTHING
from serving.bench.serve.stock import StockPipeline
from serving.bench.serve.strokes import Logged, StrokeLog

SHAPES_PX = (64, 128, 256, 512)
TOGETHER = 8
_STEPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """One request through the loop beside the same without: medians of as many pairs."""

    want: Want
    stock_cpu_s: float
    loop_cpu_s: float
    bare_cpu_s: float
    stock_wall_s: float
    loop_wall_s: float

    @property
    def over_stock(self) -> float:
        """CPU of a request through the loop ÷ through the stock pipeline."""
        return self.loop_cpu_s / self.stock_cpu_s

    @property
    def over_bare(self) -> float:
        """The same ÷ the backend called without a loop: the loop's own share."""
        return self.loop_cpu_s / self.bare_cpu_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Steps of as many runs of one size: one by one, as the loop shares them, one by one again.

    Thread CPU seconds within steps, of all rounds. `together` counts the loop's steps by how many
    runs shared them.
    """

    side_px: int
    plain_s: float
    shared_s: float
    again_s: float
    together: dict[int, int]

    @property
    def gain(self) -> float:
        """Throughput of shared steps ÷ that of plain ones; 1 where none was shared: no change."""
        if set(self.together) == {1}:
            return 1.0
        return (self.plain_s + self.again_s) / 2 / self.shared_s

    @property
    def noise(self) -> float:
        """How far two measurements of the same differ here: plain ÷ plain again, less 1."""
        return abs(self.plain_s / self.again_s - 1)


class Bench:
    """A backend to run loops over, each for a while."""

    def __init__(self, stepped: SteppedBackend[Any], *, table: BatchTable) -> None:
        self.log = StrokeLog()
        self.logged = Logged(stepped, log=self.log)
        self.stepped = stepped
        self.table = table

    def loop(self, limits: LoopLimits) -> StepLoop[Any]:
        """A new loop, not started."""
        return StepLoop(self.logged, table=self.table, checkpoints=None, limits=limits)

    def all_of(self, loop: StepLoop[Any], recipes: Sequence[Recipe]) -> Sequence[bytes]:
        """What the recipes give, asked all at once as bulk."""
        asked = [loop.submit(each, NOTHING, lane=Lane.BULK) for each in recipes]
        return [future.result()[0].data for future in asked]


def overhead(bench: Bench, stock: StockPipeline, want: Want, *, pairs: int) -> Overhead:
    """The request by the stock pipeline, the loop and the bare backend, taking turns."""
    loop = bench.loop(LoopLimits())
    loop.start()
    ways: dict[str, Callable[[Recipe], object]] = {
        "stock": stock.picture,
        "loop": lambda asked: bench.all_of(loop, [asked]),
        "bare": lambda asked: _bare(bench.stepped, asked),
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(-1, pairs):
        for place, (name, way) in enumerate(ways.items()):
            cost = _cost(way, recipe(want, seed=5000 + 10 * turn + place))
            if turn >= 0:
                took[name].append(cost)
    loop.close()
    cpu = {name: median(each[0] for each in costs) for name, costs in took.items()}
    wall = {name: median(each[1] for each in costs) for name, costs in took.items()}
    return Overhead(
        want=want,
        stock_cpu_s=cpu["stock"],
        loop_cpu_s=cpu["loop"],
        bare_cpu_s=cpu["bare"],
        stock_wall_s=wall["stock"],
        loop_wall_s=wall["loop"],
    )


def gain(bench: Bench, side_px: int, *, rounds: int) -> Gain:
    """Eight bulk runs of a size, by a loop that may share steps beside two that may not."""
    limits = LoopLimits()
    alone = replace(limits, batch_most=1)
    took = {"plain": 0.0, "shared": 0.0, "again": 0.0}
    together: Counter[int] = Counter()
    for turn in range(rounds):
        first = 7000 + 1000 * turn
        races = {
            "plain": _Race(bench, alone, side_px=side_px, seed=first),
            "shared": _Race(bench, limits, side_px=side_px, seed=first + 100),
            "again": _Race(bench, alone, side_px=side_px, seed=first + 200),
        }
        while going := [race for race in races.values() if not race.over]:
            min(going, key=lambda race: race.steps).turn()
        for name, race in races.items():
            took[name] += race.spent_s
        together += races["shared"].together
    return Gain(
        side_px=side_px,
        plain_s=took["plain"],
        shared_s=took["shared"],
        again_s=took["again"],
        together=dict(together),
    )


class _Race:
    """Eight runs of one size in a loop of their own, turn by turn, so that others can go between.

    Whoever has done the least steps turns next: all of them meet the machine as it is just then.
    """

    def __init__(self, bench: Bench, limits: LoopLimits, *, side_px: int, seed: int) -> None:
        # Driven from this thread, so that its CPU time can be the loop's clock: see `ours.table`.
        self._loop = StepLoop(
            bench.logged,
            table=bench.table,
            checkpoints=None,
            limits=limits,
            clock=time.thread_time,
        )
        want = Want(side_px=side_px, steps=_STEPS)
        recipes = [recipe(want, seed=seed + place) for place in range(TOGETHER)]
        self._asked = [self._loop.submit(each, NOTHING, lane=Lane.BULK) for each in recipes]
        self._log = bench.log
        self.over = False
        self.steps = 0
        self.spent_s = 0.0
        self.together: Counter[int] = Counter()

    def turn(self) -> None:
        """One turn of the loop. Raises what a run failed of."""
        self._log.taken()
        self.over = not self._loop.turn()
        for stroke in self._log.taken():
            self.spent_s += stroke.thread_cpu_s
            self.steps += len(stroke.recipes)
            self.together[len(stroke.recipes)] += 1
        if self.over:
            for future in self._asked:
                future.result()
            self._loop.close()


def _bare(stepped: SteppedBackend[Any], asked: Recipe) -> tuple[Media, ...]:
    run = stepped.start(asked, NOTHING)
    while not run.done:
        stepped.step([run])
    return stepped.finish(run)


def _cost(way: Callable[[Recipe], object], asked: Recipe) -> tuple[float, float]:
    """CPU seconds of this process and wall seconds of one request."""
    wall, cpu = time.monotonic(), time.process_time()
    way(asked)
    return time.process_time() - cpu, time.monotonic() - wall
