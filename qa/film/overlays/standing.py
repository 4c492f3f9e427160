"""What stands on the screen while the picture behind it goes on: its steps of brightness stay.

A mark, a caption and what lies still all have steps that go the same way at nearly every look; what
moves or flickers has none. So a line of letters is seen on any ground that does not stand itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from qa.film.found import Span
from qa.film.lines import Rect, patches, unlike
from qa.film.places.maps import ranked
from qa.film.reel import Reel
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Box

# Source for the constants: 67 marks and 64 captions planted in 17 generated clips (2026-11-23), see
# docs/video-judge.md.
_LOOKS = 12
_ODD = 0.2
_MARK_LEVELS = (5.0, 15.0, 40.0)
_CAPTION_LEVELS = (5.0, 10.0, 20.0, 40.0)
_GAP_SHARES = (0.014, 0.03, 0.05)
_AROUND = 2
_AROUND_S = 0.1
_TALLEST = 0.16
# How bare, and then how many strokes a height. Source: of 45 looks at captions 42 pass, of 118 at
# other places that come and stand 5, and 13 by the second, for letters on leaves (2026-11-23).
_BESIDE = 0.35
_WRITTEN = ((0.3, 2.5), (0.5, 3.0))
_STOOD = 0.5
_FEWEST_STEPS = 40
_KEEPS = 0.5
_NEAR_PX = 4
_ALIKE = 0.7
_ASIDE = 0.08


@dataclass(frozen=True, eq=False)
class Steady:
    """Steps of brightness that most of a few looks share, levels a pixel, each (h, w) float32.

    `across` and `down` are signed; 0 where looks disagree about the way.
    """

    across: Numbers
    down: Numbers

    @cached_property
    def strength(self) -> Numbers:
        """(h, w) float32: how steep they are."""
        return cv2.magnitude(self.across, self.down)


def steady_steps(looks: Pixels) -> Steady:
    """The steps that four of five of the looks (n, h, w) share: the least of those four."""
    odd = int(_ODD * len(looks))
    shared = []
    for way in ((1, 0), (0, 1)):
        planes = ranked([cv2.Sobel(look, cv2.CV_16S, *way, ksize=1) for look in looks])
        low, high = planes[odd], planes[-1 - odd]
        shared.append((np.maximum(low, 0) + np.minimum(high, 0)).astype(np.float32))
    return Steady(*shared)


def standing_steps(reel: Reel, *, span: Span) -> Steady:
    """The steps that stand from the first frame of a span to its last."""
    first, last = span
    picked = np.linspace(first, last, min(_LOOKS, last - first + 1)).astype(int)
    return steady_steps(reel.luma[picked])


def standing_lines(steady: Steady) -> list[Rect]:
    """Rectangles of the luma that may hold a line of letters that stands, most strokes first."""
    return _lines(steady, _MARK_LEVELS, side_px=min(steady.across.shape))


def coming_lines(reel: Reel, frame: int, *, area: Box, stood: Steady) -> list[tuple[Rect, Steady]]:
    """Rectangles of the luma where a line may stand about a frame that did not stand before.

    Each with its steps, those with most strokes first. Looked for only in the rows where what is
    as high as a line can reach out of the area above or below; `stood` are the steps of the shot.
    """
    height, width = reel.luma.shape[1:]
    reach = _TALLEST * min(height, width)
    bands = ((0, round(area[1] * height + reach)), (round(area[3] * height - reach), height))
    lines = []
    for top, bottom in ((max(0, top), min(height, bottom)) for top, bottom in bands):
        here = steady_steps(reel.luma[_around(reel, frame), top:bottom])
        new = stood.strength[top:bottom] < _STOOD * here.strength
        own = Steady(here.across * new, here.down * new)
        rects = _lines(own, _CAPTION_LEVELS, side_px=min(height, width))
        for x0, y0, x1, y1 in (rect for rect in rects if _is_written(own, rect)):
            held = Steady(own.across[y0:y1, x0:x1], own.down[y0:y1, x0:x1])
            lines.append(((x0, y0 + top, x1, y1 + top), held))
    return lines


def _is_written(steady: Steady, rect: Rect) -> bool:
    """True for a line as letters make it: many strokes for its height, bare above or below."""
    x0, y0, x1, y1 = rect
    high = y1 - y0
    room = max(2, round(_BESIDE * high))
    beside = (steady.strength[max(0, y0 - room) : y0], steady.strength[y1 : y1 + room])
    inside = float(steady.strength[y0:y1, x0:x1].mean())
    barest = min((float(rows[:, x0:x1].mean()) for rows in beside if rows.size), default=0.0)
    strokes = _turns(steady.across, steady.strength > _CAPTION_LEVELS[0], rect)
    fewest = next((few for bare, few in _WRITTEN if barest <= bare * inside), math.inf)
    return strokes * high >= fewest * (x1 - x0)


def has_steps(reel: Reel, rect: Rect, *, steady: Steady, step: int) -> Mask:
    """(n,) bool: frames in which the rectangle of the luma has its steps; every `step`th is seen.

    Half of them at least, whatever else it shows.
    """
    x0, y0, x1, y1 = rect
    looks = reel.luma[::step, y0:y1, x0:x1].astype(np.float32)
    across, down = steady.across[:, 1:-1], steady.down[1:-1]
    shares = np.tensordot(looks[:, :, 2:] - looks[:, :, :-2], across)
    shares += np.tensordot(looks[:, 2:] - looks[:, :-2], down)
    size = float((across * across).sum() + (down * down).sum())
    return np.repeat(shares > _KEEPS * max(size, 1e-3), step)[: reel.frames]


def keeps(reel: Reel, rect: Rect, *, steady: Steady, step: int) -> Mask:
    """(n,) bool: frames in which the rectangle of the luma has those steps; every `step`th is seen.

    A look has half of them at least, whatever else it shows, and nowhere near more of them: letters
    that wander slowly have more of them beside.
    """
    x0, y0, x1, y1 = rect
    wanted = [part[y0:y1, x0:x1] for part in (steady.across, steady.down)]
    size = max(sum(float((part * part).sum()) for part in wanted), 1e-3)
    kept = []
    for look in reel.luma[::step]:
        near, centre = _near(look, rect)
        parts = zip(_steps(near), wanted, strict=True)
        across, down = (cv2.matchTemplate(part, own, cv2.TM_CCORR) for part, own in parts)
        _, best, _, place = cv2.minMaxLoc(across + down)
        kept.append(best > _KEEPS * size and place == centre)
    return np.repeat(np.array(kept), step)[: reel.frames]


def wanders(reel: Reel, rect: Rect, *, frame: int, other: int, alike: float = _ALIKE) -> bool:
    """True where what one frame shows in the rectangle stands a little aside in the other.

    At least so much alike, -1..1. What lies at the picture's edge is left out: it may have gone
    beyond.
    """
    height, width = reel.luma.shape[1:]
    x0, x1 = max(_NEAR_PX, rect[0]), min(width - _NEAR_PX, rect[2])
    y0, y1 = max(_NEAR_PX, rect[1]), min(height - _NEAR_PX, rect[3])
    if min(x1 - x0, y1 - y0) < _NEAR_PX:
        return False
    near, centre = _near(reel.luma[other], (x0, y0, x1, y1))
    field = cv2.matchTemplate(near, reel.luma[frame, y0:y1, x0:x1], cv2.TM_CCOEFF_NORMED)
    _, best, _, place = cv2.minMaxLoc(field)
    here = float(field[centre[1], centre[0]])
    return bool(best > alike and place != centre and here < best - _ASIDE)


def _near(look: Pixels, rect: Rect) -> tuple[Pixels, tuple[int, int]]:
    """The rectangle with some room around, and where it begins in that."""
    x0, y0, x1, y1 = rect
    left, top = min(x0, _NEAR_PX), min(y0, _NEAR_PX)
    return look[y0 - top : y1 + _NEAR_PX, x0 - left : x1 + _NEAR_PX], (left, top)


def _steps(look: Pixels) -> list[Numbers]:
    return [cv2.Sobel(look, cv2.CV_32F, *way, ksize=1) for way in ((1, 0), (0, 1))]


def _around(reel: Reel, frame: int) -> Numbers:
    step = max(1, round(_AROUND_S * reel.fps))
    return np.clip(frame + step * np.arange(-_AROUND, _AROUND + 1), 0, reel.frames - 1)


def _lines(steady: Steady, levels: Sequence[float], *, side_px: int) -> list[Rect]:
    found: list[tuple[int, Rect]] = []
    for level in levels:
        strong = steady.strength > level
        if np.count_nonzero(strong) < _FEWEST_STEPS:
            continue
        for share in _GAP_SHARES:
            gap = max(3, round(share * max(strong.shape)))
            rects = patches(strong, gap=gap, side_px=side_px)
            found += [(_turns(steady.across, strong, rect), rect) for rect in rects]
    return unlike(found)


def _turns(across: Numbers, strong: Mask, rect: Rect) -> int:
    """How often a row's steps change their way, the median of the middle rows.

    It tells strokes apart that are too near for gaps between their steps.
    """
    x0, y0, x1, y1 = rect
    high = y1 - y0
    turns = []
    for row in range(y0 + high // 4, max(y0 + high // 4 + 1, y0 + 3 * high // 4)):
        up = across[row, x0:x1][strong[row, x0:x1] & (across[row, x0:x1] != 0)] > 0
        turns.append(np.count_nonzero(up[1:] != up[:-1]) + 1)
    return sorted(turns)[len(turns) // 2]
