"""The batch table: how long a step takes, by shape and by how many runs share it, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from content_engine.types import Recipe
from pipelines.backend import Inputs, S, SteppedBackend


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A recipe that stands for its shape when the table is measured."""

    recipe: Recipe
    inputs: Inputs


def calibrate(
    backend: SteppedBackend[S], probes: Sequence[Probe], *, budget_s: float = 60.0
) -> BatchTable:
    """The table of the probes' shapes at 1, 2, 4, 8, … runs a step, in at most `budget_s`."""
    raise NotImplementedError
