"""The repair ladder of every maker: a change of the order answers the faults of some metrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Generic, TypeVar

Order = TypeVar("Order")

_METRIC = re.compile(r"[a-z]+\.[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Rung(Generic[Order]):
    """A change of the order that answers faults of these metrics; None: it can't be made again.

    Metrics are keys of the gate's policy: the maker knows them by name, never the judge itself.
    """

    metrics: frozenset[str]
    change: Callable[[Order], Order | None]


def repaired(order: Order, faults: Set[str], *, ladder: Sequence[Rung[Order]]) -> Order | None:
    """The order with every change that a fault asks for, or None when none is left to make."""
    changed = order
    for rung in ladder:
        if rung.metrics & faults:
            changed = rung.change(changed) or changed
    return changed if changed != order else None


def metrics_in(reasons: Sequence[str]) -> frozenset[str]:
    """The metrics with which a verdict's reasons begin."""
    found = (_METRIC.match(reason) for reason in reasons)
    return frozenset(match.group() for match in found if match)
