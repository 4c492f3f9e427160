"""Does the clip's time run evenly? Frames held, shown twice, or missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from content_engine.types import Evidence
from qa.film.found import Span, found, reading, runs
from qa.film.frames import caught
from qa.film.frames.leaps import halts
from qa.film.frames.scenes import scenes, typical
from qa.film.frames.skips import flow_between, strides
from qa.film.pulse import Pulse
from qa.film.reel import Reel
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Reading

_REACH = 6
_STILL = 0.1
_ABRUPT_TIMES = 3.0
_KEY_FRAME = 0.75
_REPEAT_TIMES = 4.0
"""Source: beside 80 of 85 planted repeats ten clips change 4.9 times as much and more, where a
designed camera turns round 3.3 times (2026-11-23)."""

_BACK = 0.65
"""Source: of 746 planted repeats all go on, to 0.74 to 1.97 times the step beside them, but three
that stand where a hand turns round; there it goes back to 0.26 to 0.61 of it (2026-11-23)."""

_LEAST_MOTION = 0.3
_LEAST_STEP = 0.2
_ABRUPT = 0.35
_REGULAR = 0.75
_SAME_PLACES = 0.45
_PAUSE_S = 0.5


def freeze(reel: Reel, pulse: Pulse) -> Reading:
    """The longest stretch, in seconds, that stands still between frames that move; 0 is best.

    Still: under 10 % of the motion around. It must stop and go on abruptly: a design that eases
    into a hold slows down first, and a hold at a clip's end is followed by nothing. Under
    half a second, what goes on must lie where it stopped: a title that has come and a product that
    starts are two motions.
    Where frames repeat by rule (8 pictures a second in a clip of 24), that many are not counted.
    What a coder works at while slow motion is held is told by the leap that ends it
    (`caught.holds`).
    """
    return reading(
        _freeze(reel, span)
        for shot in scenes(reel, pulse.activity)
        for span in {
            *_stops(reel, pulse, shot),
            *caught.holds(pulse.activity, shot, fps=reel.fps),
        }
    )


def _stops(reel: Reel, pulse: Pulse, shot: Span) -> Iterator[Span]:
    for span in _held(pulse, shot):
        if _is_abrupt(pulse.activity, span, shot) and (
            _length_s(reel, span) >= _PAUSE_S or _goes_on(pulse.cell_change, span, shot)
        ):
            yield span


def _length_s(reel: Reel, span: Span) -> float:
    return (span[1] - span[0] + 1) / reel.fps


def _goes_on(change: Numbers, span: Span, shot: Span) -> bool:
    """True when things move after the stretch about where they moved before it."""
    before = change[max(shot[0] + 1, span[0] - _REACH) : span[0]].mean(axis=0)
    after = change[span[1] + 1 : min(shot[1], span[1] + _REACH) + 1].mean(axis=0)
    one, two = (cv2.blur(cells, (3, 3)).ravel() for cells in (before, after))
    alike = float(one @ two) / max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-6)
    return alike >= _SAME_PLACES


def _freeze(reel: Reel, span: Span) -> Evidence:
    seconds = _length_s(reel, span)
    message = f"the picture stands still for {seconds:.2f} s while things move before and after"
    return found("freeze", message, frames=span, number=seconds)


def duplicate(reel: Reel, pulse: Pulse) -> Reading:
    """The most frames within a second that repeat the one before while things move; 0 is best.

    Frames that change nothing, and in slow motion those that lead nowhere (`caught.repeats`).
    Repeats that come at even distances through the whole shot are its cadence, no fault.
    """
    return reading(item for shot in reel.shots for item in _stutters(reel, pulse, shot))


def dropped(reel: Reel, pulse: Pulse) -> Reading:
    """How many times as far things move over one step than over the steps beside it; 1 is even.

    Along the motion itself, where most of what moves goes the same way as before and after; or
    whatever way, where the picture changes at once by far more than in each of six steps around, or
    goes farthest of all in the step that ends at rest.
    """
    flow = flow_between(reel)
    return reading(
        _gap(index, ratio)
        for shot in reel.shots
        for steps in (strides(reel, pulse, shot, flow=flow), halts(pulse, shot, fps=reel.fps))
        for index, ratio in steps
        if ratio > 1.0
    )


def _gap(index: int, ratio: float) -> Evidence:
    message = f"the motion jumps {ratio:.1f} times as far as in the frames beside it"
    return found("dropped", message, frames=(index - 1, index), number=ratio)


def still_steps(change: Numbers, shot: Span) -> Mask:
    """(n,) bool over the whole clip: steps of the shot that change nothing while others do."""
    flags = np.zeros(len(change), bool)
    first, last = shot
    steps = change[first + 1 : last + 1]
    if len(steps) < 3:
        return flags
    for index in range(first + 1, last + 1):
        near = change[max(first + 1, index - 3 * _REACH) : min(last, index + 3 * _REACH) + 1]
        moving = typical(near)
        flags[index] = moving >= _LEAST_MOTION and change[index] < _STILL * moving
    return flags


def _held(pulse: Pulse, shot: Span) -> list[Span]:
    """Stretches of still steps longer than the shot's cadence makes them."""
    stills = still_steps(pulse.activity, shot)
    usual = _cadence(stills, shot)
    spans = _whole(runs(stills | _key_frames(pulse.activity, stills)), pulse.activity)
    return [span for span in spans if span[1] - span[0] + 1 >= max(2, 2 * usual)]


def _whole(spans: Iterable[Span], change: Numbers) -> list[Span]:
    """The spans, joined where all that lies between two of them is as still as they are.

    In the midst of a long hold, no motion near says that it is one.
    """
    joined: list[Span] = []
    for span in spans:
        if joined and _as_still(change, joined[-1], span):
            joined[-1] = (joined[-1][0], span[1])
        else:
            joined.append(span)
    return joined


def _as_still(change: Numbers, one: Span, two: Span) -> bool:
    """True when nothing between both spans changes more than the most in them does."""
    most = max(float(change[first : last + 1].max()) for first, last in (one, two))
    return float(change[one[1] + 1 : two[0]].max()) <= most


def _key_frames(change: Numbers, stills: Mask) -> Mask:
    """Single steps between still ones that change little: a key frame is coded afresh."""
    between = np.zeros_like(stills)
    between[1:-1] = ~stills[1:-1] & stills[:-2] & stills[2:]
    for index in np.flatnonzero(between):
        near = change[max(0, index - 3 * _REACH) : index + 3 * _REACH + 1]
        between[index] = change[index] < _KEY_FRAME * typical(near)
    return between


def _cadence(stills: Mask, shot: Span) -> int:
    """How many steps each picture of the shot stands: 1 where every frame is new."""
    new = np.flatnonzero(~stills[shot[0] + 1 : shot[1] + 1])
    return int(np.median(np.diff(new))) if len(new) > 2 else 1


def _is_abrupt(change: Numbers, span: Span, shot: Span) -> bool:
    """True when motion is at full speed right before and right after the stretch."""
    before = change[max(shot[0] + 1, span[0] - _REACH) : span[0]]
    after = change[span[1] + 1 : min(shot[1], span[1] + _REACH) + 1]
    if len(before) < 2 or len(after) < 2:
        return False
    least = max(_LEAST_STEP, _ABRUPT_TIMES * float(np.median(change[span[0] : span[1] + 1])))
    stops = before[-2:].max() >= max(_ABRUPT * typical(before), least)
    goes = after[:2].max() >= max(_ABRUPT * typical(after), least)
    return bool(stops and goes)


def _stutters(reel: Reel, pulse: Pulse, shot: Span) -> Iterator[Evidence]:
    stills = still_steps(pulse.activity, shot)
    singles = np.zeros_like(stills)
    for first, last in runs(stills):
        brief = last - first + 1 <= 2 and _is_abrupt(pulse.activity, (first, last), shot)
        if brief and not (_turns(pulse.activity, (first, last)) or _goes_back(reel, (first, last))):
            singles[first : last + 1] = True
    singles |= caught.repeats(reel, pulse, shot)
    starts = np.array([first for first, _ in runs(singles)])
    if not len(starts) or _is_cadence(starts, shot):
        return
    window = max(2, round(reel.fps))
    for first, last in runs(singles, bridge=window // 2):
        most = max(int(singles[start : start + window].sum()) for start in range(first, last + 1))
        message = f"{most} frames within a second repeat the one before"
        yield found("duplicate", message, frames=(first, last), number=float(most))


def _turns(change: Numbers, span: Span) -> bool:
    """True when the steps right beside are nearly as small: motion that turns round stands, too."""
    beside = min(change[span[0] - 1], change[min(span[1] + 1, len(change) - 1)])
    return float(beside) < _REPEAT_TIMES * float(change[span[0] : span[1] + 1].max())


def _goes_back(reel: Reel, span: Span) -> bool:
    """True when what follows the stretch goes back the way it came, as a trembling hand does."""
    came, stood = span[0] - 2, span[0] - 1
    gone, went = span[1], span[1] + 1
    step = max(_apart(reel, came, stood), _apart(reel, gone, went))
    return _apart(reel, came, went) < _BACK * step


def _apart(reel: Reel, one: int, two: int) -> float:
    """Mean difference in levels between two frames."""
    return float(cv2.absdiff(reel.luma[one], reel.luma[two]).mean())


def _is_cadence(places: Numbers, shot: Span) -> bool:
    """True when the places lie at even distances from one end of the shot to the other."""
    gaps = np.diff(places)
    if len(gaps) < 2:
        return False
    usual = float(np.median(gaps))
    even = float((np.abs(gaps - usual) <= 1).mean())
    reaches = places[0] - shot[0] <= 2 * usual and shot[1] - places[-1] <= 2 * usual
    return even >= _REGULAR and bool(reaches)
