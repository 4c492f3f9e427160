"""In which order cases are taken: what a wrong decision may cost, and by when it must be made."""

from __future__ import annotations

from datetime import UTC, datetime

from content_engine.types import Attempt, Brief, Lane, Severity

_RISK = {Severity.NOTE: 0.1, Severity.MINOR: 0.25, Severity.MAJOR: 0.5, Severity.FATAL: 1.0}
"""The share of a product's price at stake. Source: house rule, each step doubles; not measured."""
_UNSCORED_RISK = 0.5
"""A candidate that nobody could measure may be as bad as one with a major fault. House rule."""
_PRICE_UNKNOWN = 30.0
"""Stands for a price that no feed gave. Source: house rule, a plain article of the sample shops."""
_DUE_WITHOUT_DEADLINE_DAYS = 7
"""Without a deadline a case is taken as if it were due in a week, so that none waits for ever."""
_AT_ONCE = 0


def value_at_risk(brief: Brief, attempt: Attempt) -> float:
    """What a wrong decision may cost: the price times the risk of the heaviest evidence.

    In the price's own currency: amounts of several currencies are compared as they stand.
    """
    price = brief.product.price
    amount = float(price.amount) if price else _PRICE_UNKNOWN
    severities = [found.severity for score in attempt.scores for found in score.evidence]
    risk = _RISK[max(severities)] if severities else _UNSCORED_RISK
    return round(amount * risk, 2)


def due_day(brief: Brief, *, now_us: int) -> int:
    """The day (since 1970, UTC) that orders the case: 0 for a shopper's, who waits just now.

    What is overdue has an earlier day than what is due, so it goes first.
    """
    if brief.lane is Lane.INTERACTIVE:
        return _AT_ONCE
    if brief.due_at is None:
        return now_us // 86_400_000_000 + _DUE_WITHOUT_DEADLINE_DAYS
    return due_at_us(brief) // 86_400_000_000


def due_at_us(brief: Brief) -> int:
    """The deadline in microseconds since 1970, 0 without one; a time without zone is UTC."""
    due = brief.due_at
    if due is None:
        return 0
    aware: datetime = due if due.tzinfo else due.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1e6)
