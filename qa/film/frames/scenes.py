"""Shots that are one scene: what goes on after a hold may look cut off from it."""

from __future__ import annotations

import cv2
import numpy as np

from qa.film.found import Span
from qa.film.places.maps import median_of, shared
from qa.film.reel import Reel
from qa.film.shots import COMPARED_PX, likeness, outlines
from qa.vision.arrays import Numbers, Pixels

_REACH = 18
_NO_CUT = 1.5
"""Source: freezes planted in two fast clips go on by 0.85 to 1.4 times the motion around
(2026-11-23)."""

_HELD_STEPS, _HELD_LEVELS = 3, 0.25
_SAME_SCENE = 0.33
"""Source: across 40 real cuts outlines correlate by 0.17 at most wherever the second picture is
laid; where a hold leaps on into other light, or as far as a pan went meanwhile, by 0.48 and more
(2026-11-23)."""


def scenes(reel: Reel, change: Numbers) -> list[Span]:
    """The shots, joined where one scene goes on.

    There the step between two shots is no wider than the motion in both; or the picture stood
    before it, and its outlines are found again afterwards, shifted at most. `change` (n,) levels of
    each step.
    """
    joined = [*reel.shots[:1]]
    for first, last in reel.shots[1:]:
        beside = (
            change[max(joined[-1][0] + 1, first - _REACH) : first],
            change[first + 1 : min(last, first + _REACH) + 1],
        )
        usual = min(typical(steps) if len(steps) else 0.0 for steps in beside)
        stood = change[max(0, first - _HELD_STEPS) : first].min() <= _HELD_LEVELS
        if change[first] <= _NO_CUT * usual or (stood and _goes_on(reel.luma, first)):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def typical(values: Numbers) -> float:
    """The motion where there is any: the median of the upper half."""
    ordered = np.sort(values)
    return float(median_of(ordered[len(ordered) // 2 :]))


def _goes_on(luma: Pixels, first: int) -> bool:
    """True when the outlines before the frame are found in it. About 1.5 ms."""
    one, two = outlines(luma[first - 1]), outlines(luma[first])
    return max(likeness(one, two), _shifted(one, two)) >= _SAME_SCENE


def _shifted(one: Numbers, two: Numbers) -> float:
    """How far the outlines are the same when laid over each other by phase correlation."""
    window = cv2.createHanningWindow(COMPARED_PX, cv2.CV_32F)
    found = (cv2.phaseCorrelate(*steps, window)[0] for steps in zip(one, two, strict=True))
    return max(_laid(one, two, across=round(x), down=round(y)) for x, y in found)


def _laid(one: Numbers, two: Numbers, *, across: int, down: int) -> float:
    """The likeness where both overlap, the second moved by so many pixels."""
    side = COMPARED_PX[0]
    rows, columns = shared(side, moved=down), shared(side, moved=across)
    return likeness(one[:, rows[0], columns[0]], two[:, rows[1], columns[1]])
