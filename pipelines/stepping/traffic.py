"""Traffic: how tickets move. Callers, side threads and the step thread meet under its lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Generic

from content_engine.errors import BackendUnavailable, ContentEngineError
from content_engine.flow import never
from content_engine.types import Lane
from pipelines.backend import DeviceFull, Media, S, SteppedBackend
from pipelines.stepping.broken import BROKEN, failure
from pipelines.stepping.keeping import Keeping
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.memory import Memory
from pipelines.stepping.roster import Roster
from pipelines.stepping.sides import Sides
from pipelines.stepping.tally import Tally
from pipelines.stepping.ticket import Stage, Ticket, Wish

_BESIDE = (Stage.HEAD, Stage.TAIL)
_NEVER_ALONE = "it does not fit beside other runs, and the device was never empty meanwhile"
_CLOSED = "the step loop was closed: the same recipe can be sent to another replica"


class Traffic(Generic[S]):
    """Every way a ticket can go: come in, begin, be set aside, finish, fail, be let go.

    A run belongs to a head thread, then to the step thread, then to a tail thread: `Stage` says to
    whom. Futures are settled outside the lock, each once.
    """

    def __init__(
        self,
        backend: SteppedBackend[S],
        *,
        keeping: Keeping[S],
        sides: Sides,
        memory: Memory,
        limits: LoopLimits,
        clock: Callable[[], float],
    ) -> None:
        self._backend, self._keeping, self._sides = backend, keeping, sides
        self._memory, self._limits, self._clock = memory, limits, clock
        self._changed = threading.Condition()
        self._news = False
        self._open = True
        self.roster: Roster[S] = Roster()
        self.tally = Tally()

    def come(self, fresh: Ticket[S], wish: Wish) -> None:
        """A caller arrives. An interactive run begins its head at once, beside the running step.

        Raises BackendUnavailable when the loop is closed.
        """
        with self._changed:
            if not self._open:
                raise BackendUnavailable(_CLOSED)
            self.roster.join(self.roster.find(fresh.digest) or fresh, wish)
            if wish.lane is Lane.INTERACTIVE:
                self._admit(wish.lane)
            self._tell()

    def admit(self) -> None:
        """At a boundary: lets runs onto the device, interactive ones if need be for bulk ones."""
        with self._changed:
            if not self.roster.has_waiting:
                return
            self._make_room()
            for lane in (Lane.INTERACTIVE, Lane.BULK):
                self._admit(lane)

    def ready(self) -> list[Ticket[S]]:
        """All runs that may step now."""
        with self._changed:
            return list(self.roster.ready())

    def let_go(self, *, waiting_too: bool) -> None:
        """At a boundary: ends what nobody wants any more, asking every caller's `stop`."""
        tickets = self.roster.all() if waiting_too else self.roster.resident()
        for one in tickets:
            for wish in tuple(one.wishes):
                reason = None if wish.stop is never else _reason_to_stop(wish)
                if reason is not None or wish.result.cancelled():
                    self._leave(one, wish)
                    if reason is not None:
                        _settle(wish, reason)
            if waiting_too and self._waits_in_vain(one):
                self.end(one, failure(DeviceFull(_NEVER_ALONE)))

    def finish(self, one: Ticket[S]) -> None:
        """The run made its last step: its tail begins, off the step thread."""
        with self._changed:
            if one.stage is Stage.READY:
                one.stage = Stage.TAIL
                self._sides.tail(one.lane, partial(self._tail, one), then=partial(self._ended, one))

    def rewind(self, one: Ticket[S]) -> None:
        """The run's state can't be trusted: it begins again, from its checkpoint or the start."""
        with self._changed:
            one.run, one.saved = None, None
            self._head(one)

    def set_aside(self, one: Ticket[S], *, lonely: bool = False) -> None:
        """The run leaves the device for memory, and waits; `lonely` until it can be alone there."""
        saved = one.saved if one.run is None else self._keeping.saved(one)
        with self._changed:
            if one.stage is Stage.OVER:
                return
            one.saved = saved
            if lonely or one.lonely:
                one.lonely_since = self._clock()
            self.roster.put_back(one)
            if not one.wishes:
                self._remove(one, None)
            self._tell()

    def end(self, one: Ticket[S], outcome: tuple[Media, ...] | ContentEngineError) -> None:
        """The ticket is over: everyone who waits gets the outcome."""
        with self._changed:
            if one.stage is Stage.OVER:
                return
            wishes = tuple(one.wishes)
            self._remove(one, outcome)
        for wish in wishes:
            _settle(wish, outcome)

    def rest(self, timeout_s: float) -> None:
        """Waits until something changes."""
        with self._changed:
            self._changed.wait_for(lambda: self._news, timeout=timeout_s)
            self._news = False

    def await_sides(self) -> None:
        """Waits until no head and no tail is on its way."""
        with self._changed:
            self._changed.wait_for(
                lambda: all(one.stage not in _BESIDE for one in self.roster.resident())
            )

    def shut(self) -> None:
        """Takes no more; what waits ends with BackendUnavailable."""
        with self._changed:
            self._open = False
            late = [one for lane in Lane for one in self.roster.waiting(lane)]
            self._tell()
        for one in late:
            self.end(one, BackendUnavailable(_CLOSED))

    def give_up(self) -> None:
        """Everything that is still on its way ends with BackendUnavailable."""
        self.shut()
        for one in self.roster.all():
            self.end(one, BackendUnavailable(_CLOSED))

    def _tell(self) -> None:
        self._news = True
        self._changed.notify_all()

    def _admit(self, lane: Lane) -> None:
        while self._open and (one := self.roster.first(lane)) and self._may_enter(one):
            self.roster.admit(one)
            self._head(one)

    def _may_enter(self, one: Ticket[S]) -> bool:
        resident = self.roster.resident()
        if one.lonely or any(other.lonely for other in resident):
            return not resident
        of_lane = sum(other.lane is one.lane for other in resident)
        return of_lane < self._limits.residents and self._memory.has_room(
            one.kin, resident=resident
        )

    def _make_room(self) -> None:
        """Sets bulk runs aside, youngest first, while an interactive one finds no room."""
        one = self.roster.first(Lane.INTERACTIVE)
        urgent = sum(other.lane is Lane.INTERACTIVE for other in self.roster.resident())
        if one is None or urgent >= self._limits.residents:
            return
        while not self._may_enter(one) and (bulk := self.roster.youngest_bulk()):
            self.set_aside(bulk)

    def _head(self, one: Ticket[S]) -> None:
        one.stage = Stage.HEAD
        self._sides.head(one.lane, partial(self._begin, one), then=partial(self._begun, one))

    def _begin(self, one: Ticket[S]) -> None:
        one.side_since = self._clock()
        self._keeping.begin(one)

    def _begun(self, one: Ticket[S], future: Future[None]) -> None:
        """In the head thread: the run may step, or the ticket ends."""
        if future.cancelled():
            return
        one.side_since, error = None, future.exception()
        if error is not None:
            self._failed(one, error)
            return
        with self._changed:
            if one.stage is not Stage.HEAD:
                return
            one.stage, one.saved, one.kept_at = Stage.READY, None, self._clock()
            others = [other for other in self.roster.resident() if other is not one]
            self._memory.arrived(one.kin, resident=others)
            if not one.wishes:
                self._remove(one, None)
            elif one.is_done:  # set aside after its last step, or without any
                self.finish(one)
            self._tell()

    def _tail(self, one: Ticket[S]) -> tuple[Media, ...]:
        one.side_since = self._clock()
        return self._backend.finish(one.going)

    def _ended(self, one: Ticket[S], future: Future[tuple[Media, ...]]) -> None:
        """In the tail thread: the callers get what they wait for without another step between."""
        if future.cancelled():
            return
        one.side_since, error = None, future.exception()
        if error is None:
            self.end(one, future.result())
        else:
            self._failed(one, error)

    def _failed(self, one: Ticket[S], error: BaseException) -> None:
        """A head or tail failed; one that found the device full gets it for itself, once."""
        if isinstance(error, DeviceFull) and not one.lonely:
            self.set_aside(one, lonely=True)
        else:
            self.end(one, failure(error))

    def _waits_in_vain(self, one: Ticket[S]) -> bool:
        since = one.lonely_since
        if since is None or one.stage is not Stage.WAITING:
            return False
        return self._clock() - since > self._limits.lonely_most_s

    def _leave(self, one: Ticket[S], wish: Wish) -> None:
        with self._changed:
            if wish not in one.wishes:
                return
            self.roster.leave(one, wish)
            if not one.wishes and one.stage not in _BESIDE:
                self._remove(one, None)

    def _remove(
        self, one: Ticket[S], outcome: tuple[Media, ...] | ContentEngineError | None
    ) -> None:
        self.roster.remove(one)
        if not isinstance(outcome, BackendUnavailable):
            self._keeping.drop(one)
        self.tally.end(outcome, wanted=bool(one.wishes))
        self._tell()


def _reason_to_stop(wish: Wish) -> ContentEngineError | None:
    try:
        wish.stop()
    except BROKEN as error:
        return failure(error)
    return None


def _settle(wish: Wish, outcome: tuple[Media, ...] | ContentEngineError) -> None:
    if not wish.result.set_running_or_notify_cancel():
        return
    if isinstance(outcome, ContentEngineError):
        wish.result.set_exception(outcome)
    else:
        wish.result.set_result(outcome)
