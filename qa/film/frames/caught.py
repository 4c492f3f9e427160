"""Frames held while their motion went on, told by the step that catches up afterwards.

In slow motion a held picture is not quite still: the coder works at it, and changes it by up to a
half of what a step of the motion changes. What is held has not moved, though, and the step after
leads as far as all that were left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qa.film.found import Span
from qa.film.frames.scenes import typical
from qa.film.pulse import Pulse
from qa.film.reel import Reel
from qa.vision.arrays import Mask, Numbers, Pixels

_REACH = 3
_CALMER, _CALMER_THAN_BEFORE = 0.6, 0.9
_HELD, _CAUGHT_UP = 0.5, 1.3
_TOGETHER = (1.4, 3.2)
_LEAST_MOTION2 = 0.03**2
_FEWEST = 4
"""Repeats within a second. Source: of 195 clean clips three people in a trembling hand reach 3, the
next 1; 62 stretches of repeats planted in designed clips 4 and more (2026-11-23)."""

_BESIDE = 6
_LEAP_LEVELS, _LEAP_TIMES = 3.0, 1.4
_STILL_LEVELS, _STILL = (0.12, 0.25), 0.3
_STILL_FAST, _STILL_MOST = 0.15, 0.5
_FEWEST_BEFORE = 2
_BUMP_LEVELS, _BEFORE_LEAP = 1.5, 2
_SLOWEST, _ABRUPT, _AT_ONCE = 0.25, 0.65, 0.15
_SHORTEST_S = 0.2


def repeats(reel: Reel, pulse: Pulse, shot: Span) -> Mask:
    """(n,) bool over the whole clip: frames of the shot that show the moment before once more.

    Each is a step that leads half as far as a usual one at most, and is caught up by the next one:
    both together lead about as far as two. Only where four and more lie within a second. How far:
    the share of the motion over the eight steps around in what the step changes, over the whole
    picture, so that what the coder adds does not count. About 0.1 ms a step that is calmer than the
    one after; others are not looked at.
    """
    window = max(_FEWEST, round(reel.fps))
    flags = _often(_calmer(pulse.change, shot), window)
    for at in np.flatnonzero(flags):
        flags[at] = _is_caught_up(reel.luma, int(at), shot)
    return _often(flags, window)


def _calmer(change: Numbers, shot: Span) -> Mask:
    """(n,) bool: steps that change clearly less than the next one and no more than the last."""
    flags = np.zeros(len(change), bool)
    first, last = shot[0] + 2, shot[1]
    here = change[first:last]
    after, before = change[first + 1 : last + 1], change[first - 1 : last - 1]
    flags[first:last] = (here <= _CALMER * after) & (here <= _CALMER_THAN_BEFORE * before)
    return flags


def _often(flags: Mask, window: int) -> Mask:
    """The flags without those that no window holds four of."""
    kept = np.zeros_like(flags)
    places = np.flatnonzero(flags)
    for first, last in zip(places, places[_FEWEST - 1 :], strict=False):
        if last - first < window:
            kept[first : last + 1] = True
    return kept & flags


def _is_caught_up(luma: Pixels, at: int, shot: Span) -> bool:
    """True when the step to the frame leads nowhere and the next one as far as both."""
    first, last = max(shot[0], at - 1 - _REACH), min(shot[1], at + 1 + _REACH)
    motion = _difference(luma[last], luma[first]) / (last - first)
    energy = float(motion @ motion)
    if energy < _LEAST_MOTION2 * motion.size:
        return False
    held, next_one = (
        float(motion @ _difference(luma[step], luma[step - 1])) / energy for step in (at, at + 1)
    )
    together = _TOGETHER[0] <= held + next_one <= _TOGETHER[1]
    return held <= _HELD and next_one >= _CAUGHT_UP and together


def _difference(one: Pixels, two: Pixels) -> Numbers:
    """(pixels,) float32: how much brighter the one is than the other."""
    return np.subtract(one, two, dtype=np.float32).ravel()


def holds(change: Numbers, shot: Span, *, fps: float) -> Iterator[Span]:
    """Stretches of 0.2 s and more that begin at full speed, stand still, and end with a leap.

    `change` (n,) levels of each step. Still: 0.12 levels, more where what follows moves faster. The
    leap is far longer than the steps on both sides, and what goes on goes on at once; single
    steps of coding afresh in between don't count, nor do the two before the leap. A hold before a
    cut is an edit.
    Source: of 415 clean clips none stands so before a step of three levels (2026-11-23).
    """
    start = shot[0] + _FEWEST_BEFORE + 1
    for leap in range(start + 1 + _BEFORE_LEAP, shot[1] - 1):
        stood = change[leap - 1 - _BEFORE_LEAP : leap].min() <= _STILL_MOST
        if change[leap] < _LEAP_LEVELS or not stood:
            continue
        after = typical(change[leap + 1 : leap + 1 + _BESIDE])
        for still in _still_levels(after):
            first = _stood_from(change, leap, start=start, still=still)
            long = leap - first >= max(3, round(_SHORTEST_S * fps))
            before = change[shot[0] + 1 : first]
            if long and _is_leap(before, change[first:], at=leap - first, after=after):
                yield first, leap - 1
                break


def _still_levels(after: float) -> tuple[float, float]:
    """Up to where a step is still in slow motion, and in fast, before so much of it."""
    slow = float(np.clip(_STILL * after, *_STILL_LEVELS))
    return slow, max(slow, min(_STILL_FAST * after, _STILL_MOST))


def _stood_from(change: Numbers, leap: int, *, start: int, still: float) -> int:
    """The first of the still steps that end right before the leap, `start` at the earliest."""
    at = leap - 1
    while at >= start:
        alone = at >= leap - _BEFORE_LEAP or max(change[at - 1], change[at + 1]) <= still
        if change[at] > (_BUMP_LEVELS if alone else still):
            break
        at -= 1
    return at + 1


def _is_leap(before: Numbers, change: Numbers, *, at: int, after: float) -> bool:
    """True when motion stops at once before the stretch of `at` steps, and leaps on at its end.

    At once: at its full speed, or from one step to the next. `before` are the steps of the shot up
    to the stretch, `change` those from its first on.
    """
    usual = typical(before[-_BESIDE:])
    inside = float(np.median(change[:at]))
    full = before[-2:].max() >= _ABRUPT * usual
    stops = full or float(change[:3].mean()) <= _AT_ONCE * before[-1]
    goes_on = change[at + 1 : at + 3].max() >= _SLOWEST
    leapt = change[at] >= _LEAP_TIMES * max(after, float(before[-3:].max()))
    moved = usual >= max(_SLOWEST, inside / _STILL)
    return bool(moved and stops and goes_on and leapt)
