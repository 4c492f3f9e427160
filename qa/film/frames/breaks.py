"""Pictures that do not belong: cuts inside a shot, black and plain frames."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from content_engine.types import Evidence
from qa.film.found import Span, found, reading, runs
from qa.film.pulse import Pulse
from qa.film.reel import Reel
from qa.vision.arrays import Numbers
from qa.vision.observed import Reading

_FOREIGN_S = 1.2
_SHORTEST_SHOT_S = 0.8
_STEP_LEAST = 4.0
_STEP_TIMES = 2.5
_BACK_SHARE = 0.45
_PLAIN_SPREAD = 3.0
_BLACK_LEVEL = 20.0
_FADE_S = 0.5
_SMALL = (80, 48)


def hard_cut(reel: Reel, pulse: Pulse) -> Reading:
    """How far the picture jumps (mean CIELAB distance) to one that does not belong; 0 is best.

    A cut is a shot boundary, no fault, when both shots last 0.8 s or more and the picture does not
    come back: that is how films are edited. A fault is a picture that leaves and returns within
    1.2 s, and a shot shorter than 0.8 s.
    """
    looks = pulse.lab.reshape(reel.frames, -1, 3)
    steps = np.zeros(reel.frames)
    steps[1:] = np.linalg.norm(np.diff(looks, axis=0), axis=2).mean(axis=1)
    spikes = [at for at in range(1, reel.frames) if _is_spike(steps, at)]
    return reading([*_flashes(reel, looks, steps, spikes), *_scraps(reel, steps)])


def _is_spike(steps: Numbers, at: int) -> bool:
    if steps[at] < _STEP_LEAST:
        return False
    near = np.concatenate([steps[max(1, at - 4) : at], steps[at + 1 : at + 5]])
    usual = float(np.median(near)) if len(near) else 0.0
    return bool(steps[at] >= _STEP_TIMES * usual)


def _flashes(reel: Reel, looks: Numbers, steps: Numbers, spikes: list[int]) -> Iterator[Evidence]:
    """Stretches between two spikes whose sides are more like each other than like the stretch."""
    longest = round(_FOREIGN_S * reel.fps)
    taken = -1
    for at in spikes:
        for end in (other for other in spikes if at < other <= at + longest):
            if at <= taken:
                break
            apart = float(np.linalg.norm(looks[end] - looks[at - 1], axis=1).mean())
            jump = min(float(steps[at]), float(steps[end]))
            if apart < _BACK_SHARE * jump and _is_other_picture(reel, at):
                taken = end - 1
                message = f"{end - at} frames of another picture stand inside the shot"
                yield found("hard_cut", message, frames=(at, end - 1), number=jump)


def _is_other_picture(reel: Reel, at: int) -> bool:
    """True when the frame is no brighter or tinted version of the one before."""
    one, two = (
        cv2.resize(reel.luma[index], _SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
        for index in (at - 1, at)
    )
    likeness = cv2.matchTemplate(one, two, cv2.TM_CCOEFF_NORMED)[0, 0]
    return bool(likeness < 0.93)


def _scraps(reel: Reel, steps: Numbers) -> Iterator[Evidence]:
    """Shots too short to be meant."""
    shortest = _SHORTEST_SHOT_S * reel.fps
    if len(reel.shots) < 2:
        return
    for first, last in reel.shots:
        if last - first + 1 < shortest:
            jump = float(max(steps[first], steps[last + 1] if last + 1 < reel.frames else 0.0))
            seconds = (last - first + 1) / reel.fps
            message = f"a shot of {seconds:.2f} s between cuts: too short to be meant"
            yield found("hard_cut", message, frames=(first, last), number=jump)


def empty(reel: Reel, pulse: Pulse) -> Reading:
    """The longest stretch, in seconds, of black or plain frames; 0 is best.

    Up to half a second at either end is a fade when brightness comes and goes gradually.
    """
    plain = pulse.spread <= _PLAIN_SPREAD
    return reading(
        _empty(reel, pulse, span) for span in runs(plain) if not _is_fade(reel, pulse, span)
    )


def _empty(reel: Reel, pulse: Pulse, span: Span) -> Evidence:
    level = float(pulse.level[span[0] : span[1] + 1].mean())
    seconds = (span[1] - span[0] + 1) / reel.fps
    kind = "black" if level <= _BLACK_LEVEL else "blank"
    word = "black" if kind == "black" else "one plain colour"
    message = f"the picture is {word} for {seconds:.2f} s"
    return found(kind, message, frames=span, number=seconds, fatal=True)


def _is_fade(reel: Reel, pulse: Pulse, span: Span) -> bool:
    """True at a clip's end when the picture comes out of the plain one over four frames."""
    first, last = span
    if last - first + 1 > _FADE_S * reel.fps or last - first + 1 == reel.frames:
        return False
    if first == 0:
        inner = pulse.spread[last + 1 : last + 6]
    elif last == reel.frames - 1:
        inner = pulse.spread[max(0, first - 5) : first][::-1]
    else:
        return False
    return bool(len(inner) >= 4 and inner[0] < 0.5 * inner[-1])
