"""What every examination of a judge counts alike: shares, cells of its table, boxes that meet."""

from __future__ import annotations

from collections.abc import Iterable

from qa.vision.observed import Box


def share(flags: Iterable[bool]) -> float:
    """The share of flags that are True; 0 for none."""
    values = list(flags)
    return sum(values) / len(values) if values else 0.0


def cell(flags: Iterable[bool]) -> str:
    """`3/4`: how many of how many are True; a dash for none."""
    values = list(flags)
    return f"{sum(values)}/{len(values)}" if values else "–"


def meet(one: Box | None, two: Box | None) -> bool:
    """True when two boxes overlap or touch; False when either is missing."""
    if one is None or two is None:
        return False
    return one[0] <= two[2] and one[2] >= two[0] and one[1] <= two[3] and one[3] >= two[1]
