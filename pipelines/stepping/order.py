"""Who steps next, and with whom: interactive runs by earliest slack, bulk in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from content_engine.types import Lane
from pipelines.backend import Load
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.pace import Pace
from pipelines.stepping.ticket import Ticket

_LATELY_S = 60.0
_WAIT = 0.5
"""The part of a request's patience that one bulk step may use up; head, tail and whoever else
computes on the machine take theirs. House limit."""

Fits = Callable[[Sequence[Load]], bool]
"""True when the device's memory holds a step of these."""


class Order:
    """Chooses each step's batch. Its memory: who led last, what bulk is owed, the shortest request.

    Bulk is never starved: while interactive steps pass its oldest run by, it is owed its share of
    their time, and once that pays for its next step, that step runs. Never two in a row while an
    interactive run is ready, so that one waits for one bulk step at most; and bulk steps are kept
    so short that the shortest interactive request of the last minute bears that wait.
    """

    def __init__(self, pace: Pace, *, limits: LoopLimits) -> None:
        self._pace = pace
        self._limits = limits
        self._led: Ticket[Any] | None = None
        self._owed_s = 0.0
        self._bulk_was_last = False
        self._oldest_bulk: Ticket[Any] | None = None
        self._shortest_s, self._shortest_at = 0.0, -_LATELY_S
        self._now = 0.0

    def choose(self, ready: Sequence[Ticket[Any]], *, now: float, fits: Fits) -> list[Ticket[Any]]:
        """The runs of the next step, the one that leads it first; none when none is ready."""
        if len(ready) == 1:  # what a lone request costs most often
            self._oldest_bulk, self._now = None, now
            return [ready[0]]
        lanes: dict[Lane, list[Ticket[Any]]] = {lane: [] for lane in Lane}
        for ticket in ready:
            lanes[ticket.lane].append(ticket)
        urgent, bulk = lanes[Lane.INTERACTIVE], lanes[Lane.BULK]
        lead = min(bulk, key=_by_order, default=None)
        self._oldest_bulk, self._now = lead, now
        if urgent and not self._is_due(lead):
            return self._interactive(urgent, bulk, now=now, fits=fits)
        if lead is None:
            return []
        others = [*sorted(urgent, key=_by_order), *sorted(bulk, key=_like(lead))]
        most_s = self._bulk_step_s()
        most_s = min(most_s, self._owed_s) if urgent else most_s
        return self._grown(lead, others, most_s=dict.fromkeys(Lane, most_s), fits=fits)

    def stepped(self, batch: Sequence[Ticket[Any]], seconds: float) -> None:
        """Takes note of what the last chosen step took; `batch` is what was left of it."""
        lead = batch[0]
        self._bulk_was_last = lead.lane is Lane.BULK
        if self._bulk_was_last:
            self._owed_s = max(0.0, self._owed_s - seconds)
            return
        self._led = lead
        request_s = lead.steps_in_all * self._pace.alone_s(lead.load)
        if request_s <= self._shortest_s or self._now - self._shortest_at > _LATELY_S:
            self._shortest_s, self._shortest_at = request_s, self._now
        if self._oldest_bulk is not None and self._oldest_bulk not in batch:
            share = self._limits.bulk_share
            self._owed_s += seconds * share / (1 - share)

    def slack_s(self, ticket: Ticket[Any], *, now: float) -> float:
        """How long the run could still wait and end in time, going on alone."""
        step_s = self._pace.alone_s(ticket.load)
        due_at = ticket.due_at
        if due_at is None:
            due_at = ticket.arrived_at + self._limits.patience * ticket.steps_in_all * step_s
        return due_at - now - ticket.steps_left * step_s

    def _is_due(self, oldest: Ticket[Any] | None) -> bool:
        """True when what bulk is owed pays for the next step of its oldest run."""
        if self._bulk_was_last or oldest is None or self._owed_s <= 0.0:
            return False
        return self._owed_s >= self._pace.alone_s(oldest.load)

    def _bulk_step_s(self) -> float:
        """How long a bulk step may be: what the shortest interactive request lately can bear."""
        if self._now - self._shortest_at > _LATELY_S:
            return self._limits.bulk_step_s
        bearable_s = _WAIT * (self._limits.patience - 1) * self._shortest_s
        return min(self._limits.bulk_step_s, bearable_s)

    def _interactive(
        self, urgent: list[Ticket[Any]], bulk: list[Ticket[Any]], *, now: float, fits: Fits
    ) -> list[Ticket[Any]]:
        slack = {ticket: self.slack_s(ticket, now=now) for ticket in urgent}
        lead = self._lead(slack)
        step_s = self._pace.alone_s(lead.load)
        others = sorted(urgent, key=lambda ticket: slack[ticket])
        if all(ticket.load.group == lead.load.group for ticket in urgent):
            others += sorted(bulk, key=_like(lead))
        stretched_s = step_s * self._limits.stretch
        spare_s = slack[lead] / max(lead.steps_left, 1)
        most_s = {
            Lane.INTERACTIVE: max(stretched_s, self._limits.bulk_step_s),
            Lane.BULK: max(step_s, min(stretched_s, step_s + spare_s)),
        }
        return self._grown(lead, others, most_s=most_s, fits=fits)

    def _lead(self, slack: Mapping[Ticket[Any], float]) -> Ticket[Any]:
        """The run with the least slack, but never in turns: then all of like slack would be late.

        Whoever leads goes on while the other can wait for its end, or while it could not wait for
        the other's. A run that is late already lets pass who is much shorter and still in time.
        """
        first = min(slack, key=lambda one: (slack[one], one.order))
        left = {one: one.steps_left * self._pace.alone_s(one.load) for one in slack}
        if slack[first] < 0:
            short = [one for one in slack if left[one] < left[first] / 2]
            short = [one for one in short if 0 <= slack[one] < left[first]]
            if short:
                return self._led if self._led in short else min(short, key=lambda one: slack[one])
        last = self._led
        if last is None or last not in slack or last is first:
            return first
        step_s = self._pace.alone_s(last.load)
        could_wait = slack[last] > left[first] + step_s and slack[first] < left[last]
        return first if could_wait else last

    def _grown(
        self,
        lead: Ticket[Any],
        others: Iterable[Ticket[Any]],
        *,
        most_s: Mapping[Lane, float],
        fits: Fits,
    ) -> list[Ticket[Any]]:
        """The lead with as many others as pay: of all allowed sizes the one with most gain."""
        batch, loads = [lead], [lead.load]
        if lead.alone:
            return batch
        best, best_gain = 1, 1.0
        for ticket in others:
            load = ticket.load
            if ticket is lead or ticket.alone or load.group != loads[0].group:
                continue
            if not self._may_join(load, loads, most_s=most_s[ticket.lane], fits=fits):
                continue
            batch.append(ticket)
            loads.append(load)
            gain = self._pace.gain(loads)
            if gain >= max(best_gain, self._pace.worth(loads)):
                best, best_gain = len(batch), gain
        return batch[:best]

    def _may_join(self, load: Load, loads: Sequence[Load], *, most_s: float, fits: Fits) -> bool:
        size, limits = len(loads) + 1, self._limits
        if size > min(limits.batch_most, self._pace.most(load), self._pace.most(loads[0])):
            return False
        if sum(one.tokens for one in loads) + load.tokens > limits.batch_tokens:
            return False
        grown = [*loads, load]
        return self._pace.together_s(grown) <= most_s and fits(grown)


def _by_order(ticket: Ticket[Any]) -> int:
    return ticket.order


def _like(lead: Ticket[Any]) -> Callable[[Ticket[Any]], tuple[bool, int]]:
    """Runs of the lead's shape first: they cost what the table says."""
    shape = lead.load.shape
    return lambda ticket: (ticket.load.shape != shape, ticket.order)
