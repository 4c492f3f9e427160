"""What a clip that repeats itself does not repeat.

In a loop every frame has twins a turn or two away. However wildly it moves, flow or no flow, what
differs from them all is a fault, at exactly its frames and place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from qa.film.found import Span, cells_box, runs
from qa.film.places.maps import cells
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Box

# Source for the constants: a gallop of 49 frames, its twins 0.025 steps away and its cells within 3
# levels of them, faults planted in it 40 to 60; 70 clips that are no loops: 0.8 steps and more.
_EVERY_PX = 4
_LOOKED_AT = 12
_TWINS = 2
_APART_S = 0.6
_REPEATS = 0.1
_LEAST_STEP_LEVELS = 3.0
_FEWEST_FRAMES = 12
_FLOOR_LEVELS = 4.0
_TIMES_USUAL = 3.0
_MOST_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrepeated:
    """Frames of a shot (first, last) whose twins show something else in a box, over the limit."""

    frames: Span
    number: float
    box: Box
    barer: bool


def unrepeated(frames: Numbers, fps: float) -> Iterator[Unrepeated]:
    """What differs from its twins in a shot, (n, h, w) float32 luma; nothing where it is no loop.

    0.1 ms a second of film that is none: a dozen frames are looked at for twins first.
    """
    twins = _twins(frames, fps)
    if twins is None:
        return
    apart = np.stack([_apart(frames, at, beside) for at, beside in enumerate(twins)])
    most = apart.reshape(len(apart), -1).max(axis=1)
    limit = _FLOOR_LEVELS + _TIMES_USUAL * float(np.median(most))
    if (most > limit).mean() > _MOST_SHARE:
        return
    for first, last in runs(most > limit):
        place = apart[first : last + 1].max(axis=0) > limit
        yield Unrepeated(
            frames=(first, last),
            number=float(most[first : last + 1].max()) / limit,
            box=cells_box(place),
            barer=_rough(frames[first], place) < _rough(frames[twins[first][0]], place),
        )


def _twins(frames: Numbers, fps: float) -> Numbers | None:
    """(n, 2) the frames most like each frame, not near it in time; None where it is no loop."""
    count = len(frames)
    if count < _FEWEST_FRAMES:
        return None
    small = frames[:, ::_EVERY_PX, ::_EVERY_PX].reshape(count, -1)
    flat = small - small.mean(axis=0)
    step = float(np.median(np.sqrt(np.square(np.diff(flat, axis=0)).mean(axis=1))))
    if step < _LEAST_STEP_LEVELS:
        return None
    some = np.arange(0, count, -(-count // _LOOKED_AT))
    _, farther = _nearest(flat, some, _APART_S * fps)
    if float(np.median(farther)) > _REPEATS * step:
        return None
    return _nearest(flat, np.arange(count), _APART_S * fps)[0]


def _nearest(flat: Numbers, some: Numbers, apart_frames: float) -> tuple[Numbers, Numbers]:
    """Of some frames the two likest ones (k, 2), and how unlike the second is, in levels."""
    squares = np.square(flat).sum(axis=1)
    between = squares[some, None] + squares[None] - 2 * flat[some] @ flat.T
    between[np.abs(some[:, None] - np.arange(len(flat))[None]) <= apart_frames] = np.inf
    likest = np.argsort(between, axis=1)[:, :_TWINS]
    farther = np.take_along_axis(between, likest[:, -1:], axis=1)[:, 0]
    return likest, np.sqrt(np.maximum(farther, 0.0) / flat.shape[1])


def _apart(frames: Numbers, at: int, twins: Numbers) -> Numbers:
    """(16, 16) levels by which each cell differs from its likest twin."""
    return np.min([cells(cv2.absdiff(frames[at], frames[twin])) for twin in twins], axis=0)


def _rough(frame: Numbers, place: Mask) -> float:
    """How much a frame's levels vary at the cells of a place."""
    height, width = frame.shape
    where = cv2.resize(place.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return float(frame[where].std())
