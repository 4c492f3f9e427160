"""Whether a place is afterwards what it was before."""

from __future__ import annotations

from dataclasses import dataclass

from qa.film.places.patches import Patch, cut, unlike, unlike_at_any_zoom
from qa.film.places.surprise import Surprise


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """How unlike a place after a fault is, in levels: to before it, and to the likest between."""

    back: float
    between: float


def returned(seen: Surprise, steps: list[Patch]) -> Returned:
    """How the place came back; `steps` is it from after the fault back to before it (`trail`)."""
    patch = cut(seen, steps[0])
    return Returned(
        back=unlike_at_any_zoom(patch, seen, steps[-1], gap=len(steps) - 2),
        between=min(unlike(patch, seen, step) for step in steps[1:-1]),
    )
