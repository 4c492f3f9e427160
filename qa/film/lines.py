"""Where lines of letters may stand in a picture: rows of fine strokes, found without a network."""

from __future__ import annotations

import cv2
import numpy as np

from qa.vision.arrays import Mask, Pixels

Rect = tuple[int, int, int, int]
"""(x0, y0, x1, y1) in pixels."""

_WORK_PX = 640
_STEP_LEVELS = 14.0
_LINE_SHARES = (0.018, 0.16)
_LEAST_ASPECT = 1.7
_FILL = (0.2, 0.95)
_FEWEST_STROKES = 6
_MARGIN = 0.2


def lines_of(rgb: Pixels) -> list[Rect]:
    """Rectangles that may hold a line of letters, those with most strokes first.

    `rgb` (H, W, 3) uint8. A line is a long low patch, dense with steps of 14 levels or more, that
    a row through it crosses six times or more.
    """
    scale = min(1.0, _WORK_PX / max(rgb.shape[:2]))
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if scale < 1.0:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    steps = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    strong = steps > max(_STEP_LEVELS, float(steps.mean() + steps.std()))
    found: list[tuple[int, Rect]] = []
    for share in (0.014, 0.03):
        found += _patches(strong, gap=max(3, round(share * max(gray.shape))), gray=gray)
    found.sort(key=lambda item: -item[0])
    kept: list[Rect] = []
    for _, rect in found:
        if not any(_same(rect, other) for other in kept):
            kept.append(rect)
    return [_grown(rect, 1.0 / scale, rgb) for rect in kept]


def _patches(strong: Mask, *, gap: int, gray: Pixels) -> list[tuple[int, Rect]]:
    """(strokes, rectangle) of patches joined across gaps of that many pixels."""
    kernel = np.ones((1, gap), np.uint8)
    joined = cv2.morphologyEx(strong.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((3, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    low, high = (share * min(gray.shape) for share in _LINE_SHARES)
    across, down = stats[1:count, cv2.CC_STAT_WIDTH], stats[1:count, cv2.CC_STAT_HEIGHT]
    fits = (low <= down) & (down <= high) & (across >= _LEAST_ASPECT * down)
    patches = []
    for x, y, width, height, _ in stats[1:count][fits].tolist():
        fill = float(strong[y : y + height, x : x + width].mean())
        strokes = _strokes(strong[y : y + height, x : x + width])
        if _FILL[0] <= fill <= _FILL[1] and strokes >= _FEWEST_STROKES:
            patches.append((strokes, (x, y, x + width, y + height)))
    return patches


def _strokes(strong: Mask) -> int:
    """How often the middle rows go in and out of strong steps, the median of them."""
    rows = strong[len(strong) // 4 : max(len(strong) // 4 + 1, 3 * len(strong) // 4)]
    return int(np.median(np.abs(np.diff(rows.astype(np.int8), axis=1)).sum(axis=1)))


def _same(one: Rect, two: Rect) -> bool:
    across = min(one[2], two[2]) - max(one[0], two[0])
    down = min(one[3], two[3]) - max(one[1], two[1])
    if across <= 0 or down <= 0:
        return False
    smaller = min((r[2] - r[0]) * (r[3] - r[1]) for r in (one, two))
    return across * down > 0.6 * smaller


def _grown(rect: Rect, scale: float, rgb: Pixels) -> Rect:
    """The rectangle in the picture's pixels with a margin of a fifth of its height."""
    margin = _MARGIN * (rect[3] - rect[1])
    x0, y0, x1, y1 = (
        round(side * scale)
        for side in (rect[0] - margin, rect[1] - margin, rect[2] + margin, rect[3] + margin)
    )
    height, width = rgb.shape[:2]
    return max(0, x0), max(0, y0), min(width, x1), min(height, y1)
