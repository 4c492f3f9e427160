"""Places in a shot: their footprint on the cells, followed back in time, and how they compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, floor

import cv2
import numpy as np

from qa.film.places.maps import GRID, median_of
from qa.film.places.surprise import Surprise
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Box

Cell = tuple[int, int]

# Source for the constants: 200 planted and 25 clean clips (2026-11-22), see docs/video-judge.md.
_SEARCH_PX = 4
_MOST_SEARCH_PX = 12
_FOOTPRINT = 0.4
_RING_CELLS = 2
_ZOOMS = (0.88, 0.92, 0.96, 1.0, 1.04, 1.08, 1.12)
_ZOOMED_FRAMES = 6
_ENOUGH_EXCESS = 150.0
_NEAR_CELLS = 2
_LEAST_SHOWN = 1 / 3
_LINE_PX = 5
_NEAR_FRAMES = 6

OUTSIDE = 99.0
"""The difference where a place has left the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A place followed back in time: (x, y, width, height) px of the half-size picture."""

    frame: int
    x: float
    y: float
    width: int
    height: int


def footprint(sudden: Numbers, cell: Cell) -> Mask:
    """The cells around a cell that are at least 0.4 times as surprising, (16, 16) bool."""
    marks = (sudden >= _FOOTPRINT * sudden[cell]).astype(np.uint8)
    _, parts = cv2.connectedComponents(marks, connectivity=8)
    return parts == parts[cell]


def box(region: Mask) -> Box:
    """The box (0..1) around the region's cells."""
    left, top, across, down = cv2.boundingRect(region.astype(np.uint8))
    return left / GRID, top / GRID, (left + across) / GRID, (top + down) / GRID


def grown(region: Mask, *, cells: int = 1) -> Mask:
    """The region and the cells around it."""
    side = 2 * cells + 1
    return cv2.dilate(region.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def size_weight(seen: Surprise, frame: int, cell: Cell) -> float:
    """0..1: how much changes around a cell at a frame; a blink is small.

    The residual beyond what is usual there, summed over 5×5 cells, over 150 levels.
    """
    row, column = cell
    near = (
        slice(max(0, row - _NEAR_CELLS), row + _NEAR_CELLS + 1),
        slice(max(0, column - _NEAR_CELLS), column + _NEAR_CELLS + 1),
    )
    around = seen.residual[max(1, frame - _NEAR_FRAMES) : frame + _NEAR_FRAMES + 1]
    beyond = seen.residual[frame][near] - median_of(around)[near]
    return min(1.0, float(np.maximum(beyond, 0.0).sum()) / _ENOUGH_EXCESS)


def trail(seen: Surprise, region: Mask, *, first: int, after: int) -> Iterator[Patch]:
    """The region from frame `after` back to the one before frame `first`.

    It is carried by the median motion of the cells in it and around it.
    """
    height, width = seen.frames.shape[1:]
    left, top, right, bottom = box(region)
    x, y = left * width, top * height
    size = (round((right - left) * width), round((bottom - top) * height))
    ring = grown(region, cells=_RING_CELLS)
    yield Patch(frame=after, x=x, y=y, width=size[0], height=size[1])
    for frame in range(after, first - 1, -1):
        motion = median_of(seen.motion[frame][ring])
        x, y = x - float(motion[0]), y - float(motion[1])
        yield Patch(frame=frame - 1, x=x, y=y, width=size[0], height=size[1])


def inside(seen: Surprise, steps: list[Patch]) -> list[Patch]:
    """The same place at every step, without the parts that leave the picture at any of them.

    Where less than a third of it is left, it stays as it is: it has left the picture.
    """
    height, width = seen.frames.shape[1:]
    left, right = _shown([step.x for step in steps], steps[0].width, width)
    top, bottom = _shown([step.y for step in steps], steps[0].height, height)
    size = (right - left, bottom - top)
    if min(size) <= 0 or size[0] * size[1] < _LEAST_SHOWN * steps[0].width * steps[0].height:
        return steps
    return [
        replace(step, x=step.x + left, y=step.y + top, width=size[0], height=size[1])
        for step in steps
    ]


def _shown(starts: list[float], length: int, side: int) -> tuple[int, int]:
    """From where to where a stretch that starts there is never outside 0..side."""
    return max(0, ceil(-min(starts))), min(length, floor(side - max(starts)))


def cut(seen: Surprise, patch: Patch) -> Numbers:
    """What the shot shows at the patch, (h, w) float32 luma."""
    left, top = round(patch.x), round(patch.y)
    return seen.frames[patch.frame, top : top + patch.height, left : left + patch.width]


def unlike(patch: Numbers, seen: Surprise, place: Patch, *, gap: int = 0) -> float:
    """Root mean square difference in levels to the likest spot near the place, or `OUTSIDE`.

    The farther in time (`gap` frames), the wider the search.
    """
    return _apart(patch, seen, place, gap=gap)


def unlike_at_any_zoom(patch: Numbers, seen: Surprise, place: Patch, *, gap: int) -> float:
    """The same, in nearer and farther views too where time enough has passed for the camera."""
    zooms = _ZOOMS if gap >= _ZOOMED_FRAMES else (1.0,)
    return min(_apart(_zoomed(patch, zoom), seen, place, gap=gap) for zoom in zooms)


def _zoomed(patch: Numbers, zoom: float) -> Numbers:
    if zoom == 1.0:
        return patch
    return cv2.resize(patch, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)


def solidity(patch: Numbers, seen: Surprise, place: Patch) -> float:
    """0..1: how much of a patch's difference to the likest spot near the place is no mere line.

    What is left of it in root mean square after a median of 5×5 px. 0 where the place has left.
    """
    area = _near(patch, seen, place, search_px=_SEARCH_PX)
    height, width = patch.shape
    if area.shape[0] < height or area.shape[1] < width or not patch.size:
        return 0.0
    _, _, (left, top), _ = cv2.minMaxLoc(cv2.matchTemplate(area, patch, cv2.TM_SQDIFF))
    apart = area[top : top + height, left : left + width] - patch
    whole = float(np.sqrt(np.square(apart).mean()))
    return float(np.sqrt(np.square(cv2.medianBlur(apart, _LINE_PX)).mean())) / max(whole, 1e-3)


def _apart(patch: Numbers, seen: Surprise, place: Patch, *, gap: int) -> float:
    area = _near(patch, seen, place, search_px=min(_MOST_SEARCH_PX, _SEARCH_PX + gap // 2))
    height, width = patch.shape
    if area.shape[0] < height or area.shape[1] < width or not patch.size:
        return OUTSIDE
    least = float(cv2.matchTemplate(area, patch, cv2.TM_SQDIFF).min())
    return float(np.sqrt(max(least, 0.0) / patch.size))


def _near(patch: Numbers, seen: Surprise, place: Patch, *, search_px: int) -> Numbers:
    """What is shown so many px around where the patch would lie in the middle of the place."""
    height, width = patch.shape
    left = round(place.x + (place.width - width) / 2) - search_px
    top = round(place.y + (place.height - height) / 2) - search_px
    right, bottom = left + width + 2 * search_px, top + height + 2 * search_px
    return seen.frames[place.frame, max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
