"""The batch table: how long a step takes, by shape and by how many runs share it, measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Generic

from content_engine.types import Recipe
from pipelines.backend import DeviceFull, Inputs, Load, S, SteppedBackend

WORTH, STILL_WORTH = 1.05, 1.02
"""How much faster than plain a batch must be to come into use, and to stay in it. Equal work timed
in turns differs by 1 to 5 % on a machine that others use (docs/generative.md): a batch that gains
less than that may as well lose. House limits."""
_NEARLY = 0.9
_SIZES = (1, 2, 4, 8, 16)
_WARM = 1
_ROUNDS_LEAST, _ROUNDS_MOST = 2, 8
_ENOUGH_S = 0.5
"""Long steps are timed twice, short ones up to eight times. House limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement: a step of `batch` runs of one shape took `step_s` seconds.

    In company it is what it took beside plain steps in turns, times what plain takes at best.
    """

    group: str
    shape: str
    tokens: int
    batch: int
    step_s: float


@dataclass(frozen=True, slots=True)
class BatchTable:
    """What was measured at start-up. An empty table is right too: the loop learns as it goes."""

    rows: tuple[Row, ...] = ()

    def gains(self) -> dict[tuple[str, str, int], float]:
        """How much faster than plain each (group, shape, batch) is, refused ones included."""
        plain = {(row.group, row.shape): row.step_s for row in self.rows if row.batch == 1}
        return {
            (row.group, row.shape, row.batch): row.batch * plain[row.group, row.shape] / row.step_s
            for row in self.rows
        }

    def refused(self) -> tuple[Row, ...]:
        """The rows that no step will use: slower than plain, or not enough faster."""
        gains = self.gains()
        return tuple(
            row
            for row in self.rows
            if row.batch > 1 and gains[row.group, row.shape, row.batch] < WORTH
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A recipe that stands for its shape when the table is measured."""

    recipe: Recipe
    inputs: Inputs


def calibrate(
    backend: SteppedBackend[S],
    probes: Sequence[Probe],
    *,
    budget_s: float = 60.0,
    clock: Callable[[], float] = time.perf_counter,
) -> BatchTable:
    """The table of the probes' shapes at 1, 2, 4, … 16 runs a step, in about `budget_s`.

    All probes are measured plain before any in company, and small batches before large ones, so
    that a budget that ends early leaves out the large. A shape whose batch is slower than plain
    by a tenth, or does not fit the memory, is not tried larger. On a CPU that others use too,
    pass `time.process_time`: it does not count their share. Raises what `backend.start` raises.
    """
    end = clock() + budget_s
    benches = [_Bench(backend, probe, clock) for probe in probes]
    going = benches
    for size in _SIZES:
        going = [
            bench
            for bench in going
            if clock() + bench.cost_s(size) <= end and bench.measure(size) and bench.pays()
        ]
    return BatchTable(tuple(row for bench in benches for row in bench.rows()))


class _Bench(Generic[S]):
    """One probe under measurement, plain beside every size: machines change."""

    def __init__(
        self, backend: SteppedBackend[S], probe: Probe, clock: Callable[[], float]
    ) -> None:
        self._backend, self._probe, self._clock = backend, probe, clock
        self._load = Load(group="", shape="", tokens=0)
        self._alone_s = float("inf")
        self._times: dict[int, float] = {}  # as multiples of what one run takes beside it
        self._spent_s: dict[int, float] = {}

    def cost_s(self, size: int) -> float:
        """About what measuring this size will take: twice what the half of it took."""
        return 2 * self._spent_s.get(size // 2, 0.0)

    def pays(self) -> bool:
        """True when the next size may pay: the last one did, or nearly."""
        size = max(self._times)
        return size / self._times[size] >= _NEARLY

    def measure(self, size: int) -> bool:
        """Times this size; False when the memory does not hold it."""
        began = self._clock()
        try:
            together, plain = self._timed(size)
        except DeviceFull:
            if size == 1:
                raise
            return False
        self._alone_s = min(self._alone_s, *plain)
        pairs = zip(together, plain, strict=True)
        self._times[size] = median(taken / alone for taken, alone in pairs)
        self._spent_s[size] = self._clock() - began
        return True

    def rows(self) -> Iterator[Row]:
        """What was measured."""
        load = self._load
        for size, times in self._times.items():
            yield Row(
                group=load.group,
                shape=load.shape,
                tokens=load.tokens,
                batch=size,
                step_s=self._alone_s * times,
            )

    def _timed(self, size: int) -> tuple[Sequence[float], Sequence[float]]:
        """Steps of so many and of one, in turns after a warm one of each: neighbours slow both."""
        together: list[float] = []
        plain: list[float] = []
        while not self._is_enough(together):
            runs = self._started(size)
            lone = self._started(1) if size > 1 else runs
            self._load = runs[0].load
            while not lone[0].done and not self._is_enough(together):
                together.append(self._step_s(runs))
                plain.append(self._step_s(lone) if size > 1 else together[-1])
        return together[_WARM:], plain[_WARM:]

    def _started(self, size: int) -> list[S]:
        return [self._backend.start(self._probe.recipe, self._probe.inputs) for _ in range(size)]

    def _step_s(self, runs: Sequence[S]) -> float:
        began = self._clock()
        self._backend.step(runs)
        return self._clock() - began

    def _is_enough(self, taken: Sequence[float]) -> bool:
        rounds = len(taken) - _WARM
        return rounds >= _ROUNDS_MOST or (rounds >= _ROUNDS_LEAST and sum(taken) > _ENOUGH_S)
