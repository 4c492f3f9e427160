"""A line of letters followed through a shot, eight times a second, by an affine map.

It goes where its surroundings go; where it looks the same there, the map is made fine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import cv2
import numpy as np

from qa.film.found import Span
from qa.film.lines import Rect
from qa.film.reel import Reel
from qa.vision.arrays import Numbers, Pixels

# Source for the constants: 11 clips with planted letters and the clean clips of the tuning half
# (2026-11-22), see docs/video-judge.md.
_STEPS_A_SECOND = 8.0
_SEARCH_PX = 4
_LOST_SEARCH_PX = 8
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 15, 1e-3)
_SMOOTHING_PX = 3
_HELD = 0.8
_LIKE = 0.9
_STRETCH = (0.87, 1.15)
_RING_SAMPLES = (12, 6)
_RING_HEIGHTS = 0.75
_FEWEST_SAMPLES = 8
_FEWEST_SHOWN_PX, _LEAST_HIGH_PX = 16, 5
# Root mean square change as a share of the line's spread: a correlation of 0.995.
_STANDS = 0.1


@dataclass(frozen=True, eq=False, kw_only=True)
class Steps:
    """A shot's frames, `step_s` apart: `luma` (n, h, w) uint8, from frame `first` every `every`."""

    luma: Pixels
    first: int
    every: int
    step_s: float

    @cached_property
    def motion(self) -> Sequence[Numbers]:
        """(n − 1) times (h/2, w/2, 2) px of the half-size picture, from each step to the next."""
        size = (self.luma.shape[2] // 2, self.luma.shape[1] // 2)
        small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in self.luma]
        flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        empty = np.zeros((size[1], size[0], 2), np.float32)
        pairs = pairwise(small)
        return tuple(flow.calc(one, two, empty.copy()) for one, two in pairs)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Line:
    """A line at one step: `own` (h, w) uint8; `matrix` (2, 3) maps its px to the luma's."""

    own: Pixels
    step: int
    matrix: Numbers

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.own.shape[1], self.own.shape[0]

    @property
    def level(self) -> float:
        """Its mean brightness."""
        return float(self.own.mean())

    @property
    def spread(self) -> float:
        """The standard deviation of its brightness."""
        return float(self.own.std())


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Look:
    """A line at another step: where it is, how like itself −1..1, and what stands there."""

    matrix: Numbers
    likeness: float
    level: float
    spread: float


def steps_of(reel: Reel, first: int, last: int) -> Steps:
    """The steps of a shot."""
    every = max(1, round(reel.fps / _STEPS_A_SECOND))
    luma = reel.luma[first : last + 1 : every]
    return Steps(luma=luma, first=first, every=every, step_s=every / reel.fps)


def line_of(steps: Steps, frame: int, rect: Rect, *, still_px: tuple[int, int]) -> Line | None:
    """The line in a rectangle of a still, as far as it lies in the picture; None for too little."""
    step = min(len(steps.luma) - 1, round((frame - steps.first) / steps.every))
    height, width = steps.luma.shape[1:]
    scale = width / still_px[0], height / still_px[1]
    x0, x1 = (round(scale[0] * side) for side in (rect[0], rect[2]))
    y0, y1 = (round(scale[1] * side) for side in (rect[1], rect[3]))
    x0, x1, y0, y1 = max(x0, 0), min(x1, width), max(y0, 0), min(y1, height)
    if x1 - x0 < _FEWEST_SHOWN_PX or y1 - y0 < _LEAST_HIGH_PX:
        return None
    matrix = np.array([[1.0, 0.0, x0], [0.0, 1.0, y0]])
    return Line(own=steps.luma[step, y0:y1, x0:x1], step=step, matrix=matrix)


def follow_line(steps: Steps, line: Line) -> Sequence[Look | None]:
    """The line at every step of the shot; None from where it leaves the picture."""
    looks: list[Look | None] = [None] * len(steps.luma)
    own = Look(matrix=line.matrix, likeness=1.0, level=line.level, spread=line.spread)
    looks[line.step] = own
    for way in (1, -1):
        look, seen = own, line.step
        for step in range(line.step + way, len(looks) if way > 0 else -1, way):
            if not _stands(steps, line, look, (seen, step)):
                motion = steps.motion[min(step, step - way)]
                start = _carried(look.matrix, line.size_px, motion, way)
                search = _LOST_SEARCH_PX if look.likeness < _HELD else _SEARCH_PX
                found, seen = _look(steps.luma[step], line, start, search), step
                if found is None:
                    break
                look = found
            looks[step] = look
    return looks


def _stands(steps: Steps, line: Line, look: Look, between: Span) -> bool:
    """True where the place shows at both steps the same picture, as like the line as it was.

    Of another line of letters every search finds another half the likest.
    """
    then, now = (_fetched(steps.luma[at], look.matrix, line.size_px) for at in between)
    return cv2.norm(then, now, cv2.NORM_L2) <= _STANDS * line.spread * then.size**0.5


def _carried(matrix: Numbers, size_px: tuple[int, int], motion: Numbers, way: int) -> Numbers:
    """The map after a step, moved, turned and zoomed as the ring round the line is."""
    here = _ring(size_px) @ matrix.T
    column, row = np.rint(here / 2).astype(int).T
    rows, columns = motion.shape[:2]
    seen = (column >= 0) & (row >= 0) & (column < columns) & (row < rows)
    if seen.sum() < _FEWEST_SAMPLES:
        return matrix
    moved = 2.0 * way * motion[row[seen], column[seen]]
    turned, _ = cv2.estimateAffinePartial2D(
        here[seen].astype(np.float32), (here[seen] + moved).astype(np.float32)
    )
    if turned is None:
        return matrix
    return turned @ np.vstack([matrix, [0.0, 0.0, 1.0]])


@lru_cache(maxsize=64)
def _ring(size_px: tuple[int, int]) -> Numbers:
    """(n, 3): places x, y, 1 round a line of that size, in its own pixels."""
    wide, high = size_px
    reach = _RING_HEIGHTS * high
    across, down = np.meshgrid(
        np.linspace(-reach, wide + reach, _RING_SAMPLES[0]),
        np.linspace(-reach, high + reach, _RING_SAMPLES[1]),
    )
    inside = (across > 0) & (across < wide) & (down > 0) & (down < high)
    ring = np.stack([across[~inside], down[~inside], np.ones((~inside).sum())], axis=1)
    ring.flags.writeable = False
    return ring


def _look(picture: Pixels, line: Line, start: Numbers, search: int) -> Look | None:
    """The line near there: the likest map of few; None where less than half of it is shown."""
    first, last = _shown(picture, line, start)
    if last - first < max(_FEWEST_SHOWN_PX, line.size_px[0] // 2):
        return None
    own = np.ascontiguousarray(line.own[:, first:last])
    start = start + np.outer(start[:, 0] * first, (0.0, 0.0, 1.0))
    corners = _corners(own.shape[1], own.shape[0]) @ start.T
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    left, top = max(0, int(x0) - search), max(0, int(y0) - search)
    area = picture[top : int(y1) + search + 2, left : int(x1) + search + 2]
    offset = np.array([[0.0, 0.0, left], [0.0, 0.0, top]])
    likeness, matrix = _likest(area, own, start - offset, search)
    shown = _fetched(area, matrix, (own.shape[1], own.shape[0]))
    whole = matrix + offset
    whole[:, 2] -= whole[:, 0] * first
    return Look(
        matrix=whole,
        likeness=likeness,
        level=float(shown.mean()),
        spread=float(shown.std()),
    )


def _likest(area: Pixels, own: Pixels, near: Numbers, search: int) -> tuple[float, Numbers]:
    """Correlation and map of what is most like the line: near there, or within `search` px."""
    likeness, matrix = _fine(area, own, near)
    if likeness >= _HELD:
        return _whole_or_half(area, own, likeness, matrix), matrix
    rough, shifted = _searched(area, own, near, search)
    tried = _fine(area, own, shifted)
    likeness, matrix = max(((likeness, matrix), (rough, shifted), tried), key=lambda item: item[0])
    if likeness >= _HELD:
        return _whole_or_half(area, own, likeness, matrix), matrix
    return max(likeness, _half(area, own, shifted)), near


def _whole_or_half(area: Pixels, own: Pixels, likeness: float, matrix: Numbers) -> float:
    """The likeness, the better half's where it is in doubt: one measure down to where it is lost.

    A line that turns away departs from its flat look little by little, its halves do not.
    """
    return likeness if likeness >= _LIKE else max(likeness, _half(area, own, matrix))


def _shown(picture: Pixels, line: Line, start: Numbers) -> tuple[int, int]:
    """The columns (first, last) of the line that lie in the picture; (0, 0) where none do."""
    height, width = picture.shape
    across, down = line.size_px
    columns = np.arange(across + 1)
    ends = [columns[:, None] * start[:, 0] + row * start[:, 1] + start[:, 2] for row in (0, down)]
    x, y = np.stack(ends).transpose(2, 0, 1)
    inside = ((x >= 0) & (x <= width) & (y >= 0) & (y <= height)).all(axis=0)
    held = np.flatnonzero(inside)
    return (int(held[0]), int(held[-1])) if len(held) else (0, 0)


def _corners(across: float, down: float) -> Numbers:
    return np.array([[x, y, 1.0] for x in (0.0, across) for y in (0.0, down)])


def _fine(area: Pixels, own: Pixels, near: Numbers) -> tuple[float, Numbers]:
    """Correlation and map where they agree best; −1 where that leads nowhere.

    Source: Evangelidis and Psarakis (2008), enhanced correlation coefficient.
    """
    whole = np.full(area.shape, 255, np.uint8)
    start = near.astype(np.float32)
    try:
        likeness, matrix = cv2.findTransformECC(
            own, area, start, cv2.MOTION_AFFINE, _STOP, whole, _SMOOTHING_PX
        )
    except cv2.error as error:
        if error.code != cv2.Error.StsNoConv:
            raise
        return -1.0, near
    sizes = np.linalg.svd(matrix[:, :2] @ np.linalg.inv(near[:, :2]), compute_uv=False)
    if sizes[1] < _STRETCH[0] or sizes[0] > _STRETCH[1]:
        return -1.0, near
    return float(likeness), np.asarray(matrix, np.float64)


def _half(area: Pixels, own: Pixels, near: Numbers) -> float:
    """How like itself the better half of the line is: what is half covered is not bent."""
    middle = own.shape[1] // 2
    right = near.copy()
    right[:, 2] += near[:, 0] * middle
    halves = ((own[:, :middle], near), (own[:, middle:], right))
    return max(_fine(area, np.ascontiguousarray(half), start)[0] for half, start in halves)


def _searched(area: Pixels, own: Pixels, near: Numbers, search: int) -> tuple[float, Numbers]:
    """Correlation and map of the likest spot within `search` px of the line, without turning it."""
    wide = near.copy()
    wide[:, 2] -= near[:, :2].sum(axis=1) * search
    size = (own.shape[1] + 2 * search, own.shape[0] + 2 * search)
    match = cv2.matchTemplate(_fetched(area, wide, size), own, cv2.TM_CCOEFF_NORMED)
    _, likeness, _, (x, y) = cv2.minMaxLoc(match)
    shifted = near.copy()
    shifted[:, 2] += near[:, :2] @ np.array([x - search, y - search], np.float64)
    return float(likeness), shifted


def _fetched(area: Pixels, matrix: Numbers, size_px: tuple[int, int]) -> Pixels:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(area, matrix, size_px, flags=flags, borderMode=cv2.BORDER_REPLICATE)
