"""Keeping: when runs are saved, and how they begin: anew, or where they were saved."""

from __future__ import annotations

import logging
from concurrent.futures import wait
from functools import partial
from typing import Generic

from pipelines.backend import DeviceFull, S, SteppedBackend
from pipelines.stepping.broken import BROKEN
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.sides import Sides
from pipelines.stepping.ticket import Ticket

_log = logging.getLogger(__name__)
_WRITE_MOST_S = 1.0  # a disk that takes longer must not hold the device: the run risks more steps
_OLD_S = 7 * 24 * 3600.0  # nobody took it up for a week: nobody wants that run any more


class Keeping(Generic[S]):
    """Saves runs to memory and to files. A run that can't be saved goes on all the same."""

    def __init__(
        self,
        backend: SteppedBackend[S],
        checkpoints: Checkpoints | None,
        *,
        sides: Sides,
        limits: LoopLimits,
    ) -> None:
        self._backend, self._checkpoints = backend, checkpoints
        self._sides, self._limits = sides, limits
        self.written = 0
        self.resumed = 0

    def begin(self, one: Ticket[S]) -> None:
        """Gives the ticket its run: as it was set aside, else from its file, else from the start.

        Raises what `backend.start` raises. A state that can't be taken up is dropped.
        """
        saved = one.saved if one.saved is not None else self._read(one)
        one.run = self._resumed(one, saved) if saved is not None else None
        if one.run is None:
            one.run = self._backend.start(one.recipe, one.inputs)
        one.look()

    def saved(self, one: Ticket[S]) -> bytes | None:
        """The run's state, or None when the backend can't save it."""
        try:
            return self._backend.save(one.going)
        except BROKEN as error:
            _log.warning("a run could not be saved", extra={"error": str(error)})
            return None

    def is_due(self, one: Ticket[S], *, now: float) -> bool:
        """True when the run has gone so far since its last checkpoint that it needs another."""
        if self._checkpoints is None or one.private or (one.kept and not one.kept.done()):
            return False
        steps, seconds = self._limits.checkpoint_every_steps, self._limits.checkpoint_every_s
        if steps and one.unkept_steps >= steps:
            return True
        return seconds > 0 and now - one.kept_at >= seconds

    def keep(self, one: Ticket[S], *, now: float) -> None:
        """Saves the run now and writes it soon, beside the next steps."""
        checkpoints = self._checkpoints
        if checkpoints is None or one.private:
            return
        saved = self.saved(one)
        one.kept_at, one.unkept_steps = now, 0
        if saved is not None:
            self.written += 1
            one.kept = self._sides.keep(partial(checkpoints.write, one.digest, saved))

    def settle(self, one: Ticket[S]) -> None:
        """Waits for a checkpoint that a whole step was not enough to write.

        So a process that dies repeats at most one interval and the step beside the writing.
        """
        beside = one.unkept_steps == 1
        if beside and one.kept is not None and not one.kept.done():
            wait((one.kept,), timeout=_WRITE_MOST_S)

    def drop(self, one: Ticket[S]) -> None:
        """Forgets the run's file, if there may be one."""
        if self._checkpoints is not None and one.kept is not None:
            self._sides.keep(partial(self._checkpoints.drop, one.digest))

    def sweep(self) -> None:
        """Removes files that nobody took up for a week."""
        if self._checkpoints is not None:
            self._checkpoints.sweep(older_than_s=_OLD_S)

    def _read(self, one: Ticket[S]) -> bytes | None:
        if self._checkpoints is None or one.private:
            return None
        try:
            saved = self._checkpoints.read(one.digest)
        except OSError as error:
            _log.warning("a checkpoint could not be read", extra={"error": str(error)})
            return None
        if saved is not None:
            one.kept = self._sides.keep(lambda: None)  # there is a file to drop in the end
        return saved

    def _resumed(self, one: Ticket[S], saved: bytes) -> S | None:
        try:
            run = self._backend.resume(one.recipe, one.inputs, saved)
        except DeviceFull:
            raise
        except BROKEN as error:
            _log.warning("a run could not be taken up again", extra={"error": str(error)})
            return None
        self.resumed += one.saved is None
        return run
