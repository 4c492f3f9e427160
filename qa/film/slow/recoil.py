"""What a place's form did before it sprang back, as flow from the moment after shows it.

What was there a second before may have changed (a caption came, light, another side): likeness then
proves nothing. The form still does: the way every point of the place lay off, seen from the moment
after it sprang back, is one and the same field for half a second or more, and shrinks the farther
back one looks. What moves by itself, fades or is covered has no such field.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qa.film.slow.carried import Glance, Steps
from qa.film.slow.form import AHEAD_STEPS, NEAR_STEPS, Form

# Source for the constants: 93 planted morphs and 131 clean clips (2026-11-23), see
# docs/video-judge.md; steps are eighths of a second.
_QUICK_STEPS = 2
_HELD_STEPS = 4
_FEWEST_HELD = 3
_GROWN_STEPS = (6, 10)
_BEGUN = 0.25
# From 0 to 1: how alike the field stays (cosine), how far it bends (px at half size), and how much
# of it goes within two steps.
_ALIKE = (0.6, 0.85)
_BENT_PX = (0.5, 1.0)
_AT_ONCE = (0.7, 0.88)
# From 1 to 0: px no bend of a place reaches; what flow leaves of the difference, as a share and in
# levels; how much of the field is there a second before; the greatest step of its growth; how far
# the place bends afterwards, as a share; how far it had gone back meanwhile.
_TOO_FAR_PX = (5.0, 8.0)
_LEFT_SHARE = (0.5, 0.8)
_LEFT_LEVELS = (12.0, 22.0)
_LONG_BEFORE = (0.25, 0.55)
_ONE_STEP = (0.5, 0.8)
_UNREST = (0.4, 0.8)
_RELAPSE = (0.25, 0.45)
# How much of a difference other shades are: a bend moves what is there, a caption brings its own.
_OTHER_SHADES = 0.7
# How much less sure a bend that likeness tells is where its form does not bear it out.
_FOLLOWED, _COVERED_LESS = (0.0, 0.25), 0.5
_RESTLESS_LESS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoil:
    """How surely a place sprang back from a bend, 0..1, and how many steps before it had begun."""

    weight: float
    steps_back: int


NO_RECOIL = Recoil(weight=0.0, steps_back=1)


def recoil(steps: Steps, here: Glance, size_px: tuple[int, int], *, least: float) -> Recoil:
    """The recoil of a place of that (width, height) that has sprung back at `here.step`.

    `NO_RECOIL` as soon as its weight is surely no more than `least`.

    About 15 flows of 60 px (1 ms each), one or none where the first look tells that it is no bend.
    """
    form = Form.of(steps, here, size_px)
    first = _most_apart(form)
    if not first or form.other_shades(first) > _OTHER_SHADES or not _followed(form, first):
        return NO_RECOIL
    most = max(range(1, NEAR_STEPS + 1), key=form.size)
    gone = _gone(form, most)
    weight = _bent(form, most) * _followed(form, most)
    if weight * _ramp(gone, _AT_ONCE) <= least:
        return NO_RECOIL
    weight *= _at_once(form, most, gone=gone)
    for told in (_held, _calm, _grown):
        weight *= told(form, most) if weight > least else 0.0
    if weight <= least:
        return NO_RECOIL
    return Recoil(weight=weight, steps_back=_began(form, most))


def borne_out(steps: Steps, here: Glance, size_px: tuple[int, int]) -> float:
    """How far a place's form bears out that it bent, 0.35..1; 1 where it was out of the picture.

    Less where flow can't bring it back (something came, went or covered it), and less where it lay
    off now one way and now another. About seven flows.
    """
    form = Form.of(steps, here, size_px)
    first = _most_apart(form)
    if not first:
        return 1.0
    covered = _fall(_followed(form, first), _FOLLOWED)
    alike = _alike(form, max(range(1, NEAR_STEPS + 1), key=form.size))
    restless = _fall(float(np.mean(alike)), _ALIKE) if alike else 0.0
    return (1 - _COVERED_LESS * covered) * (1 - _RESTLESS_LESS * restless)


def _most_apart(form: Form) -> int:
    """Steps ago that the place was most unlike now, 0 where it was not in the picture."""
    near = [lag for lag in range(1, NEAR_STEPS + 1) if form.apart(lag) > 0.0]
    return max(near, key=form.apart, default=0)


def _bent(form: Form, most: int) -> float:
    """1 where it lies off as far as bends do."""
    return _ramp(form.size(most), _BENT_PX) * _fall(form.size(most), _TOO_FAR_PX)


def _followed(form: Form, lag: int) -> float:
    """1 where flow brings the place back to what it is now: nothing came, went or covered it."""
    form.bend(lag)
    left, apart = form.left[lag], form.apart(lag)
    return _fall(left / max(apart, 1e-3), _LEFT_SHARE) * _fall(left, _LEFT_LEVELS)


def _held(form: Form, most: int) -> float:
    """1 where the place lay off the same way for half a second."""
    alike = _alike(form, most)
    return _ramp(float(np.mean(alike)), _ALIKE) if len(alike) >= _FEWEST_HELD else 0.0


def _alike(form: Form, most: int) -> list[float]:
    """How alike the fields of the half second before are to the one at `most`, −1..1."""
    lags = range(most + 1, most + 1 + _HELD_STEPS)
    return [share[1] for lag in lags if (share := form.share(most, lag))]


def _at_once(form: Form, most: int, *, gone: float) -> float:
    """1 where nearly all of it went in a quarter of a second; what moves on goes evenly."""
    lags = range(most, most + NEAR_STEPS + 1)
    whole = max(share[0] for lag in lags if (share := form.share(most, lag)))
    return _ramp(gone / max(1.0, whole), _AT_ONCE)


def _gone(form: Form, most: int) -> float:
    """How much of the field at `most` went within two steps since."""
    if most <= _QUICK_STEPS:
        return 1.0
    much = [0.0, *(share[0] for lag in range(1, most + 1) if (share := form.share(most, lag)))]
    return max(late - early for early, late in zip(much, much[_QUICK_STEPS:], strict=False))


def _grown(form: Form, most: int) -> float:
    """1 where it came little by little, and a second before hardly anything was there."""
    lags = range(most, most + _GROWN_STEPS[1] + 1)
    shares = [share for lag in lags if (share := form.share(most, lag))]
    if len(shares) <= _GROWN_STEPS[0]:
        return 0.0
    least = min(much * max(alike, 0.0) for much, alike in shares[_GROWN_STEPS[0] :])
    much = np.clip([share[0] for share in shares], 0.0, 1.0)
    growth = float(np.diff(-much[: _GROWN_STEPS[1] - 1]).max())
    recent = much[: _GROWN_STEPS[0] + 1]
    relapse = float((recent - np.minimum.accumulate(recent)).max())
    return _fall(least, _LONG_BEFORE) * _fall(growth, _ONE_STEP) * _fall(relapse, _RELAPSE)


def _calm(form: Form, most: int) -> float:
    """1 where the place keeps its form afterwards."""
    after = [form.size(-lag) for lag in range(1, AHEAD_STEPS + 1) if form.bend(-lag) is not None]
    return _fall(max(after, default=0.0) / form.size(most), _UNREST)


def _began(form: Form, most: int) -> int:
    """How many steps before now the place lay off less than a quarter of the way, the last time."""
    lag = most
    while (share := form.share(most, lag + 1)) and share[0] >= _BEGUN:
        lag += 1
    return lag + 1


def _ramp(value: float, ends: tuple[float, float]) -> float:
    return float(np.interp(value, ends, (0.0, 1.0)))


def _fall(value: float, ends: tuple[float, float]) -> float:
    return 1.0 - _ramp(value, ends)
