"""What bends slowly and springs back: one surprise, after which the place is as it was long before.

The spring back alone is seen; when the bending began is where the place stops looking as it does
afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qa.film.maps import GRID
from qa.film.places import Cell, box, cut, footprint, size_weight, trail, unlike
from qa.film.surprise import Surprise
from qa.vision.observed import Box

# Source for the constants: 48 planted morphs and 25 clean clips (2026-11-22), see ARCHITECTURE.md.
_LIMIT = 4.2
_LEAST = 1.5
_CANDIDATES = 6
_LONGEST_S = 1.7
_SHORTEST_S = 0.4
_BACK = (1.0, 1.5)
_NOISE_LEVELS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """A place that springs back: first wrong frame, first right one, how far over the limit."""

    first: int
    after: int
    number: float
    box: Box


def snaps(seen: Surprise, fps: float) -> Iterator[Snap]:
    """The places that spring back, from the strongest six surprises of a shot."""
    peaks = seen.sudden.reshape(len(seen.sudden), -1).max(axis=1)
    for frame in np.argsort(-peaks)[:_CANDIDATES].tolist():
        if peaks[frame] >= _LEAST:
            row, column = np.unravel_index(seen.sudden[frame].argmax(), (GRID, GRID))
            snap = _snap(seen, frame, (int(row), int(column)), fps)
            if snap is not None:
                yield snap


def _snap(seen: Surprise, frame: int, cell: Cell, fps: float) -> Snap | None:
    """The snap at that frame; None where the shot is too young to tell."""
    region = footprint(seen.sudden[frame], cell)
    reach, shortest = max(1, frame - int(_LONGEST_S * fps)), max(1, int(_SHORTEST_S * fps))
    steps = list(trail(seen, region, first=reach, after=frame))
    patch = cut(seen, steps[0])
    apart = [unlike(patch, seen, step, gap=gap) for gap, step in enumerate(steps[1:])]
    if len(apart) <= shortest or not patch.size:
        return None
    least = min(apart[shortest:])
    alike = float(np.interp(apart[0] / (least + _NOISE_LEVELS), _BACK, (0.0, 1.0)))
    halfway = (apart[0] + least) / 2
    back = next(at for at, value in enumerate(apart) if value <= halfway or at == len(apart) - 1)
    strength = float(seen.sudden[frame][cell]) * size_weight(seen, frame, cell)
    return Snap(
        first=frame - max(1, back), after=frame, number=strength * alike / _LIMIT, box=box(region)
    )
