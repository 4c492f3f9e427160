"""News inside one process: work was submitted, a job changed. Saves waiters their polling."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Watch:
    """One waiter's ear: hears what happened since it was made or last waited."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Lets `wait` return."""
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        """Returns when woken or when the time is up."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return
        finally:
            self._event.clear()


class News:
    """Wakes whoever watches for work or for a job. Belongs to the event loop it is used in.

    It carries no facts: a watcher that wakes reads the ledger, and one that never wakes (the news
    came from another process) reads it when its time is up.
    """

    def __init__(self) -> None:
        self._work: set[Watch] = set()
        self._jobs: dict[str, set[Watch]] = {}
        self.is_closing = False

    def close(self) -> None:
        """Says that this process ends: who waits for a job answers with how it stands now."""
        self.is_closing = True
        for watch in (watch for watches in self._jobs.values() for watch in watches):
            watch.wake()

    def submitted(self) -> None:
        """Says that the ledger holds new work."""
        for watch in self._work:
            watch.wake()

    def changed(self, job_id: str) -> None:
        """Says that a job changed."""
        for watch in self._jobs.get(job_id, ()):
            watch.wake()

    @contextmanager
    def watch_work(self) -> Iterator[Watch]:
        """A watch that `submitted` wakes."""
        watch = Watch()
        self._work.add(watch)
        try:
            yield watch
        finally:
            self._work.discard(watch)

    @contextmanager
    def watch_job(self, job_id: str) -> Iterator[Watch]:
        """A watch that `changed(job_id)` wakes; made before reading the job, it misses nothing."""
        watch = Watch()
        self._jobs.setdefault(job_id, set()).add(watch)
        try:
            yield watch
        finally:
            self._jobs[job_id].discard(watch)
            if not self._jobs[job_id]:
                del self._jobs[job_id]
