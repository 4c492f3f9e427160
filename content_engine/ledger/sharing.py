"""Which jobs a claim takes: interactive first, tenants by fair turns, each tenant's oldest first.

A line of a batch becomes a job here, when somebody is there to do it: until then it costs a row.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from itertools import count

from content_engine.batches import Share
from content_engine.ledger import rows
from content_engine.ledger.sql import Row, Session
from content_engine.types import Kind

_HEAD_START = 1.0
"""Turns that a tenant who was away is let before those who stayed. House rule: one job's worth."""


def choose(
    session: Session, kinds: Sequence[Kind], *, lanes: Sequence[int], limit: int, now_us: int
) -> list[int]:
    """Sequence numbers of up to `limit` jobs to take, made from batches where none is queued."""
    chosen: list[int] = []
    # Every lane is asked after before the first one answers.
    for supply in [_Supply(session, kinds, lane=lane, now_us=now_us) for lane in lanes]:
        if len(chosen) < limit:
            chosen += _by_turns(session, supply, limit=limit - len(chosen))
    return chosen


def shares(session: Session) -> dict[str, Share]:
    """What was settled for tenants, and what each has had."""
    return {row.tenant: _share(row) for row in session.rows("shares")}


def _share(row: Row) -> Share:
    if row.weight is None:
        return Share(tenant=row.tenant)
    return Share(
        tenant=row.tenant,
        weight=row.weight,
        most_running=row.most_running,
        most_waiting=row.most_waiting,
        served=row.served,
    )


class _Supply:
    """What can be claimed of some kinds in one lane, tenant by tenant."""

    def __init__(self, session: Session, kinds: Sequence[Kind], *, lane: int, now_us: int) -> None:
        self._session = session
        self._kinds = [kind.value for kind in kinds]
        self._lane = lane
        self._now_us = now_us
        self._waiting = [
            session.ask("tenants_waiting", {"kind": kind, "lane": lane}) for kind in self._kinds
        ]

    def tenants(self) -> dict[str, Share]:
        """Who waits, with what was settled for them and what they have had."""
        found = {row.tenant: row for asked in self._waiting for row in asked.rows()}
        return {tenant: _share(found[tenant]) for tenant in sorted(found)}

    def jobs(self, tenant: str, *, most: int) -> list[int]:
        """The tenant's oldest jobs; new ones from its batches where there are too few."""
        found = self._queued(tenant, most=most)
        if len(found) < most and self._feed(tenant, most=most - len(found)):
            return self._queued(tenant, most=most)
        return found

    def _queued(self, tenant: str, *, most: int) -> list[int]:
        asked = {"lane": self._lane, "tenant": tenant, "limit": most}
        asked_of = [self._session.ask("claimable", {"kind": kind, **asked}) for kind in self._kinds]
        return sorted(row.sequence for found in asked_of for row in found.rows())[:most]

    def _feed(self, tenant: str, *, most: int) -> int:
        """How many lines became jobs."""
        asked = {"kinds": self._kinds, "lane": self._lane, "tenant": tenant}
        fed = 0
        for order in self._session.rows("open_orders", asked):
            if fed == most:
                break
            place = {"after": order.fed_item, "last": order.last_item, "limit": most - fed}
            items = self._session.rows("items_after", place)
            self._make_jobs(order, items, tenant=tenant)
            # Lines that turned out faults leave gaps: without items the order is at its end.
            reached = items[-1].item if len(items) == most - fed else order.last_item
            moved = {"sequence": order.batch, "place": order.place}
            self._session.send("order_fed", moved | {"fed_item": reached, "more": len(items)})
            fed += len(items)
        return fed

    def _make_jobs(self, order: Row, items: Sequence[Row], *, tenant: str) -> None:
        ids = list(rows.new_ids(len(items)))
        common = {
            "tenant": tenant,
            "key": "",
            "batch": order.batch_name,
            "kind": order.kind,
            "lane": order.lane,
            "wanted": order.wanted,
            "now_us": self._now_us,
            "place": order.place,
        }
        self._session.run_many(
            "add_job",
            [
                {**common, "id": job_id, "item": item.item, "sku": item.sku}
                for job_id, item in zip(ids, items, strict=True)
            ],
        )
        if ids:
            self._session.send("add_queued_events", {"first_id": ids[0], "last_id": ids[-1]})


def _by_turns(session: Session, supply: _Supply, *, limit: int) -> list[int]:
    known = supply.tenants()
    tenants = list(known)
    if not tenants:
        return []
    free = _free(session, known, limit=limit)
    waiting = {tenant for tenant in tenants if free[tenant]}
    if len(tenants) == 1:
        return [job for tenant in waiting for job in supply.jobs(tenant, most=free[tenant])]
    served = _starts(known)
    taken: dict[str, list[int]] = {}
    while waiting and (left := limit - sum(map(len, taken.values()))) > 0:
        room = {tenant: free[tenant] - len(taken.get(tenant, ())) for tenant in waiting}
        turns = _turns(served, known, room=room, limit=left)
        if not turns:
            break
        for tenant, more in turns.items():
            before = len(taken.get(tenant, ()))
            wanted = before + more
            taken[tenant] = supply.jobs(tenant, most=wanted)
            served[tenant] += (len(taken[tenant]) - before) / known[tenant].weight
            if len(taken[tenant]) < wanted or wanted >= free[tenant]:
                waiting.discard(tenant)
    for tenant in sorted(taken):
        session.send("serve", {"tenant": tenant, "served": served[tenant]})
    return [job for jobs in taken.values() for job in jobs]


def _free(session: Session, known: dict[str, Share], *, limit: int) -> dict[str, int]:
    """How many more jobs each tenant may have running, at most `limit`."""
    if not any(share.most_running for share in known.values()):
        return dict.fromkeys(known, limit)
    running = {row.tenant: row.jobs for row in session.rows("running_by_tenant")}
    return {
        tenant: max(0, min(limit, share.most_running - running.get(tenant, 0)))
        if share.most_running
        else limit
        for tenant, share in known.items()
    }


def _starts(known: dict[str, Share]) -> dict[str, float]:
    """Where each tenant's count begins: who was away is let one turn ahead, not a day of them.

    Source: start-time fair queueing (Goyal, Vin, Cheng 1996), its clock read off the others.
    """
    newest = max(share.served for share in known.values())
    slack = _HEAD_START / min(share.weight for share in known.values())
    return {tenant: max(share.served, newest - slack) for tenant, share in known.items()}


def _turns(
    served: dict[str, float], known: dict[str, Share], *, room: dict[str, int], limit: int
) -> Counter[str]:
    """How many of the next `limit` turns each tenant gets: always the one served least so far."""
    order = count()
    heap = [(served[tenant], next(order), tenant) for tenant in sorted(room) if room[tenant] > 0]
    heapq.heapify(heap)
    turns: Counter[str] = Counter()
    while heap and turns.total() < limit:
        so_far, _, tenant = heapq.heappop(heap)
        turns[tenant] += 1
        if turns[tenant] < room[tenant]:
            step = 1.0 / known[tenant].weight
            heapq.heappush(heap, (so_far + step, next(order), tenant))
    return turns
