"""What assets cost: seconds on a device times its price, every attempt and its judging included.

Reviewers' seconds stand beside it, unpriced: whose they are and what they are paid is the shop's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from content_engine.types import Attempt, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a second costs by device or kind of device, in a currency (ISO 4217)."""

    per_s: Mapping[str, float] = field(default_factory=dict[str, float])
    currency: str = "EUR"

    def price(self, device: str) -> float | None:
        """Of a second there: the device's own (`cuda:1`), else its kind's (`cuda`), or None."""
        return self.per_s.get(device, self.per_s.get(device.partition(":")[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose costs: a tenant's, of one sku or one batch where they are given."""

    tenant: str
    sku: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one product's attempts of one kind, backend and device took on one day (UTC).

    `judged_s` on `judged_on` went into judging them. `shipped` of the attempts gave candidates that
    the gate or a person accepted.
    """

    sku: str
    kind: Kind
    backend: str
    device: str
    day: date
    attempts: int
    device_s: float
    shipped: int
    judged_on: str = ""
    judged_s: float = 0.0

    @property
    def places(self) -> tuple[tuple[str, float], ...]:
        """Where how many seconds went; what took none stood nowhere."""
        went = ((self.device, self.device_s), (self.judged_on, self.judged_s))
        return tuple((device, seconds) for device, seconds in went if seconds > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was spent `since`; by sku the files that ship and the seconds people looked."""

    since: datetime
    spent: tuple[Spent, ...]
    assets: Mapping[str, int]
    reviewer_s: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill. `cost` in the operator's currency; per asset None while none ships.

    `device_s` went into making, `judged_s` into judging; both are in the cost.
    """

    name: str
    attempts: int
    shipped: int
    device_s: float
    judged_s: float
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


def cost_of(attempt: Attempt, tariff: Tariff) -> float | None:
    """What making and judging this candidate cost; None where a device has no price."""
    made = attempt.candidate
    went = ((made.device, made.seconds), (attempt.judged_on, attempt.judged_s))
    prices = [(tariff.price(device), seconds) for device, seconds in went if seconds > 0]
    if any(price is None for price, _ in prices):
        return None
    return sum((price or 0.0) * seconds for price, seconds in prices)


def bill(spending: Spending, tariff: Tariff) -> Bill:
    """The bill of what was spent, at these prices."""
    spent = spending.spent
    skus = [_with_people(line, spending) for line in _lines(spent, lambda one: one.sku, tariff)]
    makers = _lines(spent, lambda one: f"{one.kind.value} · {one.backend or 'none'}", tariff)
    whole = Line(
        name="all",
        attempts=sum(one.attempts for one in spent),
        shipped=sum(one.shipped for one in spent),
        device_s=sum(one.device_s for one in spent),
        judged_s=sum(one.judged_s for one in spent),
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
                _lines(spent, lambda one: one.day.isoformat(), tariff), key=lambda line: line.name
            )
        ),
        unpriced=tuple(sorted(_unpriced(spent, tariff))),
    )


def _lines(spent: Iterable[Spent], name_of: Callable[[Spent], str], tariff: Tariff) -> list[Line]:
    together: dict[str, list[Spent]] = defaultdict(list)
    for one in spent:
        together[name_of(one)].append(one)
    return [_line(name, own, tariff) for name, own in together.items()]


def _line(name: str, spent: Sequence[Spent], tariff: Tariff) -> Line:
    return Line(
        name=name,
        attempts=sum(one.attempts for one in spent),
        shipped=sum(one.shipped for one in spent),
        device_s=sum(one.device_s for one in spent),
        judged_s=sum(one.judged_s for one in spent),
        cost=sum(
            seconds * (tariff.price(device) or 0.0)
            for one in spent
            for device, seconds in one.places
        ),
    )


def _unpriced(spent: Iterable[Spent], tariff: Tariff) -> set[str]:
    devices = {device for one in spent for device, _ in one.places}
    return {device for device in devices if tariff.price(device) is None}


def _with_people(line: Line, spending: Spending) -> Line:
    return replace(
        line,
        assets=spending.assets.get(line.name, 0),
        reviewer_s=spending.reviewer_s.get(line.name, 0.0),
    )
