"""The step loop with its threads: what it costs, who it makes wait, and a process that dies."""

import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pytest

from content_engine.errors import GenerationFailed
from content_engine.types import Digest, Lane, Recipe
from pipelines.backend import Media
from pipelines.steploop import StepLoop
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.table import BatchTable
from tests.steploop_kit import NOTHING, Grain, Mill, expected, recipe

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Busy(Mill):
    """Takes real time: `step_s` of its thread's work a step."""

    step_s: float = 0.005

    def step(self, runs: Sequence[Grain]) -> None:
        end = time.thread_time() + self.step_s
        while time.thread_time() < end:
            pass
        super().step(runs)


@dataclass
class Waiting(Mill):
    """The tail of its first run ends once twenty steps of another were taken."""

    others: threading.Event = field(default_factory=threading.Event)
    seen: bool = False

    def step(self, runs: Sequence[Grain]) -> None:
        super().step(runs)
        if self.steps.count((2,)) >= 20:
            self.others.set()

    def finish(self, run: Grain) -> tuple[Media, ...]:
        self.seen = self.others.wait(30)
        return super().finish(run)


@dataclass
class Patient(Mill):
    """Its first bulk step after an interactive one ends once the result of that was told."""

    told: threading.Event = field(default_factory=threading.Event)
    seen: bool | None = None

    def step(self, runs: Sequence[Grain]) -> None:
        if self.seen is None and (2,) in self.steps:
            self.seen = self.told.wait(30)
        super().step(runs)


def started(mill: Mill, *, checkpoints: Checkpoints | None = None) -> StepLoop[Grain]:
    loop = StepLoop(mill, table=BatchTable(), checkpoints=checkpoints, limits=LoopLimits())
    loop.start()
    return loop


def test_what_the_loop_adds_to_a_request_is_below_three_percent_of_20_steps_of_5_ms() -> None:
    """Steps of no time, so that all of it is the loop's: threads, boundaries, bookkeeping."""
    mill = Mill()
    loop = started(mill)

    def bare(one: Recipe) -> None:
        run = mill.start(one, NOTHING)
        while not run.done:
            mill.step([run])
        mill.finish(run)

    def looped(one: Recipe) -> None:
        loop.submit(one, NOTHING, lane=Lane.INTERACTIVE).result()

    cpu: dict[str, list[float]] = {"bare": [], "looped": []}
    naps: dict[str, list[int]] = {"bare": [], "looped": []}
    for seed in range(40):
        for name, way in (("bare", bare), ("looped", looped)):
            cpu_s, slept = time.process_time(), times_slept()
            way(recipe(seed, steps=20))
            cpu[name].append(time.process_time() - cpu_s)
            naps[name].append(times_slept() - slept)
    loop.close()
    added_s = median(cpu["looped"]) - median(cpu["bare"])
    assert added_s < 0.03 * 20 * 0.005, f"{added_s * 1e3:.2f} ms of CPU"
    added = min(naps["looped"]) - min(naps["bare"])
    assert added <= 10, f"its threads slept {added} times: they wait between the steps"


def times_slept() -> int:
    """How often a thread of this process gave its core away to wait for something."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def test_steps_do_not_wait_for_tails() -> None:
    mill = Waiting()
    loop = started(mill)
    first = loop.submit(recipe(1, steps=2), NOTHING, lane=Lane.BULK)
    second = loop.submit(recipe(2, steps=60, strict=True), NOTHING, lane=Lane.BULK)
    first.result()
    assert mill.seen, "another run took no twenty steps while the tail of this one lasted"
    second.result()
    loop.close()


def test_an_interactive_result_does_not_wait_for_the_bulk_step_that_runs() -> None:
    mill = Patient()
    loop = started(mill)
    loop.submit(recipe(1, steps=30), NOTHING, lane=Lane.BULK)
    one = loop.submit(recipe(2, steps=1), NOTHING, lane=Lane.INTERACTIVE)
    one.add_done_callback(lambda _: mill.told.set())
    one.result()
    loop.close()
    assert mill.seen, "the result lay until the next bulk step ended"


@pytest.mark.parametrize(("residents", "holds"), [(24, 10**9), (2, 300)], ids=["roomy", "cramped"])
def test_many_callers_at_once_all_get_their_own_results(residents: int, holds: int) -> None:
    mill = Mill(holds=holds)
    limits = LoopLimits(residents=residents)
    loop = StepLoop(mill, table=BatchTable(), checkpoints=None, limits=limits)
    loop.start()
    breaks = ({}, {}, {"fails_at": 1}, {"full_at_start": 1}, {"full_at_finish": 2}, {})

    def call(number: int) -> str:
        seed = number % 120
        one = recipe(seed, steps=1 + seed % 5, **breaks[seed % len(breaks)])
        lane = Lane.INTERACTIVE if number % 3 == 0 else Lane.BULK
        future = loop.submit(one, NOTHING, lane=lane)
        if number % 11 == 0:
            future.cancel()
        try:
            return "right" if future.result(20)[0].data == expected(one) else "wrong"
        except CancelledError:
            return "cancelled"
        except GenerationFailed:
            return "failed" if breaks[seed % len(breaks)] else "failed by company"

    with ThreadPoolExecutor(16) as callers:
        ends = list(callers.map(call, range(360)))
    facts = loop.facts()
    loop.close()
    assert set(ends) <= {"right", "cancelled", "failed"}, set(ends)
    assert ends.count("right") > 150
    assert not mill.overlapped
    assert sum(facts.resident.values()) + sum(facts.waiting.values()) == 0


def test_cancelling_frees_the_device_within_one_step() -> None:
    mill = Busy(step_s=0.02)
    loop = started(mill)
    future = loop.submit(recipe(1, steps=500), NOTHING, lane=Lane.BULK)
    while len(mill.steps) < 3:
        time.sleep(0.005)
    future.cancel()
    taken = len(mill.steps)
    time.sleep(0.2)
    loop.close()
    assert len(mill.steps) <= taken + 2, "the step under way, and one that began meanwhile"


def test_a_result_s_callback_may_ask_the_loop() -> None:
    loop = started(Mill())
    done = threading.Event()
    future = loop.submit(recipe(1), NOTHING, lane=Lane.BULK)
    future.add_done_callback(lambda _: (loop.facts(), done.set()))
    assert done.wait(30)
    loop.close()


VICTIM = """
    import sys, time
    from tests.integration.test_steploop_threads import Busy
    from tests.steploop_kit import NOTHING, recipe
    from content_engine.types import Lane
    from pipelines.steploop import StepLoop
    from pipelines.stepping.checkpoints import Checkpoints
    from pipelines.stepping.limits import LoopLimits
    from pipelines.stepping.table import BatchTable
    from pathlib import Path
    limits = LoopLimits(checkpoint_every_s=0.0, checkpoint_every_steps=5)
    class Telling(Busy):
        def step(self, runs):
            super().step(runs)
            print(runs[0].taken, flush=True)
    loop = StepLoop(Telling(step_s=0.01), table=BatchTable(), checkpoints=Checkpoints(Path(sys.argv[1])), limits=limits)
    loop.start()
    loop.submit(recipe(1, steps=50), NOTHING, lane=Lane.BULK).result()
"""


def test_kill_9_in_the_middle_of_50_steps_costs_one_interval_and_gives_the_same_bytes(
    tmp_path: Path,
) -> None:
    victim = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(VICTIM), str(tmp_path / "runs")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert victim.stdout is not None
    for line in victim.stdout:
        if int(line) >= 28:
            break
    victim.send_signal(signal.SIGKILL)
    rest = victim.stdout.read().split()
    victim.wait()
    victim.stdout.close()
    reached = int(rest[-1]) if rest else 28
    mill = Mill()
    loop = started(mill, checkpoints=Checkpoints(tmp_path / "runs"))
    again = loop.submit(recipe(1, steps=50), NOTHING, lane=Lane.BULK).result()
    loop.close()
    assert reached - mill.resumed_at[0] <= 5 + 1, f"{reached} steps, resumed at {mill.resumed_at}"
    assert again[0].data == expected(recipe(1, steps=50))
    assert not list((tmp_path / "runs").iterdir())


@dataclass(frozen=True)
class SlowDisk(Checkpoints):
    """Notes how many steps the run took while each checkpoint was written."""

    mill: Mill
    noted: list[int] = field(default_factory=list)

    def write(self, recipe: Digest, saved: bytes) -> None:
        before = len(self.mill.steps)
        time.sleep(0.05)
        super().write(recipe, saved)
        self.noted.append(len(self.mill.steps) - before)


def test_a_slow_disk_costs_a_dying_process_one_step_more_than_the_interval(tmp_path: Path) -> None:
    mill = Busy(step_s=0.002)
    disk = SlowDisk(tmp_path / "runs", mill=mill)
    limits = LoopLimits(checkpoint_every_s=0.0, checkpoint_every_steps=5)
    loop = StepLoop(mill, table=BatchTable(), checkpoints=disk, limits=limits)
    loop.start()
    loop.submit(recipe(1, steps=40), NOTHING, lane=Lane.BULK).result()
    loop.close()
    assert len(disk.noted) == 7
    assert max(disk.noted) <= 1, f"{disk.noted} steps were taken beside each writing"


def test_a_loop_that_rests_costs_nothing() -> None:
    before = set(threading.enumerate())
    loop = started(Mill())
    loop.submit(recipe(1), NOTHING, lane=Lane.BULK).result()
    clocks = [
        time.pthread_getcpuclockid(thread.ident or 0)
        for thread in set(threading.enumerate()) - before
    ]
    began = sum(map(time.clock_gettime, clocks))
    time.sleep(0.5)
    spent = sum(map(time.clock_gettime, clocks)) - began
    loop.close()
    assert clocks, "the loop has threads of its own"
    assert spent < 0.05, f"{spent:.3f} s of CPU in half a second of rest"
