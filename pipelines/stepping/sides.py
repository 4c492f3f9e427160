"""The side threads: heads and tails of runs, and the writer of checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from content_engine.types import Lane
from pipelines.stepping.limits import LoopLimits

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Sides:
    """Threads beside the step thread. Each lane has its own: bulk never stands before interactive.

    What a piece of work raises is in its future; the callback gets it in the side thread.
    """

    def __init__(self, limits: LoopLimits) -> None:
        self._heads = {lane: _pool(f"head-{lane}", limits.heads) for lane in Lane}
        self._tails = {lane: _pool(f"tail-{lane}", limits.tails) for lane in Lane}
        self._keeper = _pool("checkpoints", 1)

    def head(self, lane: Lane, work: Callable[[], T], *, then: Callable[[Future[T]], None]) -> None:
        """Begins a run off the step thread."""
        self._heads[lane].submit(work).add_done_callback(then)

    def tail(self, lane: Lane, work: Callable[[], T], *, then: Callable[[Future[T]], None]) -> None:
        """Finishes a run off the step thread."""
        self._tails[lane].submit(work).add_done_callback(then)

    def keep(self, work: Callable[[], None]) -> Future[None]:
        """Writes or drops a checkpoint, one after another; a failure is logged, no more."""
        future = self._keeper.submit(work)
        future.add_done_callback(_log_failure)
        return future

    def close(self) -> None:
        """Waits for checkpoints to be written, for nothing else."""
        for pool in (*self._heads.values(), *self._tails.values()):
            pool.shutdown(wait=False, cancel_futures=True)
        self._keeper.shutdown(wait=True)


def _pool(name: str, threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix=name)


def _log_failure(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()):
        _log.warning("a checkpoint was not written", extra={"error": str(error)})
