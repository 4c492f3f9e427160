"""Bears the engine's processes by fork, imports done: a door is back in a second, not in ten.

`python -m serving.bench.crash.nursery` reads one order a line (JSON), answers with a process id,
and ends with its standard input; its children end with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG. Source: prctl(2)."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a process shall be: its role, its settings (as CE_ variables), where it says it is up.

    `place` is a replica's socket, or for a dispatcher the folder of those sockets.
    """

    role: str
    settings: Mapping[str, str]
    place: str
    up: str


@dataclass
class Child:
    """A process of the nursery. Named by a descriptor: a number that was given anew is not met."""

    pid: int
    order: Order
    _descriptor: int = field(init=False)

    def __post_init__(self) -> None:
        """Takes hold of the process."""
        try:
            self._descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            self._descriptor = -1

    @property
    def is_alive(self) -> bool:
        """True until it has ended."""
        try:
            self._signal(0)
        except ProcessLookupError:
            return False
        return True

    @property
    def is_up(self) -> bool:
        """True once it has opened everything it needs."""
        return (Path(self.order.up) / str(self.pid)).exists()

    def kill(self) -> None:
        """SIGKILL. Raises ProcessLookupError when it had ended before."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Lets go of the process."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _signal(self, number: int) -> None:
        if self._descriptor < 0:
            raise ProcessLookupError(self.pid)
        signal.pidfd_send_signal(self._descriptor, signal.Signals(number) if number else 0)


class Nursery:
    """The process that forks; `variables` go into the environment of all of its children."""

    def __init__(self, *, variables: Mapping[str, str], log: Path) -> None:
        # `env` sets variables without this process reading its own environment.
        said = [f"{name}={value}" for name, value in variables.items()]
        with log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                ["/usr/bin/env", *said, sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                text=True,
                bufsize=1,
                cwd=Path(__file__).resolve().parents[3],
            )

    def bear(self, order: Order) -> Child:
        """The process of an order, running. Raises EOFError when the nursery is gone."""
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError("the nursery has no pipes")
        self._process.stdin.write(json.dumps(vars(order) | {"settings": dict(order.settings)}))
        self._process.stdin.write("\n")
        answer = self._process.stdout.readline()
        if not answer:
            raise EOFError("the nursery ended: see its log")
        return Child(int(answer), order)

    def close(self) -> None:
        """Ends the nursery and all its children."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Forks as it is told, until its standard input ends."""
    from serving.bench.crash import roles  # slow to import: once, before anything is forked

    roles.warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(json.loads(line), roles.play)
        print(pid, flush=True)


def _live(told: dict[str, Any], play: Any) -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)
    play(Order(**told))
    os._exit(0)


if __name__ == "__main__":
    main()
