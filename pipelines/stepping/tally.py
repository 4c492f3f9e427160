"""Counts of what a loop did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from content_engine.errors import ContentEngineError
from content_engine.types import Lane


@dataclass(slots=True)
class Tally:
    """What `LoopFacts` tells: runs by how they ended, steps by lane and company."""

    steps: int = 0
    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    busy_s: dict[Lane, float] = field(default_factory=lambda: dict.fromkeys(Lane, 0.0))
    batches: Counter[int] = field(default_factory=Counter)

    def step(self, lane: Lane, *, runs: int, seconds: float) -> None:
        """One step happened."""
        self.steps += 1
        self.busy_s[lane] += seconds
        self.batches[runs] += 1

    def end(self, outcome: object, *, wanted: bool) -> None:
        """One run ended; `wanted` when somebody still waited for it."""
        if not wanted:
            self.cancelled += 1
        elif isinstance(outcome, ContentEngineError):
            self.failed += 1
        else:
            self.finished += 1
