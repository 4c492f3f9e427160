"""Places of a shot that suddenly became another, each at the step when it did.

They are where a bend may have sprung back: what their surroundings' motion leaves unexplained
stands out from what is usual there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from qa.film.places.maps import GRID
from qa.film.places.patches import Cell, footprint
from qa.film.slow.carried import OUTSIDE, Glance, Steps, patch_at, path, unlike
from qa.vision.arrays import Mask, Numbers

# Source for the constants: 80 planted and 41 clean clips (2026-11-22), see docs/video-judge.md.
_LEAST = 1.3
_PLACES_A_STEP = 3
_PLACES_A_SECOND = 12
_APART_CELLS = 2
_SIDE_CELLS = (3, 6)
_AFTER_S = 0.5

Look = Callable[[Glance], float]
"""How unlike a place is to what it was carried from, by `carried.unlike`; asked once, kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """A place at a step: its window's middle and size, its cells, and how to compare it."""

    here: Glance
    size_px: tuple[int, int]
    cell: Cell
    region: Mask
    patch: Numbers
    look: Look


def moments(steps: Steps) -> Iterator[Moment]:
    """The places that stand out most, most sudden first, twelve a second at most."""
    return (_moment(steps, at, cell) for at, cell in _places(steps))


def afterwards(moment: Moment, steps: Steps) -> Numbers:
    """How unlike the place is at each step of the half second after, while it is in the picture."""
    last = min(len(steps.frames) - 1, moment.here.step + round(_AFTER_S / steps.step_s))
    if last <= moment.here.step:
        return np.zeros(0)
    apart = np.array([moment.look(there) for there in path(steps, moment.here, last)])
    return apart[apart < OUTSIDE]


def _places(steps: Steps) -> list[tuple[int, Cell]]:
    """Step and cell of what stands out most from what is usual there, strongest first."""
    found: list[tuple[float, int, Cell]] = []
    for at, sudden in enumerate(steps.sudden):
        left = sudden.copy()
        for _ in range(_PLACES_A_STEP):
            row, column = (int(n) for n in np.unravel_index(left.argmax(), left.shape))
            if left[row, column] < _LEAST:
                break
            found.append((float(left[row, column]), at, (row, column)))
            rows = slice(max(0, row - _APART_CELLS), row + _APART_CELLS + 1)
            left[rows, max(0, column - _APART_CELLS) : column + _APART_CELLS + 1] = 0
    found.sort(key=lambda item: -item[0])
    most = int(_PLACES_A_SECOND * len(steps.sudden) * steps.step_s)
    return [(at, cell) for _, at, cell in found[:most]]


def _moment(steps: Steps, at: int, cell: Cell) -> Moment:
    region = footprint(steps.sudden[at], cell)
    corner, size = _window(steps, region, cell)
    patch = patch_at(steps, corner, size, at)

    @cache
    def look(there: Glance) -> float:
        return unlike(patch, steps, there, gap_s=abs(there.step - at) * steps.step_s)

    return Moment(
        here=Glance(step=at, x=corner[0] + size[0] / 2, y=corner[1] + size[1] / 2),
        size_px=size,
        cell=cell,
        region=region,
        patch=patch,
        look=look,
    )


def _window(steps: Steps, region: Mask, cell: Cell) -> tuple[tuple[int, int], tuple[int, int]]:
    """(left, top), (width, height) px of three to six cells each way around the region."""
    height, width = steps.size_px
    left, top, across, down = cv2.boundingRect(region.astype(np.uint8))
    left, across = _fitting(left, across, cell[1])
    top, down = _fitting(top, down, cell[0])
    corner = round(left * width / GRID), round(top * height / GRID)
    return corner, (round(across * width / GRID), round(down * height / GRID))


def _fitting(start: int, length: int, cell: int) -> tuple[int, int]:
    least, most = _SIDE_CELLS
    if length < least:
        start, length = cell - least // 2, least
    if length > most:
        start, length = min(max(cell - most // 2, start), start + length - most), most
    return max(0, min(start, GRID - length)), length
