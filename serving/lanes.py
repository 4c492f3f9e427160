"""Two lanes through one worker: what somebody waits for goes first, at every step boundary."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor as Pool
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from content_engine.errors import Stopped
from content_engine.flow import Stop
from content_engine.types import Lane

T = TypeVar("T")

_NICE = {Lane.INTERACTIVE: 0, Lane.BULK: 10}
"""Bulk threads get a tenth of a core that an interactive one wants too. Source: nice(2), CFS."""


async def stoppable(pool: Pool, work: Callable[[Stop], T]) -> T:
    """What the work gives, done in a thread; cancelled, the thread meets Stopped at its next step.

    Raises what the work raises.
    """
    unwanted = threading.Event()

    def stop() -> None:
        if unwanted.is_set():
            raise Stopped

    try:
        return await asyncio.get_running_loop().run_in_executor(pool, work, stop)
    finally:
        unwanted.set()


class TwoLanes:
    """A worker that does one thing at a time; bulk work lets interactive work by between steps.

    Work of a lane is done in the order in which it came. Never are two pieces computing at once.
    """

    def __init__(self) -> None:
        self._pools = {
            lane: ThreadPoolExecutor(1, initializer=_be_nice, initargs=(_NICE[lane],))
            for lane in Lane
        }
        self._turn = threading.Condition()
        self._taken = False
        self._urgent = 0

    async def run(self, work: Callable[[Stop], T], *, lane: Lane) -> T:
        """What the work gives. It calls the `stop` that it gets between steps; see `stoppable`."""

        def in_turn(stop: Stop) -> T:
            with self._turn_of(lane):
                return work(lambda: self._between_steps(lane, stop))

        return await stoppable(self._pools[lane], in_turn)

    @contextmanager
    def _turn_of(self, lane: Lane) -> Iterator[None]:
        self._take(lane)
        try:
            yield
        finally:
            self._give()

    def _between_steps(self, lane: Lane, stop: Stop) -> None:
        if lane is Lane.BULK and self._urgent:
            self._give()
            self._take(lane)
        stop()

    def _take(self, lane: Lane) -> None:
        with self._turn:
            if lane is Lane.INTERACTIVE:
                self._urgent += 1
                self._turn.wait_for(lambda: not self._taken)
                self._urgent -= 1
            else:
                self._turn.wait_for(lambda: not self._taken and not self._urgent)
            self._taken = True

    def _give(self) -> None:
        with self._turn:
            self._taken = False
            self._turn.notify_all()


def _be_nice(niceness: int) -> None:
    """Lowers the priority of this thread alone."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
