"""Places of a shot that suddenly became another, each at the step when it did.

They are where a bend may have sprung back: what their surroundings' motion leaves unexplained
stands out from what is usual there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
# Source for the next four: 410 planted morphs and 336 clean clips (2026-11-23), see there too. What
# changes most is looked at beyond the usual number: captions may come just when a bend goes.
_PLACES_A_STEP = 4
_PLACES_A_SECOND = 7
_STRONG = 2.5
_STRONG_A_SECOND = 20
_APART_CELLS = 2
_SIDE_CELLS = (3, 6)
_AFTER_S = 0.5

Look = Callable[[Glance], float]
"""How unlike a place is to what it was carried from, by `carried.unlike`; asked once, kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """A place at a step: its window's middle and size, its cells, and how to compare it."""

    steps: Steps
    here: Glance
    size_px: tuple[int, int]
    cell: Cell
    region: Mask
    patch: Numbers
    look: Look


def moments(phases: Sequence[Steps]) -> Iterator[Moment]:
    """The places that stand out most, most sudden first, seven a second, or all strong ones."""
    return (_moment(phases[phase], at, cell) for phase, at, cell in _places(phases))


def afterwards(moment: Moment) -> Numbers:
    """How unlike the place is at each step of the half second after, while it is in the picture."""
    steps = moment.steps
    last = min(len(steps.frames) - 1, moment.here.step + round(_AFTER_S / steps.step_s))
    if last <= moment.here.step:
        return np.zeros(0)
    apart = np.array([moment.look(there) for there in path(steps, moment.here, last)])
    return apart[apart < OUTSIDE]


def _places(phases: Sequence[Steps]) -> list[tuple[int, int, Cell]]:
    """Phase, step and cell of what stands out most from what is usual there, strongest first."""
    found = [
        (strength, phase, at, cell)
        for phase, steps in enumerate(phases)
        for at, sudden in enumerate(steps.sudden)
        for strength, cell in _standing_out(sudden)
    ]
    found.sort(key=lambda item: -item[0])
    length_s = len(phases[0].sudden) * phases[0].step_s
    strong = sum(item[0] >= _STRONG for item in found)
    most = int(max(_PLACES_A_SECOND, min(strong / length_s, _STRONG_A_SECOND)) * length_s)
    return [(phase, at, cell) for _, phase, at, cell in found[:most]]


def _standing_out(sudden: Numbers) -> Iterator[tuple[float, Cell]]:
    """How much, and the cell, of the places that stand out most at a step, strongest first."""
    left = sudden.copy()
    for _ in range(_PLACES_A_STEP):
        row, column = (int(n) for n in np.unravel_index(left.argmax(), left.shape))
        if left[row, column] < _LEAST:
            return
        yield float(left[row, column]), (row, column)
        rows = slice(max(0, row - _APART_CELLS), row + _APART_CELLS + 1)
        left[rows, max(0, column - _APART_CELLS) : column + _APART_CELLS + 1] = 0


def _moment(steps: Steps, at: int, cell: Cell) -> Moment:
    region = footprint(steps.sudden[at], cell)
    corner, size = _window(steps, region, cell)
    patch = patch_at(steps, corner, size, at)

    @cache
    def look(there: Glance) -> float:
        return unlike(patch, steps, there, gap_s=abs(there.step - at) * steps.step_s)

    return Moment(
        steps=steps,
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
