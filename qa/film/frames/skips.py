"""Steps that lead farther along the motion than those beside them: frames are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import cv2
import numpy as np

from qa.film.found import Span, around
from qa.film.frames.leaps import leaps
from qa.film.places.maps import median_of
from qa.film.pulse import Pulse
from qa.film.reel import Reel
from qa.vision.arrays import Numbers

_LEAST_MOTION = 0.3
_SPIKE = 1.45
_FLOW_LEAST_PX = 0.15
_BASELINE = 3
_SAME_WAY = 0.5
_MOVING_SHARE = 0.01
_FLOWS_KEPT = 12
_NO_SKIP = 1.6

Flow = Callable[[int, int], Numbers]
"""(h, w, 2) pixels from one frame of a reel to another."""


def flow_between(reel: Reel) -> Flow:
    """The flow between any two frames of a reel; the last dozen are kept."""
    return lru_cache(maxsize=_FLOWS_KEPT)(partial(_flow, reel))


def strides(reel: Reel, pulse: Pulse, shot: Span, *, flow: Flow) -> Iterator[tuple[int, float]]:
    """Steps that lead farther than those beside them, and how many times as far."""
    sudden = leaps(pulse, shot)
    yield from sudden.items()
    for index in _spikes(pulse.activity, shot):
        if index not in sudden:
            yield index, _skip(reel, index, flow)


def _spikes(change: Numbers, shot: Span) -> Iterator[int]:
    """Single steps that change clearly more than those before and after."""
    for index in range(shot[0] + 3, shot[1] - 1):
        near = around(change[shot[0] + 1 : shot[1] + 1], index - shot[0] - 1, reach=3)
        usual = float(median_of(np.sort(near)[-4:]))
        if usual >= _LEAST_MOTION and change[index] >= _SPIKE * usual:
            yield index


def _skip(reel: Reel, index: int, flow: Flow) -> float:
    """How much farther the step to `index` leads than the steps around; 0 when it leads elsewhere.

    Their motion is the mean over three frames before and three after: slow things need that. A
    hand that trembles goes to and fro: the step must also be longer than each of those beside it.
    """
    first, last = next(shot for shot in reel.shots if shot[0] <= index <= shot[1])
    start, end = max(first, index - 1 - _BASELINE), min(last, index + _BASELINE)
    before = flow(start, index - 1) / (index - 1 - start)
    after = flow(index, end) / (end - index)
    usual = (before + after) / 2
    here = flow(index - 1, index)
    speed = _lengths(usual)
    moving = speed > max(_FLOW_LEAST_PX, 0.3 * float(np.percentile(speed, 98)))
    if moving.mean() < _MOVING_SHARE:
        return 0.0
    ratio = (here[moving] * usual[moving]).sum(axis=1) / speed[moving] ** 2
    farther = float(np.median(ratio))
    same = np.abs(ratio / max(farther, 1e-3) - 1.0) < 0.6
    if same.mean() < _SAME_WAY:
        return 0.0
    if farther < _NO_SKIP:
        return farther
    steps = (index - 2, index - 1, index + 1, index + 2)
    flows = (flow(step - 1, step) for step in steps if 1 <= step < reel.frames)
    beside = max(float(np.median(_lengths(each)[moving])) for each in flows)
    length = float(np.median(_lengths(here)[moving]))
    return min(farther, length / max(beside, _FLOW_LEAST_PX))


def _lengths(flow: Numbers) -> Numbers:
    return cv2.magnitude(*cv2.split(flow))


def _flow(reel: Reel, one: int, two: int) -> Numbers:
    motion = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    unknown: Any = None
    return motion.calc(reel.luma[one], reel.luma[two], unknown)
