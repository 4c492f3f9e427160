"""Do the letters of a line that stands on the screen waver before it stands, or after?

A caption fades in and out, comes word by word, or gives way to the next one within a moment; what
stands in its place is still otherwise. Letters that wander are another picture at every look.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from qa.film.found import Span, runs
from qa.film.letters.followed import Line, Look, Steps
from qa.vision.arrays import Mask, Numbers

# Source for the constants: 11 captions of designed clips with planted letters waver for 5 to 9
# steps, what changes beside them does for 3 at most (2026-11-22), see docs/video-judge.md.
_STANDS = 0.85
_FEWEST_STANDING = 3
_ELSEWHERE = 0.8
_CHANGES = 0.6
_STROKES = 0.45
_FEWEST_WAVERING = 4
_BESIDE_S = 0.4
_APART_HEIGHTS = 0.5
_RING_HEIGHTS = 1.2
_ALONE = 2.5


def wavering(steps: Steps, line: Line, looks: Sequence[Look | None]) -> tuple[float, Span]:
    """How unlike look is to look while the letters waver, 0..1, and the steps (first, last).

    0 for a line that does not stand on the screen for three looks. Wavering: what stands in its
    place is rich in strokes, is another picture at every look, four and more of them, while what
    lies around stays; a line that is found elsewhere (`looks`) has moved.
    """
    shown = _strokes(steps, line)
    sizes = np.sqrt((shown**2).mean(axis=(1, 2))) + 1e-3
    alike = (shown * shown[line.step]).mean(axis=(1, 2)) / (sizes * sizes[line.step])
    along = (shown[1:] * shown[:-1]).mean(axis=(1, 2)) / (sizes[1:] * sizes[:-1])
    changes = np.concatenate([[0.0], 1.0 - along])
    here = np.array([look is not None and look.likeness < _ELSEWHERE for look in looks])
    wavers = (changes > 1.0 - _CHANGES) & (sizes > _STROKES * sizes[line.step]) & here
    stands = np.zeros(len(alike), bool)
    for first, last in runs(alike >= _STANDS):
        stands[first : last + 1] = last - first + 1 >= _FEWEST_STANDING
    depth, span = _strongest(wavers, stands, changes, reach=round(_BESIDE_S / steps.step_s))
    return (depth, span) if depth and _is_alone(steps, line, span) else (0.0, span)


def _strongest(wavers: Mask, stands: Mask, changes: Numbers, *, reach: int) -> tuple[float, Span]:
    best, where = 0.0, (0, 0)
    for first, last in runs(wavers):
        beside = stands[max(0, first - reach) : last + reach + 1].any()
        change = min(1.0, float(changes[first : last + 1].mean()))
        if beside and last - first + 1 >= _FEWEST_WAVERING and change > best:
            best, where = change, (first, last)
    return best, where


def _is_alone(steps: Steps, line: Line, span: Span) -> bool:
    """True when the line's place changes far more than the rows above and below it."""
    left, top, width, height = _place(line)
    near, far = (round(share * height) for share in (_APART_HEIGHTS, _RING_HEIGHTS))
    changes = np.abs(np.diff(steps.luma[span[0] - 1 : span[1] + 1].astype(np.float32), axis=0))
    across = changes[:, :, left : left + width].mean(axis=(0, 2))
    around = [
        *across[max(0, top - far) : max(0, top - near)],
        *across[top + height + near : top + height + far],
    ]
    inside = float(across[top : top + height].mean())
    return bool(around) and inside > _ALONE * float(np.median(around))


def _strokes(steps: Steps, line: Line) -> Numbers:
    """(n, h, w) float32: what stands in the line's place at every step, without its ground."""
    left, top, width, height = _place(line)
    reach = height | 1
    window = steps.luma[:, top : top + height, left : left + width].astype(np.float32)
    return np.stack([part - cv2.blur(part, (reach, reach)) for part in window])


def _place(line: Line) -> tuple[int, int, int, int]:
    """(left, top, width, height) in the luma's px."""
    left, top = (round(float(line.matrix[axis, 2])) for axis in (0, 1))
    return left, top, *line.size_px
