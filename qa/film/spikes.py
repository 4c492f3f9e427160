"""The hard glitch detector: what jumps at one frame and jumps back, or jumps for good.

A thing that pops, vanishes for a while or comes from nowhere surprises twice at one place, and what
was there before is there again afterwards. Motion, water and light surprise again and again, and
what they pass over does not come back the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.types import Evidence
from qa.film.found import found, reading
from qa.film.maps import GRID
from qa.film.reel import Reel
from qa.film.surprise import Surprise, surprise, widened
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Box, Reading

LIMIT = 1.0
"""A value above it is a fault: every number here is a multiple of what clean clips reach."""

# Source for the constants: 170 planted and 22 clean clips (2026-11-22), see ARCHITECTURE.md.
_BACK_LIMIT = 1.85
_ONCE_LIMIT = 14.0
_LEAST = 1.3
_LONGEST_S = 1.7
_POP_S = 0.45
_PAIRS = 8
_PAIRS_A_FRAME = 3
# How many times more the place must differ during the fault than after it: not back, surely back.
_BACK = (1.0, 1.5)
# From which strength on two surprises at one place are a fault whatever comes back.
_SURE = (4.5, 7.0)
_ONE_FRAME_WEIGHT = 0.5
_ENOUGH_EXCESS = 150.0
_NEAR_CELLS = 2
_NEAR_FRAMES = 6
_NOISE_LEVELS = 2.0
_FOOTPRINT = 0.4
_SEARCH_PX = 4
_MOST_SEARCH_PX = 12
_RING_CELLS = 2
_FEWEST_FRAMES = 6
_BARER = 0.8

_WORDS = {
    "pop": "a thing jumps away and back",
    "vanish": "a thing is gone for a while",
    "appear": "a thing comes from nowhere",
    "morph": "the place becomes another from one frame to the next",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two surprises at one cell: first wrong frame, first right one, the weaker surprise."""

    strength: float
    first: int
    after: int
    cell: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patch:
    """A place followed back in time: (x, y, width, height) px of the half-size picture."""

    frame: int
    x: float
    y: float
    width: int
    height: int


def spikes(reel: Reel) -> Reading:
    """The strongest sudden local fault as a multiple of the limit, and each one that passes it."""
    faults = [
        fault
        for first, last in reel.shots
        if last - first + 1 >= _FEWEST_FRAMES
        for fault in _faults(surprise(reel.luma[first : last + 1]), first, reel.fps)
    ]
    strongest = max((fault.number or 0.0 for fault in faults), default=0.0)
    over = reading(fault for fault in faults if (fault.number or 0.0) > LIMIT)
    return Reading(value=strongest, evidence=over.evidence)


def _faults(seen: Surprise, start: int, fps: float) -> Iterator[Evidence]:
    wide = widened(seen.sudden)
    pairs = _pairs(seen.sudden, wide, fps)
    for pair in pairs:
        before = _footprint(wide[pair.first], pair.cell)
        region = _footprint(seen.sudden[pair.after], pair.cell)
        number = _came_back(seen, pair, region)
        kind = _kind(seen, pair, region, fps)
        yield found(
            kind,
            _WORDS[kind],
            frames=(start + pair.first, start + pair.after - 1),
            number=number,
            box=_box(region | (before & _grown(region))),
        )
    yield from _jumps(seen, start, pairs)


def _jumps(seen: Surprise, start: int, pairs: list[_Pair]) -> Iterator[Evidence]:
    """What surprises so much, once, that nothing need come back."""
    taken = {frame for pair in pairs for frame in (pair.first, pair.after)}
    peaks = seen.sudden.reshape(len(seen.sudden), -1).max(axis=1)
    for frame in np.flatnonzero(peaks > _ONCE_LIMIT).tolist():
        if frame not in taken:
            row, column = np.unravel_index(seen.sudden[frame].argmax(), (GRID, GRID))
            yield found(
                "morph",
                _WORDS["morph"],
                frames=(start + frame - 1, start + frame),
                number=float(peaks[frame]) / _ONCE_LIMIT,
                box=_box(_footprint(seen.sudden[frame], (int(row), int(column)))),
            )


def _pairs(sudden: Numbers, wide: Numbers, fps: float) -> list[_Pair]:
    """The strongest pairs of surprises at one place, at most three of a frame, strongest first."""
    lively = np.flatnonzero(sudden.reshape(len(sudden), -1).max(axis=1) >= _LEAST).tolist()
    reach = int(_LONGEST_S * fps)
    every = [
        _pair(sudden, wide, first, after)
        for after in lively
        for first in lively
        if after - reach <= first < after
    ]
    kept: list[_Pair] = []
    for pair in sorted(every, key=lambda pair: -pair.strength):
        same_first = sum(pair.first == other.first for other in kept)
        same_after = sum(pair.after == other.after for other in kept)
        if pair.strength >= _LEAST and max(same_first, same_after) < _PAIRS_A_FRAME:
            kept.append(pair)
        if len(kept) == _PAIRS:
            break
    return kept


def _pair(sudden: Numbers, wide: Numbers, first: int, after: int) -> _Pair:
    both = np.minimum(sudden[after], wide[first])
    row, column = np.unravel_index(both.argmax(), both.shape)
    cell = (int(row), int(column))
    return _Pair(strength=float(both[cell]), first=first, after=after, cell=cell)


def _came_back(seen: Surprise, pair: _Pair, region: Mask) -> float:
    """The pair's strength over its limit, weighed by size and by how alike before and after are.

    Alike: the place after the fault differs less from before it than from every frame between.
    """
    trail = list(_trail(seen, region, pair))
    patch = _cut(seen, trail[0])
    between = [_unlike(patch, seen, step, _SEARCH_PX) for step in trail[1:-1]]
    gap = pair.after - pair.first
    search = min(_MOST_SEARCH_PX, _SEARCH_PX + gap // 2)
    back = _unlike(patch, seen, trail[-1], search)
    alike = float(np.interp(min(between) / (back + _NOISE_LEVELS), _BACK, (0.0, 1.0)))
    weight = _ONE_FRAME_WEIGHT if gap == 1 else 1.0
    alike = max(alike, float(np.interp(pair.strength, _SURE, (0.0, 1.0))))
    excess = min(_excess(seen, frame, pair.cell) for frame in (pair.first, pair.after))
    weight *= min(1.0, excess / _ENOUGH_EXCESS)
    return weight * pair.strength * alike / _BACK_LIMIT


def _excess(seen: Surprise, frame: int, cell: tuple[int, int]) -> float:
    """Residual beyond what is usual around a cell, summed over 5×5 cells: a blink has little."""
    row, column = cell
    near = (
        slice(max(0, row - _NEAR_CELLS), row + _NEAR_CELLS + 1),
        slice(max(0, column - _NEAR_CELLS), column + _NEAR_CELLS + 1),
    )
    around = seen.residual[max(1, frame - _NEAR_FRAMES) : frame + _NEAR_FRAMES + 1]
    beyond = seen.residual[frame][near] - np.median(around, axis=0)[near]
    return float(np.maximum(beyond, 0.0).sum())


def _trail(seen: Surprise, region: Mask, pair: _Pair) -> Iterator[_Patch]:
    """The region from the first right frame back to the last right one before the fault.

    It is carried by the median motion of the cells in it and around it.
    """
    height, width = seen.frames.shape[1:]
    left, top, right, bottom = _box(region)
    x, y = left * width, top * height
    size = (round((right - left) * width), round((bottom - top) * height))
    ring = _grown(region, cells=_RING_CELLS)
    yield _Patch(frame=pair.after, x=x, y=y, width=size[0], height=size[1])
    for frame in range(pair.after, pair.first - 1, -1):
        motion = np.median(seen.motion[frame][ring], axis=0)
        x, y = x - float(motion[0]), y - float(motion[1])
        yield _Patch(frame=frame - 1, x=x, y=y, width=size[0], height=size[1])


def _cut(seen: Surprise, patch: _Patch) -> Numbers:
    left, top = round(patch.x), round(patch.y)
    return seen.frames[patch.frame, top : top + patch.height, left : left + patch.width]


def _unlike(patch: Numbers, seen: Surprise, place: _Patch, search_px: int) -> float:
    """Root mean square difference in levels to the likest spot near the place; 99 outside."""
    left, top = round(place.x) - search_px, round(place.y) - search_px
    right = left + patch.shape[1] + 2 * search_px
    bottom = top + patch.shape[0] + 2 * search_px
    area = seen.frames[place.frame, max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if area.shape[0] < patch.shape[0] or area.shape[1] < patch.shape[1]:
        return 99.0
    least = float(cv2.matchTemplate(area, patch, cv2.TM_SQDIFF).min())
    return float(np.sqrt(max(least, 0.0) / patch.size))


def _kind(seen: Surprise, pair: _Pair, region: Mask, fps: float) -> str:
    """A short fault is a pop; a long one a vanish where the place is barer than after it."""
    if pair.after - pair.first <= _POP_S * fps:
        return "pop"
    trail = list(_trail(seen, region, pair))
    within, after = _cut(seen, trail[1]), _cut(seen, trail[0])
    barer = within.size and within.std() < _BARER * after.std()
    return "vanish" if barer else "appear"


def _footprint(sudden: Numbers, cell: tuple[int, int]) -> Mask:
    """The cells around a cell that are at least 0.4 times as surprising, (16, 16) bool."""
    marks = (sudden >= _FOOTPRINT * sudden[cell]).astype(np.uint8)
    _, parts = cv2.connectedComponents(marks, connectivity=8)
    return parts == parts[cell]


def _grown(region: Mask, *, cells: int = 1) -> Mask:
    side = 2 * cells + 1
    return cv2.dilate(region.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def _box(region: Mask) -> Box:
    left, top, across, down = cv2.boundingRect(region.astype(np.uint8))
    return left / GRID, top / GRID, (left + across) / GRID, (top + down) / GRID
