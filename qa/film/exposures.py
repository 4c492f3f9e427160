"""Double exposures in clips of few frames a second, where much moves from one frame to the next.

What flow cannot fetch from the frame before is held against other moments: where one shines
through, it sets in at one frame and goes at another, the same number of frames away at both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from qa.film.found import Span
from qa.film.surprise import warped
from qa.vision.arrays import Mask, Numbers, Pixels

# Source for the constants: 15 clean generated clips of few frames a second, of both halves, and 26
# ghosts planted in those of one half (2026-11-22), see docs/video-judge.md.
_SHRINK = 2
_SOFT_PX = (3, 3)
_NEAREST, _FARTHEST_S = 2, 0.6
_SHORTEST, _LONGEST_S = 3, 1.5
_USUAL_REACH = 4
_FLOOR_LEVELS2 = 2.0
_SUDDEN = 1.3
_BALANCED = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A stretch of frames through which another moment shines, and how surely, 0..1."""

    span: Span
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Steps:
    """Each frame of a shot against what its neighbour on one side lets expect.

    `left` (n,) mean square levels that flow cannot fetch; `shared` and `apart` (n, k), for each
    distance in frames: its mean product with the difference to that moment, and that difference's
    mean square. All 0 where there is no such frame.
    """

    left: Numbers
    shared: Numbers
    apart: Numbers

    @property
    def sudden(self) -> Numbers:
        """(n,) what is left as a multiple of the median within four frames."""
        places = np.arange(len(self.left))
        usual = [
            np.median(self.left[(abs(places - at) <= _USUAL_REACH) & (places != at)])
            for at in places
        ]
        return self.left / (np.array(usual) + _FLOOR_LEVELS2)


def exposure(luma: Pixels, fps: float, *, uneven: Mask) -> Exposure | None:
    """The surest double exposure of a shot's frames, luma (n, h, w) uint8; None where none is.

    Frames beside repeated ones, `uneven` (n,), prove nothing. About 0.6 ms a frame.
    """
    distances = _distances(fps)
    if len(luma) <= 2 * _NEAREST:
        return None
    entering, leaving = _steps(luma, distances)
    entering.left[uneven], leaving.left[uneven] = 0.0, 0.0
    sudden = entering.sudden, leaving.sudden
    best = Exposure(span=(0, 0), likeness=0.0)
    for length in range(_SHORTEST, min(len(luma), round(_LONGEST_S * fps))):
        one, two = slice(0, len(luma) - length), slice(length, len(luma))
        at_once = np.minimum(sudden[0][one], sudden[1][two])[:, None]
        sure = _likeness(entering, one, leaving, two) * np.minimum(1.0, at_once / _SUDDEN)
        first = int(np.unravel_index(sure.argmax(), sure.shape)[0])
        if sure.max() > best.likeness:
            best = Exposure(span=(first, first + length), likeness=float(sure.max()))
    return best if best.likeness else None


def _distances(fps: float) -> list[int]:
    farthest = max(3, round(_FARTHEST_S * fps))
    return [way * far for way in (-1, 1) for far in range(_NEAREST, farthest + 1)]


def _steps(luma: Pixels, distances: list[int]) -> tuple[_Steps, _Steps]:
    """Every frame as expected from the one before (entering), and from the one after (leaving)."""
    count, height, width = luma.shape
    size = (width // _SHRINK, height // _SHRINK)
    small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in luma]
    soft = [cv2.blur(frame.astype(np.float32), _SOFT_PX) for frame in small]
    shape = (count, len(distances))
    entering, leaving = (
        _Steps(left=np.zeros(count), shared=np.zeros(shape), apart=np.zeros(shape))
        for _ in range(2)
    )
    for at, flow in enumerate(_flows(small), start=1):
        _compare(entering, at, soft, warped(soft[at - 1], -flow), distances)
        _compare(leaving, at - 1, soft, warped(soft[at], flow), distances)
    return entering, leaving


def _flows(small: list[Pixels]) -> Iterator[Numbers]:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    empty = np.zeros((*small[0].shape, 2), np.float32)
    for one, two in pairwise(small):
        yield flow.calc(one, two, empty.copy())


def _compare(
    steps: _Steps, at: int, soft: list[Numbers], expected: Numbers, distances: list[int]
) -> None:
    left = (soft[at] - expected).ravel()
    steps.left[at] = float(left @ left) / left.size
    for column, distance in enumerate(distances):
        if 0 <= at + distance < len(soft):
            other = (soft[at + distance] - expected).ravel()
            steps.shared[at, column] = float(other @ left) / left.size
            steps.apart[at, column] = float(other @ other) / left.size


def _likeness(entering: _Steps, one: slice, leaving: _Steps, two: slice) -> Numbers:
    """How well one moment explains both ends of a stretch, 0..1, frames × distances.

    The mean (geometric) of the worse explained end and of both together; less where it shines
    through one end more strongly than through the other by a quarter and more.
    """
    left = entering.left[one][:, None], leaving.left[two][:, None]
    shared = np.maximum(entering.shared[one], 0.0), np.maximum(leaving.shared[two], 0.0)
    apart = np.maximum(entering.apart[one], 1e-6), np.maximum(leaving.apart[two], 1e-6)
    ends = (
        s / np.sqrt(np.maximum(a * r, 1e-6)) for s, a, r in zip(shared, apart, left, strict=True)
    )
    both = sum(shared) / np.sqrt(np.maximum(sum(apart) * sum(left), 1e-6))
    shares = shared[0] / apart[0], shared[1] / apart[1]
    balance = np.minimum(*shares) / np.maximum(np.maximum(*shares), 1e-2)
    alike = np.sqrt(np.minimum(*ends) * both) * np.minimum(1.0, balance / _BALANCED)
    return np.where((left[0] > 0.0) & (left[1] > 0.0), alike, 0.0)
