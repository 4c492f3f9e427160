"""The batch table: how long a step takes, by shape and by how many runs share it, measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Generic

from content_engine.types import Recipe
from pipelines.backend import DeviceFull, Inputs, Load, S, SteppedBackend

WORTH = 1.02
"""How much faster than plain a batch must be before it is used: timings of equal work differ by
about 1 %. House limit."""
_SIZES = (1, 2, 4, 8, 16)
_WARM = 1
_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement: a step of `batch` runs of one shape took `step_s` seconds."""

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
    that a budget that ends early leaves out the large. A shape whose batch does not pay or does
    not fit the memory is not tried larger. Raises what `backend.start` raises.
    """
    end = clock() + budget_s
    open_ = [_Bench(backend, probe, clock) for probe in probes]
    rows: list[Row] = []
    for size in _SIZES:
        going: list[_Bench[S]] = []
        for bench in open_:
            if clock() + bench.cost_s(size) > end:
                continue
            row = bench.row(size)
            if row is not None:
                rows.append(row)
                going.append(bench)
        open_ = [bench for bench in going if bench.pays()]
    return BatchTable(tuple(rows))


class _Bench(Generic[S]):
    """One probe under measurement."""

    def __init__(
        self, backend: SteppedBackend[S], probe: Probe, clock: Callable[[], float]
    ) -> None:
        self._backend, self._probe, self._clock = backend, probe, clock
        self._times: dict[int, float] = {}
        self._spent_s: dict[int, float] = {}

    def cost_s(self, size: int) -> float:
        """About what measuring this size will take: twice what the half of it took."""
        return 2 * self._spent_s.get(size // 2, 0.0)

    def pays(self) -> bool:
        """True when the last size was plain or faster than plain."""
        size = max(self._times)
        return size == 1 or size * self._times[1] / self._times[size] >= WORTH

    def row(self, size: int) -> Row | None:
        """The measurement at this size, or None when the memory does not hold it."""
        began = self._clock()
        try:
            load, step_s = self._measure(size)
        except DeviceFull:
            if size == 1:
                raise
            return None
        self._times[size], self._spent_s[size] = step_s, self._clock() - began
        return Row(
            group=load.group, shape=load.shape, tokens=load.tokens, batch=size, step_s=step_s
        )

    def _measure(self, size: int) -> tuple[Load, float]:
        """The load of the first step, and the median of a few steps after a warm one."""
        taken: list[float] = []
        load = Load(group="", shape="", tokens=0)
        while len(taken) < _WARM + _ROUNDS:
            probe = self._probe
            runs = [self._backend.start(probe.recipe, probe.inputs) for _ in range(size)]
            load = runs[0].load
            while not runs[0].done and len(taken) < _WARM + _ROUNDS:
                began = self._clock()
                self._backend.step(runs)
                taken.append(self._clock() - began)
        return load, median(taken[_WARM:])
