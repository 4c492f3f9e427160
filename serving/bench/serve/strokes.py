"""What a device did, stroke by stroke: each call of `step` with its times and who took part."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

import numpy as np

from content_engine.types import Recipe
from pipelines.backend import Inputs, Load, Media, S, SteppedBackend


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One step of the runs named by `recipes` (digests). Monotonic time and CPU of the process."""

    began_s: float
    ended_s: float
    cpu_began_s: float
    cpu_ended_s: float
    thread_cpu_s: float
    recipes: tuple[str, ...]


class StrokeLog:
    """The strokes of one device, in their order. Any thread may read.

    With a `trail` each is also appended to that file, one line a recipe, so that a reader can
    count what a process did before it was killed.
    """

    def __init__(self, trail: Path | None = None) -> None:
        self._strokes: list[Stroke] = []
        self._lock = threading.Lock()
        self._trail = trail

    def begin(self) -> tuple[float, float, float]:
        """A mark to hand to `end`."""
        return time.monotonic(), time.process_time(), time.thread_time()

    def end(self, mark: tuple[float, float, float], recipes: Sequence[str]) -> None:
        """Writes down what was done since the mark."""
        stroke = Stroke(
            began_s=mark[0],
            ended_s=time.monotonic(),
            cpu_began_s=mark[1],
            cpu_ended_s=time.process_time(),
            thread_cpu_s=time.thread_time() - mark[2],
            recipes=tuple(recipes),
        )
        with self._lock:
            self._strokes.append(stroke)
        if self._trail is not None:
            with self._trail.open("a", encoding="ascii") as trail:
                trail.write("".join(f"{recipe}\n" for recipe in recipes))

    def taken(self) -> tuple[Stroke, ...]:
        """All strokes since the last time; the log is empty then."""
        with self._lock:
            strokes, self._strokes = self._strokes, []
        return tuple(strokes)


class DeviceClock:
    """CPU seconds of the device's process at any moment between its strokes.

    While bulk work fills a device it never idles, so this clock goes as a wall clock would on a
    core of its own: it leaves out what the machine's other tenants take.
    """

    def __init__(self, strokes: Sequence[Stroke]) -> None:
        pairs = [
            pair
            for stroke in strokes
            for pair in (
                (stroke.began_s, stroke.cpu_began_s),
                (stroke.ended_s, stroke.cpu_ended_s),
            )
        ]
        self._wall, self._cpu = np.array(sorted(pairs)).T

    def at(self, wall_s: float) -> float:
        """The process's CPU seconds at that moment, by the nearest strokes."""
        return float(np.interp(wall_s, self._wall, self._cpu))


@dataclass(slots=True, kw_only=True, eq=False)
class LoggedRun(Generic[S]):
    """A run and the recipe it is of."""

    recipe: str
    run: S

    @property
    def done(self) -> bool:
        """See `pipelines.backend.Run`."""
        return self.run.done

    @property
    def load(self) -> Load:
        """See `pipelines.backend.SteppedRun`."""
        return self.run.load

    @property
    def steps_left(self) -> int:
        """See `pipelines.backend.SteppedRun`."""
        return self.run.steps_left


class Logged(Generic[S]):
    """A stepped backend that writes each stroke down. Costs about 5 µs a step."""

    def __init__(self, backend: SteppedBackend[S], *, log: StrokeLog) -> None:
        self._backend = backend
        self._log = log

    def start(self, recipe: Recipe, inputs: Inputs) -> LoggedRun[S]:
        """See `Backend.start`."""
        return LoggedRun(recipe=recipe.digest, run=self._backend.start(recipe, inputs))

    def step(self, runs: Sequence[LoggedRun[S]]) -> None:
        """See `Backend.step`."""
        mark = self._log.begin()
        self._backend.step([each.run for each in runs])
        self._log.end(mark, [each.recipe for each in runs])

    def finish(self, run: LoggedRun[S]) -> tuple[Media, ...]:
        """See `Backend.finish`."""
        return self._backend.finish(run.run)

    def save(self, run: LoggedRun[S]) -> bytes:
        """See `SteppedBackend.save`."""
        return self._backend.save(run.run)

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> LoggedRun[S]:
        """See `SteppedBackend.resume`."""
        return LoggedRun(recipe=recipe.digest, run=self._backend.resume(recipe, inputs, saved))
