"""What stands on the screen while the picture behind it goes on: its steps of brightness stay.

A mark, a caption and what lies still all have steps that go the same way at nearly every look; what
moves or flickers has none. So a line of letters is seen on any ground that does not stand itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from qa.film.lines import Rect, patches, unlike
from qa.film.maps import ranked
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


def standing_steps(reel: Reel) -> Steady:
    """The steps that stand through the clip."""
    return steady_steps(reel.luma[_spread(reel)])


def standing_lines(steady: Steady) -> list[Rect]:
    """Rectangles of the luma that may hold a line of letters that stands, most strokes first."""
    return _lines(steady, _MARK_LEVELS, side_px=min(steady.across.shape))


def coming_lines(reel: Reel, frame: int, *, area: Box, stood: Steady) -> list[tuple[Rect, Mask]]:
    """Rectangles of the luma where a line may stand about a frame, and not through the clip.

    Each with the frames (n,) bool in which it stands, those with most strokes first. Looked for
    only in the rows where what is as high as a line can reach out of the area above or below;
    `stood` are the steps of the whole clip.
    """
    height, width = reel.luma.shape[1:]
    reach = _TALLEST * min(height, width)
    bands = ((0, round(area[1] * height + reach)), (round(area[3] * height - reach), height))
    step = max(1, round(_AROUND_S * reel.fps))
    lines = []
    for top, bottom in bands:
        rows = slice(max(0, top), min(height, bottom))
        seen = replace(reel, luma=reel.luma[:, rows])
        here = steady_steps(seen.luma[_around(reel, frame)])
        new = stood.strength[rows] < _STOOD * here.strength
        own = Steady(here.across * new, here.down * new)
        for rect in _lines(own, _CAPTION_LEVELS, side_px=min(height, width)):
            x0, y0, x1, y1 = rect
            moved = (x0, y0 + rows.start, x1, y1 + rows.start)
            lines.append((moved, keeps(seen, rect, steady=own, step=step)))
    return lines


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


def wanders(reel: Reel, rect: Rect, *, frame: int, other: int) -> bool:
    """True where what one frame shows in the rectangle stands a little aside in the other."""
    x0, y0, x1, y1 = rect
    near, centre = _near(reel.luma[other], rect)
    alike = cv2.matchTemplate(near, reel.luma[frame, y0:y1, x0:x1], cv2.TM_CCOEFF_NORMED)
    _, best, _, place = cv2.minMaxLoc(alike)
    here = float(alike[centre[1], centre[0]])
    return bool(best > _ALIKE and place != centre and here < best - _ASIDE)


def _near(look: Pixels, rect: Rect) -> tuple[Pixels, tuple[int, int]]:
    """The rectangle with some room around, and where it begins in that."""
    x0, y0, x1, y1 = rect
    left, top = min(x0, _NEAR_PX), min(y0, _NEAR_PX)
    return look[y0 - top : y1 + _NEAR_PX, x0 - left : x1 + _NEAR_PX], (left, top)


def _steps(look: Pixels) -> list[Numbers]:
    return [cv2.Sobel(look, cv2.CV_32F, *way, ksize=1) for way in ((1, 0), (0, 1))]


def _spread(reel: Reel) -> Numbers:
    return np.linspace(0, reel.frames - 1, min(_LOOKS, reel.frames)).astype(int)


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
    return int(np.median(turns))
