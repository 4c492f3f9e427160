"""The roster: every ticket of a loop, waiting or on the device. Its owner guards it by a lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic

from content_engine.types import Digest, Lane
from pipelines.backend import S
from pipelines.stepping.ticket import Stage, Ticket, Wish


class Roster(Generic[S]):
    """Tickets by recipe digest: the same recipe is never on its way twice."""

    def __init__(self) -> None:
        self._waiting: dict[Lane, dict[Digest, Ticket[S]]] = {lane: {} for lane in Lane}
        self._resident: dict[Digest, Ticket[S]] = {}

    def __len__(self) -> int:
        return len(self._resident) + sum(map(len, self._waiting.values()))

    def find(self, digest: Digest) -> Ticket[S] | None:
        """The ticket of that recipe, or None."""
        places = (self._resident, *self._waiting.values())
        return next((place[digest] for place in places if digest in place), None)

    def join(self, ticket: Ticket[S], wish: Wish) -> None:
        """Adds a caller to a ticket, which may have to change its queue, or be new."""
        self._waiting[ticket.lane].pop(ticket.digest, None)
        ticket.join(wish)
        if ticket.stage is Stage.WAITING:
            self._waiting[ticket.lane][ticket.digest] = ticket

    def leave(self, ticket: Ticket[S], wish: Wish) -> None:
        """Takes a caller away from a ticket."""
        waited = self._waiting[ticket.lane].pop(ticket.digest, None) is not None
        ticket.leave(wish)
        if waited:
            self._waiting[ticket.lane][ticket.digest] = ticket

    def admit(self, ticket: Ticket[S]) -> None:
        """The ticket comes onto the device, head first."""
        del self._waiting[ticket.lane][ticket.digest]
        ticket.stage = Stage.HEAD
        self._resident[ticket.digest] = ticket

    def put_back(self, ticket: Ticket[S]) -> None:
        """The ticket leaves the device and waits again, before all others of its lane."""
        del self._resident[ticket.digest]
        ticket.stage, ticket.run, ticket.is_done = Stage.WAITING, None, False
        self._waiting[ticket.lane] = {ticket.digest: ticket, **self._waiting[ticket.lane]}

    def remove(self, ticket: Ticket[S]) -> None:
        """The ticket is over and its run forgotten."""
        self._resident.pop(ticket.digest, None)
        self._waiting[ticket.lane].pop(ticket.digest, None)
        ticket.stage, ticket.run, ticket.saved = Stage.OVER, None, None

    @property
    def has_waiting(self) -> bool:
        """True when a ticket is not on the device."""
        return any(self._waiting.values())

    def first(self, lane: Lane) -> Ticket[S] | None:
        """Who comes in next of that lane: the earliest due, or the first come of bulk."""
        queue = self._waiting[lane].values()
        if lane is Lane.BULK:
            return next(iter(queue), None)
        return min(queue, key=_due_first, default=None)

    def resident(self) -> tuple[Ticket[S], ...]:
        """All on the device: in head, between steps, in tail."""
        return tuple(self._resident.values())

    def waiting(self, lane: Lane) -> tuple[Ticket[S], ...]:
        """All of that lane that are not on the device."""
        return tuple(self._waiting[lane].values())

    def ready(self) -> Iterator[Ticket[S]]:
        """All that may step."""
        return (t for t in self._resident.values() if t.stage is Stage.READY)

    def youngest_bulk(self) -> Ticket[S] | None:
        """The bulk run that may be set aside at the least cost."""
        bulk = (ticket for ticket in self.ready() if ticket.lane is Lane.BULK)
        return max(bulk, key=lambda ticket: ticket.order, default=None)

    def all(self) -> tuple[Ticket[S], ...]:
        """Every ticket."""
        return (*self.resident(), *(one for lane in Lane for one in self.waiting(lane)))


def _due_first(ticket: Ticket[S]) -> tuple[float, int]:
    due_at = ticket.arrived_at if ticket.due_at is None else ticket.due_at
    return due_at, ticket.order
