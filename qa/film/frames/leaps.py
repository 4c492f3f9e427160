"""Steps by which a picture changes at once far more than in the steps around, whatever way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qa.film.found import Span, around
from qa.film.pulse import Pulse
from qa.vision.arrays import Numbers

_REACH = 3
_LEAST_MOTION = 0.3
_EVEN, _EVENLY = 0.3, 0.5
_MOST = 40.0
"""What changes more than that at once, by either measure, is another thing or picture, no gap:
planted gaps reach 13 times, a block that appears or goes 120, 39 all over (2026-11-22)."""

_REST, _REST_S, _BEFORE_REST = 0.15, 0.2, 0.2
_HALT_AS_SKIP = 2.3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """From how many times and from how many levels on a step leaps, and a time of it as a skip."""

    times: float
    levels: float
    as_skip: float


_WHERE_MOST = _Measure(times=1.75, levels=6.0, as_skip=1.65)
"""Of the cells that change most. Source: 44 clean clips reach 1.34 times, labelled faulty ones
1.55, planted gaps 2.0 to 13 (2026-11-22)."""

_ALL_OVER = _Measure(times=1.6, levels=3.0, as_skip=1.8)
"""Of the whole picture, which a waving arm does not fill. Source: of 151 clean clips none that is
drawn without fault reaches 1.44, gaps planted at 8 frames a second 1.66 and more (2026-11-23)."""


def leaps(pulse: Pulse, shot: Span) -> dict[int, float]:
    """The steps of a shot that leap, by the frame they lead to, each as a skip of even motion."""
    found: dict[int, float] = {}
    others: set[int] = set()
    for change, measure in ((pulse.activity, _WHERE_MOST), (pulse.change, _ALL_OVER)):
        for index, times in _sudden(change, shot, measure):
            found[index] = max(found.get(index, 0.0), measure.as_skip * times)
            if times > _MOST:
                others.add(index)
    return {index: skip for index, skip in found.items() if index not in others}


def _sudden(change: Numbers, shot: Span, measure: _Measure) -> Iterator[tuple[int, float]]:
    """Steps over the greatest of three before and three after, where the picture moves evenly."""
    steps = change[shot[0] + 1 : shot[1] + 1]
    for place in range(2, len(steps) - 2):
        here = float(steps[place])
        if here < measure.levels or here < measure.times * max(steps[place - 1], steps[place + 1]):
            continue
        near = around(steps, place, reach=_REACH)
        most = max(float(near.max(initial=0.0)), _LEAST_MOTION)
        evenly = float((near > _EVEN * most).mean()) >= _EVENLY
        if evenly and here >= measure.times * most:
            yield shot[0] + 1 + place, here / most


def halts(pulse: Pulse, shot: Span, *, fps: float) -> Iterator[tuple[int, float]]:
    """Steps after which motion rests, the widest of all: what slows down was left out. As skips.

    Source: none such in 61 clean clips, planted gaps before a rest 1.3 and 1.6 times the widest of
    three steps before (2026-11-22).
    """
    change, calm = pulse.activity, max(3, round(_REST_S * fps))
    for index in range(shot[0] + 4, shot[1] - calm + 1):
        before, here = change[index - 3 : index], float(change[index])
        if here < _WHERE_MOST.levels or here <= before.max():
            continue
        rests = change[index + 1 : index + calm + 1].max() <= _REST * here
        if rests and before.min() >= _BEFORE_REST * here:
            yield index, _HALT_AS_SKIP * here / float(np.max(before))
