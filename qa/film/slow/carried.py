"""A shot eight times a second, each place carried along as its surroundings move.

Where frames lie between, it is looked at half-way between them too: what springs back just beside
a step is seen half bent, and no step shows how it was at its most.

What its surroundings do is the median of the flow around it: the middle of any affine motion, and
deaf to a thing in the midst that moves otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from qa.film.places.maps import GRID, cells, medians_around
from qa.film.places.surprise import Surprise, unexplained, warped, widened
from qa.vision.arrays import Numbers, Pixels

# Source for the constants: 80 planted and 41 clean clips (2026-11-22), see docs/video-judge.md.
_STEPS_A_SECOND = 8.0
_AROUND_CELLS = 3
_BLUR_PX = (3, 3)
_GAP_S = 0.22
_USUAL_S = 0.8
_OWN_S = 0.25
_FLOOR_LEVELS = 1.0
_EDGE_CELLS = 1
_FEWEST_AROUND = 3
_SEARCH_PX = 3.0
_SEARCH_PX_A_SECOND = 5.0
_MOST_SEARCH_PX = 8.0
_ZOOMED_S = 0.4
# Out and in, a little and farther: the farther one is tried where the nearer one helps.
_ZOOMS = ((0.96, 0.92), (1.04, 1.08))
_MARGIN_PX = 16

OUTSIDE = 99.0
"""The difference where the place has left the picture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Every `every`th frame of a shot from frame `start` on, `step_s` apart, at half size.

    `frames` (n, h, w) float32 luma, lightly blurred, with a margin of 16 px that repeats the edge;
    `motion` (n, 16, 16, 2) px from the step before, as the surroundings move; `sudden` (n, 16, 16)
    what that motion leaves unexplained over a quarter of a second, over what is usual there;
    `torn` (n, 16, 16) levels that even the flow from frame to frame leaves, the worst of a step.
    """

    frames: Numbers
    motion: Numbers
    sudden: Numbers
    torn: Numbers
    start: int
    every: int
    step_s: float

    def frame(self, step: int) -> int:
        """Which frame of the shot a step is."""
        return self.start + step * self.every

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) of a frame without its margin."""
        height, width = self.frames.shape[1:]
        return height - 2 * _MARGIN_PX, width - 2 * _MARGIN_PX


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A place at a step: its middle (x, y) in px of the half-size picture."""

    step: int
    x: float
    y: float


def phases_of(seen: Surprise, fps: float) -> list[Steps]:
    """The steps that end with the shot's last frame, and those half-way between, if any are."""
    every = max(1, round(fps / _STEPS_A_SECOND))
    ends = {len(seen.frames) - 1, max(0, len(seen.frames) - 1 - every // 2)}
    return [_steps_up_to(end, seen, fps, every) for end in sorted(ends, reverse=True)]


def _steps_up_to(end: int, seen: Surprise, fps: float, every: int) -> Steps:
    start = end % every
    frames = np.stack([cv2.blur(frame, _BLUR_PX) for frame in seen.frames[start : end + 1 : every]])
    motion = _motion(seen.motion[start:], every, len(frames))
    gap = max(1, round(_GAP_S * fps / every))
    left = np.zeros((len(frames), GRID, GRID), np.float32)
    for at in range(gap, len(frames)):
        left[at] = cells(unexplained(frames[at], _fetched(frames, motion, at, gap)))
    margin = ((0, 0), (_MARGIN_PX, _MARGIN_PX), (_MARGIN_PX, _MARGIN_PX))
    return Steps(
        frames=np.pad(frames, margin, mode="edge"),
        motion=motion,
        sudden=_sudden(left, every / fps, gap),
        torn=_torn(seen.residual[start:], every, len(frames)),
        start=start,
        every=every,
        step_s=every / fps,
    )


def path(steps: Steps, start: Glance, last: int) -> list[Glance]:
    """Where the place is at each step from the one beside `start` to `last`, earlier or later."""
    way = 1 if last > start.step else -1
    glances, here = [], start
    for step in range(start.step + way, last + way, way):
        motion = steps.motion[max(step, here.step)][_cell(steps, here)]
        here = Glance(
            step=step, x=here.x + way * float(motion[0]), y=here.y + way * float(motion[1])
        )
        glances.append(here)
    return glances


def patch_at(steps: Steps, corner: tuple[int, int], size: tuple[int, int], step: int) -> Numbers:
    """What a step shows in a window (left, top), (width, height) px."""
    left, top = corner[0] + _MARGIN_PX, corner[1] + _MARGIN_PX
    return steps.frames[step, top : top + size[1], left : left + size[0]]


def shown(steps: Steps, there: Glance, size: tuple[int, int]) -> Pixels:
    """What a step shows in a window (width, height) px around a place, (h, w) uint8.

    Empty where the window reaches farther out of the picture than its margin.
    """
    left, top = round(there.x - size[0] / 2) + _MARGIN_PX, round(there.y - size[1] / 2) + _MARGIN_PX
    height, width = steps.frames.shape[1:]
    if min(left, top) < 0 or left + size[0] > width or top + size[1] > height:
        return np.zeros((0, 0), np.uint8)
    seen = steps.frames[there.step, top : top + size[1], left : left + size[0]]
    return np.rint(seen).astype(np.uint8)


def unlike(patch: Numbers, steps: Steps, there: Glance, *, gap_s: float) -> float:
    """Root mean square difference in levels to the likest spot near there, at any zoom.

    Zooms are tried where `gap_s` of camera motion may lie between; `OUTSIDE` where it left.
    """
    search = _search(gap_s)
    least = _apart(patch, steps, there, search)
    if gap_s < _ZOOMED_S:
        return least
    nearer = [_apart(_zoomed(patch, ways[0]), steps, there, search) for ways in _ZOOMS]
    if min(nearer) >= least:
        return least
    _, farther = _ZOOMS[int(np.argmin(nearer))]
    return min(*nearer, _apart(_zoomed(patch, farther), steps, there, search))


def likest(patch: Numbers, steps: Steps, there: Glance, *, gap_s: float) -> tuple[float, float]:
    """(right, down) px from there to the spot that `unlike` finds, without its zooms.

    (0, 0) where the place has left the picture.
    """
    area, corner = _area(patch, steps, there, _search(gap_s))
    if not area.size:
        return 0.0, 0.0
    differences = cv2.matchTemplate(area, patch, cv2.TM_SQDIFF)
    row, column = np.unravel_index(differences.argmin(), differences.shape)
    height, width = patch.shape
    x, y = corner[0] + int(column) + width / 2, corner[1] + int(row) + height / 2
    return x - there.x, y - there.y


def _motion(motion: Numbers, every: int, count: int) -> Numbers:
    held = np.zeros((count, GRID, GRID, 2), np.float32)
    for at in range(1, count):
        held[at] = motion[(at - 1) * every + 1 : at * every + 1].sum(axis=0)
    return _around(held)


def _torn(residual: Numbers, every: int, count: int) -> Numbers:
    torn = np.zeros((count, GRID, GRID), np.float32)
    for at in range(1, count):
        torn[at] = residual[(at - 1) * every + 1 : at * every + 1].max(axis=0)
    return torn


def _around(motion: Numbers) -> Numbers:
    """The median of the 7×7 cells around each cell, (n, 16, 16, 2), mirrored at the border."""
    reach, side = _AROUND_CELLS, 2 * _AROUND_CELLS + 1
    wide = np.pad(motion, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(wide, (side, side), axis=(1, 2))
    flat = views.reshape(*motion.shape, side * side)
    middle = side * side // 2
    flat.partition(middle, axis=-1)
    return flat[..., middle]


def _fetched(frames: Numbers, motion: Numbers, at: int, gap: int) -> Numbers:
    """The frame `gap` steps earlier, moved to where its surroundings have gone since."""
    height, width = frames.shape[1:]
    across, down = np.meshgrid(np.arange(GRID, dtype=np.float32), np.arange(GRID, dtype=np.float32))
    moved = np.zeros((GRID, GRID, 2), np.float32)
    for step in range(at, at - gap, -1):
        x, y = across + moved[..., 0] * GRID / width, down + moved[..., 1] * GRID / height
        moved = moved - cv2.remap(
            motion[step], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return warped(frames[at - gap], cv2.resize(moved, (width, height)))


def _sudden(left: Numbers, step_s: float, gap: int) -> Numbers:
    """What is left over the median of 0.8 s before and after, there and beside it; 0 at borders."""
    reach, own = max(_FEWEST_AROUND, round(_USUAL_S / step_s)), max(1, round(_OWN_S / step_s))
    usual = medians_around(widened(left), reach=reach, own=own, fewest=_FEWEST_AROUND)
    sudden = np.zeros_like(left)
    inner = slice(_EDGE_CELLS, GRID - _EDGE_CELLS)
    sudden[gap:, inner, inner] = (left / (usual + _FLOOR_LEVELS))[gap:, inner, inner]
    return sudden


def _cell(steps: Steps, glance: Glance) -> tuple[int, int]:
    height, width = steps.size_px
    row, column = int(glance.y / height * GRID), int(glance.x / width * GRID)
    return min(max(row, 0), GRID - 1), min(max(column, 0), GRID - 1)


def _zoomed(patch: Numbers, zoom: float) -> Numbers:
    return cv2.resize(patch, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)


def _search(gap_s: float) -> int:
    """How far around a place it is looked for, px."""
    return int(min(_MOST_SEARCH_PX, _SEARCH_PX + _SEARCH_PX_A_SECOND * gap_s))


def _area(
    patch: Numbers, steps: Steps, there: Glance, search: int
) -> tuple[Numbers, tuple[int, int]]:
    """What a step shows so far around there, empty where the patch finds no room; its corner."""
    height, width = patch.shape
    left = round(there.x - width / 2) - search + _MARGIN_PX
    top = round(there.y - height / 2) - search + _MARGIN_PX
    right, bottom = left + width + 2 * search, top + height + 2 * search
    area = steps.frames[there.step, max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    fits = area.shape[0] >= height and area.shape[1] >= width
    corner = max(0, left) - _MARGIN_PX, max(0, top) - _MARGIN_PX
    return (area if fits else area[:0]), corner


def _apart(patch: Numbers, steps: Steps, there: Glance, search: int) -> float:
    area, _ = _area(patch, steps, there, search)
    if not area.size:
        return OUTSIDE
    least = _between(cv2.matchTemplate(area, patch, cv2.TM_SQDIFF))
    return min(OUTSIDE, float(np.sqrt(max(least, 0.0) / patch.size)))


def _between(differences: Numbers) -> float:
    """The least of the differences, between its pixels too: a parabola each way.

    Source: quadratic peak interpolation, as in J. O. Smith, Spectral Audio Signal Processing.
    """
    at, _, (column, row), _ = cv2.minMaxLoc(differences)
    lines = ((differences[row], column), (differences[:, column], row))
    return at - sum(_dip(line, index, at) for line, index in lines)


def _dip(line: Numbers, index: int, at: float) -> float:
    if not 0 < index < len(line) - 1:
        return 0.0
    before, after = float(line[index - 1]), float(line[index + 1])
    bend = before + after - 2 * at
    return (before - after) ** 2 / (8 * bend) if bend > 0 else 0.0
