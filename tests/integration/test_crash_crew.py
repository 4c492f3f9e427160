"""The supervisor of the crash bench: whoever was shot is replaced, however long dying takes."""

import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.bench.crash.crew import Crew
from serving.bench.crash.nursery import Child, Nursery, Order


class _SlowToDie(Child):
    """Dies a while after it was killed: a large process gives its memory back first."""

    def kill(self) -> None:
        threading.Timer(0.2, super().kill).start()


class _Sleepers(Nursery):
    """Bears processes that do nothing, up at once."""

    def __init__(self, up: Path) -> None:
        self._up = up
        self.born: list[subprocess.Popen[bytes]] = []

    def bear(self, order: Order) -> Child:
        process = subprocess.Popen(["/bin/sleep", "60"])
        self.born.append(process)
        # Nobody else waits for it: unwaited it would stay alive as a zombie.
        threading.Thread(target=process.wait, daemon=True).start()
        (self._up / str(process.pid)).touch()
        return _SlowToDie(process.pid, order)

    def close(self) -> None:
        for process in self.born:
            process.kill()


@pytest.fixture
def sleepers(tmp_path: Path) -> Iterator[_Sleepers]:
    nursery = _Sleepers(tmp_path)
    yield nursery
    nursery.close()


def test_settling_waits_for_the_heir_of_one_that_is_still_dying(
    sleepers: _Sleepers, tmp_path: Path
) -> None:
    order = Order(role="replica", settings={}, place="", up=str(tmp_path))
    crew = Crew(sleepers, [order], servers={})
    assert crew.kill_one(random.Random(1))
    crew.settle(within_s=60.0)
    assert len(sleepers.born) == 2, "a dying replica was taken for one at work; nobody replaced it"
    assert sleepers.born[1].poll() is None
    crew.close()
