"""What assets cost: seconds on a device times its price, every attempt included.

Reviewers' seconds stand beside it, unpriced: whose they are and what they are paid is the shop's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from content_engine.types import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose costs: a tenant's, of one sku or one batch where they are given."""

    tenant: str
    sku: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one product's attempts of one kind, backend and device took on one day (UTC).

    `shipped` of the attempts gave candidates that the gate or a person accepted.
    """

    sku: str
    kind: Kind
    backend: str
    device: str
    day: date
    attempts: int
    device_s: float
    shipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was spent `since`; by sku the files that ship and the seconds people looked."""

    since: datetime
    spent: tuple[Spent, ...]
    assets: Mapping[str, int]
    reviewer_s: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill. `cost` in the operator's currency; per asset None while none ships."""

    name: str
    attempts: int
    shipped: int
    device_s: float
    cost: float
    assets: int = 0
    reviewer_s: float = 0.0

    @property
    def cost_per_asset(self) -> float | None:
        """The cost of all attempts, shared by the files that ship."""
        return self.cost / self.assets if self.assets else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What everything cost, in all and by product (dearest first), by kind and backend, by day.

    `unpriced` are devices that the settings name no price for: they count as free.
    """

    since: datetime
    whole: Line
    skus: tuple[Line, ...]
    makers: tuple[Line, ...]
    days: tuple[Line, ...]
    unpriced: tuple[str, ...]


def price_of(device: str, prices: Mapping[str, float]) -> float | None:
    """The price of a second there: its own (`cuda:1`), else its kind's (`cuda`), or None."""
    return prices.get(device, prices.get(device.partition(":")[0]))


def bill(spending: Spending, prices: Mapping[str, float]) -> Bill:
    """The bill of what was spent, at these prices per device second."""
    spent = spending.spent
    skus = [_with_people(line, spending) for line in _lines(spent, lambda one: one.sku, prices)]
    makers = _lines(spent, lambda one: f"{one.kind.value} · {one.backend or 'none'}", prices)
    whole = Line(
        name="all",
        attempts=sum(one.attempts for one in spent),
        shipped=sum(one.shipped for one in spent),
        device_s=sum(one.device_s for one in spent),
        cost=sum(line.cost for line in skus),
        assets=sum(spending.assets.values()),
        reviewer_s=sum(spending.reviewer_s.values()),
    )
    return Bill(
        since=spending.since,
        whole=whole,
        skus=tuple(sorted(skus, key=lambda line: (-line.cost, -line.device_s, line.name))),
        makers=tuple(sorted(makers, key=lambda line: (-line.cost, -line.device_s, line.name))),
        days=tuple(
            sorted(
                _lines(spent, lambda one: one.day.isoformat(), prices), key=lambda line: line.name
            )
        ),
        unpriced=tuple(sorted({o.device for o in spent if price_of(o.device, prices) is None})),
    )


def _lines(
    spent: Iterable[Spent], name_of: Callable[[Spent], str], prices: Mapping[str, float]
) -> list[Line]:
    together: dict[str, list[Spent]] = defaultdict(list)
    for one in spent:
        together[name_of(one)].append(one)
    return [_line(name, own, prices) for name, own in together.items()]


def _line(name: str, spent: Sequence[Spent], prices: Mapping[str, float]) -> Line:
    return Line(
        name=name,
        attempts=sum(one.attempts for one in spent),
        shipped=sum(one.shipped for one in spent),
        device_s=sum(one.device_s for one in spent),
        cost=sum(one.device_s * (price_of(one.device, prices) or 0.0) for one in spent),
    )


def _with_people(line: Line, spending: Spending) -> Line:
    return Line(
        name=line.name,
        attempts=line.attempts,
        shipped=line.shipped,
        device_s=line.device_s,
        cost=line.cost,
        assets=spending.assets.get(line.name, 0),
        reviewer_s=spending.reviewer_s.get(line.name, 0.0),
    )
