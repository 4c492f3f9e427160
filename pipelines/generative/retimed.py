"""Frames at another rate than the model's: what lies between two is interpolated along motion."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np

from pipelines.timeline.bridge import Motion, motion_between
from pipelines.timeline.flow import warped


def retimed(
    frames: Iterator[np.ndarray], *, fps: int, out_fps: int, count: int
) -> Iterator[np.ndarray]:
    """`count` frames (H, W, 3) uint8 at `out_fps` of frames at `fps`; the last one stays.

    Where motion does not explain the step between two frames the nearer one is shown.
    """
    if fps == out_fps:
        yield from _held(frames, count)
        return
    step, pair = Fraction(fps, out_fps), _Pair(frames)
    for index in range(count):
        at = index * step
        pair.go_to(int(at))
        yield pair.between(float(at - int(at)))


class _Pair:
    """Two frames that follow each other, and the motion between them once it is asked for."""

    def __init__(self, frames: Iterator[np.ndarray]) -> None:
        self._frames = frames
        self._one = next(frames)
        self._other = next(frames, self._one)
        self._place = 0
        self._motion: Motion | None = None

    def go_to(self, place: int) -> None:
        """Moves on until the first of the two is the frame of that number."""
        while self._place < place:
            self._one, self._other = self._other, next(self._frames, self._other)
            self._place += 1
            self._motion = None

    def between(self, share: float) -> np.ndarray:
        """The frame that lies `share` of the way to the second one."""
        if not share:
            return self._one
        if self._motion is None:
            self._motion = motion_between(_luma(self._one), _luma(self._other))
        return _between(self._one, self._other, self._motion, share)


def _held(frames: Iterator[np.ndarray], count: int) -> Iterator[np.ndarray]:
    last = None
    for _ in range(count):
        last = next(frames, last)
        if last is not None:
            yield last


def _between(one: np.ndarray, other: np.ndarray, motion: Motion, share: float) -> np.ndarray:
    if not motion.trusted:
        return one if share < 0.5 else other
    planes = [
        (1 - share) * warped(np.ascontiguousarray(one[..., each]), motion.forth, share)
        + share * warped(np.ascontiguousarray(other[..., each]), motion.back, 1 - share)
        for each in range(3)
    ]
    return np.rint(np.dstack(planes)).clip(0, 255).astype(np.uint8)


def _luma(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
