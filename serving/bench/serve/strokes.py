"""What a device did, stroke by stroke: each call of `step` with its times and who took part."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """The thread that is a device here: the one in which steps are computed."""

    process: int
    thread: int


class DeviceClock:
    """CPU seconds that the device's thread has computed so far; readable by any process.

    While bulk work fills a device it never idles, so this clock goes as a wall clock would on a
    core of its own: it leaves out what the machine's other tenants take. Source: proc(5),
    /proc/pid/schedstat, first field, in ns.
    """

    def __init__(self, worker: Worker) -> None:
        self._place = Path(f"/proc/{worker.process}/task/{worker.thread}/schedstat")

    def __call__(self) -> float:
        """The seconds now. Raises OSError when the thread has ended."""
        return int(self._place.read_text("ascii").split()[0]) / 1e9


class StepClock:
    """The same inside the process: the CPU seconds of the thread that logs strokes; 0 before.

    For a loop whose device is a CPU that others use, too: its steps seem as long as they are.
    """

    def __init__(self) -> None:
        self._number: int | None = None

    def bind(self) -> None:
        """From now on the clock is this thread's."""
        if self._number is None:
            self._number = time.pthread_getcpuclockid(threading.get_ident())

    def __call__(self) -> float:
        """The seconds now, from any thread of this process."""
        return 0.0 if self._number is None else time.clock_gettime(self._number)


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

    def __init__(
        self, backend: SteppedBackend[S], *, log: StrokeLog, clock: StepClock | None = None
    ) -> None:
        self._backend = backend
        self._log = log
        self._clock = clock or StepClock()

    def start(self, recipe: Recipe, inputs: Inputs) -> LoggedRun[S]:
        """See `Backend.start`."""
        return LoggedRun(recipe=recipe.digest, run=self._backend.start(recipe, inputs))

    def step(self, runs: Sequence[LoggedRun[S]]) -> None:
        """See `Backend.step`."""
        self._clock.bind()
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
