"""The step loop: one device, two lanes. At every boundary it decides anew who steps next.

In one breath: let go whom nobody wants, admit, choose a batch, step it, keep checkpoints, send
the finished to their tails.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic

from content_engine.flow import Stop, never
from content_engine.types import Lane, Recipe
from pipelines.backend import DeviceFull, Inputs, Load, S, SteppedBackend
from pipelines.stepping.broken import BROKEN, device_is_lost, failure
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.keeping import Keeping
from pipelines.stepping.limits import LoopFacts, LoopLimits
from pipelines.stepping.memory import Memory, Meter
from pipelines.stepping.order import Order
from pipelines.stepping.pace import Pace
from pipelines.stepping.sides import Sides
from pipelines.stepping.table import BatchTable
from pipelines.stepping.ticket import Result, Ticket, Wish, ticket
from pipelines.stepping.traffic import Traffic
from pipelines.stepping.watch import Watch

_LOOK_S = 0.25
"""How often a caller who waits for a place is asked whether he still does. House limit."""


class StepLoop(Generic[S]):
    """Carries recipes through one backend, many at a time, a step at a time.

    Guarantees: every submitted future ends once; two steps never overlap; an interactive run that
    is ready waits for one bulk step at most; bulk gets its share even under endless interactive
    work; a run that breaks or does not fit ends alone.
    """

    def __init__(
        self,
        backend: SteppedBackend[S],
        *,
        table: BatchTable,
        checkpoints: Checkpoints | None,
        limits: LoopLimits,
        meter: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend, self._limits, self._clock = backend, limits, clock
        self._orders = itertools.count()
        self._pace = Pace(table)
        self._order = Order(self._pace, limits=limits)
        self._memory = Memory(meter)
        self._watch = Watch(limits)
        self._sides = Sides(limits)
        self._keeping = Keeping(backend, checkpoints, sides=self._sides, limits=limits)
        self._traffic: Traffic[S] = Traffic(
            backend,
            keeping=self._keeping,
            sides=self._sides,
            memory=self._memory,
            limits=limits,
            clock=clock,
        )
        self._closes_at: float | None = None
        self._looked_at = clock()
        self._thread: threading.Thread | None = None

    def submit(
        self,
        recipe: Recipe,
        inputs: Inputs,
        *,
        lane: Lane,
        due_in_s: float | None = None,
        stop: Stop = never,
        private: bool = False,
    ) -> Result:
        """A future of what the recipe gives. Safe from any thread; returns at once.

        `due_in_s` orders interactive runs; bulk runs go in the order they came. A recipe that is
        on its way already is not run again: both callers get the one result.
        Cancelling the future, or `stop` raising, frees the device at the next boundary unless
        another caller waits for the same. A `private` run is never written to disk. The future
        raises GenerationFailed when the recipe gives nothing, what `stop` raised, and
        BackendUnavailable when the loop was closed before the end.

        Raises BackendUnavailable when the loop is closed.
        """
        now = self._clock()
        fresh: Ticket[S] = ticket(recipe, inputs, order=next(self._orders), now=now)
        due_at = None if due_in_s is None else now + due_in_s
        wish = Wish(result=Future(), lane=lane, due_at=due_at, stop=stop, private=private)
        self._traffic.come(fresh, wish)
        return wish.result

    def turn(self) -> bool:
        """One boundary and one step in this thread, heads and tails waited for.

        Returns True while runs are on their way. For tests and tools; not beside `start`.
        """
        self._boundary()
        self._traffic.await_sides()
        self._step_next()
        self._traffic.await_sides()
        return bool(self._traffic.roster)

    def start(self) -> None:
        """Takes turns in a thread of its own until `close`."""
        self._sides.keep(self._keeping.sweep)
        self._thread = threading.Thread(target=self._live, name="step-loop", daemon=True)
        self._thread.start()

    def close(self, *, drain_s: float = 0.0) -> None:
        """Ends the loop: takes no more, works on for `drain_s`, keeps the rest as checkpoints.

        What did not end raises BackendUnavailable from its future. Returns when all that is done,
        or when a step that hangs has had its time.
        """
        self._closes_at = self._clock() + drain_s
        self._traffic.shut()
        if self._thread is None:
            self._live()
        else:
            self._thread.join(drain_s + self._limits.hung_least_s)
        self._traffic.give_up()

    def facts(self) -> LoopFacts:
        """What the loop did and does; from any thread, also while a step hangs."""
        now, tally, roster = self._clock(), self._traffic.tally, self._traffic.roster
        resident = roster.resident()
        why = self._watch.why_stuck(now, resident)
        return LoopFacts(
            waiting={lane: len(roster.waiting(lane)) for lane in Lane},
            resident={lane: sum(one.lane is lane for one in resident) for lane in Lane},
            steps=tally.steps,
            busy_s=dict(tally.busy_s),
            batches=dict(tally.batches),
            finished=tally.finished,
            failed=tally.failed,
            cancelled=tally.cancelled,
            checkpoints=self._keeping.written,
            resumed=self._keeping.resumed,
            step_age_s=self._watch.step_age_s(now),
            stuck=bool(why),
            why=why,
        )

    def _live(self) -> None:
        """The step thread, until the loop is closed and drained."""
        why = "the step loop ended by an error"
        try:
            while not self._is_over():
                self._boundary()
                if not self._step_next():
                    self._traffic.rest(_LOOK_S)
            why = ""
        finally:
            self._watch.died(why)
            self._leave()

    def _is_over(self) -> bool:
        closes_at = self._closes_at
        if closes_at is None:
            return False
        return not self._traffic.roster or self._clock() >= closes_at

    def _leave(self) -> None:
        self._traffic.shut()
        for one in self._traffic.ready():
            self._keeping.keep(one, now=self._clock())
        self._traffic.give_up()
        self._sides.close()

    def _boundary(self) -> None:
        """Between two steps: lets go whom nobody wants, admits."""
        now = self._clock()
        look_far = now - self._looked_at >= _LOOK_S
        if look_far:
            self._looked_at = now
        self._traffic.let_go(waiting_too=look_far)
        self._traffic.admit()

    def _step_next(self) -> bool:
        """Steps the runs whose turn it is; False when none is ready."""
        ready = self._traffic.ready()
        batch = self._order.choose(ready, now=self._clock(), fits=self._memory.fits)
        if batch:
            self._advance(batch)
        return bool(batch)

    def _advance(self, batch: Sequence[Ticket[S]]) -> None:
        """One step of these together; of the half of them when the device is full."""
        loads = [one.load for one in batch]
        self._memory.before_step()
        began = self._clock()
        error = self._stepped(batch, loads)
        seconds = self._clock() - began
        if error is None:
            self._pace.observe(loads, seconds)
            self._order.stepped(batch, seconds)
            self._traffic.tally.step(batch[0].lane, runs=len(batch), seconds=seconds)
            self._after(batch, loads)
        elif isinstance(error, DeviceFull) and len(batch) > 1:
            self._memory.was_full(loads)
            self._advance(batch[: len(batch) // 2])
        else:
            self._broke(batch, error)

    def _stepped(self, batch: Sequence[Ticket[S]], loads: Sequence[Load]) -> Exception | None:
        """What the backend raised, if anything; a lost device ends the loop."""
        self._watch.begin(self._clock(), expected_s=self._pace.expected_s(loads))
        try:
            self._backend.step([one.going for one in batch])
            for one in batch:
                one.look()
        except BROKEN as error:
            if device_is_lost(error):
                raise
            return error
        finally:
            self._watch.end()
        return None

    def _after(self, batch: Sequence[Ticket[S]], loads: Sequence[Load]) -> None:
        """Learns what the step took, sends the finished on, keeps what is due."""
        self._memory.after_step(loads, resident=self._traffic.roster.resident())
        now = self._clock()
        for one in batch:
            one.unkept_steps += 1
            if one.is_done:
                self._traffic.finish(one)
                continue
            self._keeping.settle(one)
            if self._keeping.is_due(one, now=now):
                self._keeping.keep(one, now=now)

    def _broke(self, batch: Sequence[Ticket[S]], error: Exception) -> None:
        """Finds the broken one: each of a batch begins again alone, and one alone fails alone."""
        one = batch[0]
        if len(batch) > 1:
            for each in batch:
                each.alone = True
                self._traffic.rewind(each)
        elif isinstance(error, DeviceFull) and not one.lonely:
            self._traffic.set_aside(one, lonely=True)
        else:
            self._traffic.end(one, failure(error))
