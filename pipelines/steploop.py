"""The step loop: one device, two lanes. At every boundary it decides anew who steps next."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic

from content_engine.flow import Stop, never
from content_engine.types import Lane, Recipe
from pipelines.backend import Inputs, Media, S, SteppedBackend
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopFacts, LoopLimits
from pipelines.stepping.memory import Meter
from pipelines.stepping.table import BatchTable


class StepLoop(Generic[S]):
    """Carries recipes through one backend, many at a time, a step at a time."""

    def __init__(
        self,
        backend: SteppedBackend[S],
        *,
        table: BatchTable,
        checkpoints: Checkpoints | None,
        limits: LoopLimits,
        meter: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        raise NotImplementedError

    def submit(
        self,
        recipe: Recipe,
        inputs: Inputs,
        *,
        lane: Lane,
        due_in_s: float | None = None,
        stop: Stop = never,
        private: bool = False,
    ) -> Future[tuple[Media, ...]]:
        """A future of what the recipe gives. Safe from any thread; returns at once.

        A recipe that is on its way already is not run again: both callers get the one result.
        Cancelling the future, or `stop` raising, frees the device at the next boundary unless
        another caller waits for the same. A `private` run is never written to disk. The future
        raises GenerationFailed when the recipe gives nothing, what `stop` raised, and
        BackendUnavailable when the loop was closed before the end.

        Raises BackendUnavailable when the loop is closed.
        """
        raise NotImplementedError

    def turn(self) -> bool:
        """One boundary and one step, in this thread; True while runs are on their way."""
        raise NotImplementedError

    def start(self) -> None:
        """Takes turns in a thread of its own until `close`."""
        raise NotImplementedError

    def close(self, *, drain_s: float = 0.0) -> None:
        """Ends the loop: takes no more, works on for `drain_s`, keeps the rest as checkpoints."""
        raise NotImplementedError

    def facts(self) -> LoopFacts:
        """What the loop did and does; from any thread, also while a step hangs."""
        raise NotImplementedError
