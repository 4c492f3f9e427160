"""What bends slowly and springs back, however smoothly flow follows it.

Eight times a second each place is compared with itself, carried along as its surroundings move. A
bend looks the same after it as long before it, less and less so towards its end, and then springs
back at once and stays. Limbs come back as slowly as they went, captions and cuts do not come back,
and what always moves does not stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qa.film.places.patches import box, grown
from qa.film.places.surprise import Surprise
from qa.film.slow.carried import OUTSIDE, Glance, Steps, likest, path, phases_of, shown
from qa.film.slow.form import NEAR_STEPS
from qa.film.slow.moments import Look, Moment, afterwards, moments
from qa.film.slow.recoil import borne_out, recoil
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Box

# Source for the constants: 80 planted and 41 clean clips (2026-11-22), see docs/video-judge.md.
_LIMIT = 1.6
_FEWEST_STEPS = 8
_NOISE_LEVELS = 1.0
_LONGEST_S = 2.0
_AT_ONCE_S = 0.3
_SETTLED_S = 0.25
_SETTLED = 1.2
_ALIKE = 1.05
_BEGUN = 0.25
_QUICK_S = 0.27
_NEAR_S = 0.45
# What cannot reach half the limit is not looked at further.
_WORTH_IT = 0.5
_LOOKED_S = (0.9, 1.6)
_FAR_S = (0.75, 1.95)
# From 0 to 1: how quickly it sprang back, how steadily it grew (rank correlation), and, from 1 to
# 0, how much of it came in one step.
_QUICK = (0.8, 0.92)
_STEADY = (0.7, 0.95)
_ONE_STEP = (0.3, 0.6)
# What flow cannot follow at all is no bend: something passes in front.
_TORN_LEVELS = (33.0, 46.0)
# The same around it both before and after: something swings to and fro there.
_RESTLESS_LEVELS = (40.0, 55.0)
_AROUND_S = 0.5
# From 0 to 1: the least spread of brightness just before, over that of now. A bend moves what is
# there, between two captions all is bare. Source: 247 planted morphs keep 0.55 (2026-11-23).
_KEPT = (0.3, 0.5)
# Source for those of a recoil: 93 planted morphs and 131 clean clips (2026-11-23), see there too.
_RECOIL_LIMIT = 1.3
_RECOIL_MOST = 6.0
# What springs back leaves flow behind for a frame; what moves on does not.
_SPRUNG_LEVELS = (2.0, 4.0)
_BESIDE_CELLS, _BESIDE_STEPS = 2, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """A place that bends: first wrong frame, first right one, how far over the limit."""

    first: int
    after: int
    number: float
    box: Box


def bends(seen: Surprise, fps: float) -> Iterator[Bend]:
    """The bends of a shot, strongest first, no two at one time. About 17 ms a second of video."""
    phases = [steps for steps in phases_of(seen, fps) if len(steps.frames) >= _FEWEST_STEPS]
    if not phases:
        return
    kept: list[Bend] = []
    lively = list(moments(phases))
    found = [bend for moment in lively if (bend := _bend(moment))]
    found += _recoils(lively, [bend for bend in found if bend.number > 1.0])
    for bend in sorted(found, key=lambda bend: -bend.number):
        if all(bend.after <= other.first or other.after <= bend.first for other in kept):
            kept.append(bend)
            yield bend


def _recoils(lively: Sequence[Moment], found: Sequence[Bend]) -> Iterator[Bend]:
    """Bends told by their form, where likeness found none; the most sudden of each moment first."""
    looked: list[Moment] = []
    for moment in lively:
        steps, at = moment.steps, moment.here.step
        known = any(bend.first <= steps.frame(at) <= bend.after + steps.every for bend in found)
        if known or any(_beside(moment, other) for other in looked):
            continue
        strength = _strength(moment)
        if strength <= _RECOIL_LIMIT:
            continue
        looked.append(moment)
        sprung = recoil(steps, moment.here, moment.size_px, least=_RECOIL_LIMIT / strength)
        first = steps.frame(max(0, at - sprung.steps_back))
        number = strength * sprung.weight / _RECOIL_LIMIT
        yield Bend(first=first, after=steps.frame(at), number=number, box=box(moment.region))


def _beside(one: Moment, other: Moment) -> bool:
    near = max(abs(one.cell[0] - other.cell[0]), abs(one.cell[1] - other.cell[1])) <= _BESIDE_CELLS
    apart = abs(one.steps.frame(one.here.step) - other.steps.frame(other.here.step))
    return near and apart <= _BESIDE_STEPS * one.steps.every


def _strength(moment: Moment) -> float:
    """How suddenly the place became another, and how much more than it changes afterwards."""
    steps = moment.steps
    sudden = float(steps.sudden[moment.here.step][moment.cell])
    if sudden <= _RECOIL_LIMIT or not _springs_back(moment.look, steps, moment.here):
        return 0.0
    first = max(0, moment.here.step - _near_steps(steps))
    later = afterwards(moment)
    near = [moment.look(there) for there in path(steps, moment.here, first)]
    known = [apart for apart in near if apart < OUTSIDE]
    if not len(later) or not known:
        return 0.0
    times = max(known) / (float(np.median(later)) + _NOISE_LEVELS)
    at = moment.here.step
    torn = float(steps.torn[max(0, at - 2) : at + 1, moment.region].mean(axis=1).max())
    return min(sudden, times, _RECOIL_MOST) * _ramp(torn, _SPRUNG_LEVELS)


def _bend(moment: Moment) -> Bend | None:
    """The bend that has sprung back at that step, or None."""
    steps = moment.steps
    region, patch, here, look = moment.region, moment.patch, moment.here, moment.look
    at = here.step
    if not _springs_back(look, steps, here):
        return None
    later = afterwards(moment)
    apart = _before(look, steps, here, later)
    apart = _same_spot(apart, patch, steps, here, look) if len(apart) else apart
    if not len(apart) or not len(later):
        return None
    number, steps_back = _graded(apart, later, steps.step_s)
    torn = float(steps.torn[at - steps_back + 1 : at + 1, region].mean(axis=1).max())
    number *= _fall(torn, _TORN_LEVELS)
    number *= _fall(_unrest(steps, region, at - steps_back, at), _RESTLESS_LEVELS)
    number *= _ramp(_kept(steps, here, moment.size_px), _KEPT)
    if number > 1.0:
        number *= borne_out(steps, here, moment.size_px)
    first = steps.frame(at - steps_back)
    return Bend(first=first, after=steps.frame(at), number=number, box=box(region))


def _kept(steps: Steps, here: Glance, size_px: tuple[int, int]) -> float:
    """The least spread of brightness there in the steps just before, over what it is now.

    1 where it was out of the picture.
    """
    before = path(steps, here, max(0, here.step - NEAR_STEPS))
    looks = (shown(steps, there, size_px) for there in before)
    spreads = [float(look.std()) for look in looks if look.size]
    return min(spreads) / (float(shown(steps, here, size_px).std()) + 1e-3) if spreads else 1.0


def _unrest(steps: Steps, region: Mask, first: int, at: int) -> float:
    """The most levels that flow cannot follow around there in the half second before, and after.

    The lesser of both: a limb is on its way before as well as after; 0 at the ends of the shot.
    """
    reach, around = max(1, round(_AROUND_S / steps.step_s)), grown(region)
    before, after = steps.torn[max(1, first + 1 - reach) : first + 1], steps.torn[at + 2 :][:reach]
    if not len(before) or not len(after):
        return 0.0
    return float(min(before[:, around].max(), after[:, around].max()))


def _springs_back(look: Look, steps: Steps, here: Glance) -> bool:
    """False where the place surely did not differ before: a first look that clears most places."""
    settling = max(1, round(_SETTLED_S / steps.step_s))
    last = min(len(steps.frames) - 1, here.step + settling)
    first = max(0, here.step - _near_steps(steps))
    if last <= here.step or first >= here.step:
        return False
    after = path(steps, here, last)
    settled = look(after[-1])
    if len(after) < settling or settled >= OUTSIDE:
        return True
    near = (look(there) for there in path(steps, here, first))
    return max(near) >= _SETTLED * settled + _NOISE_LEVELS / 2


def _near_steps(steps: Steps) -> int:
    return max(2, round(_AT_ONCE_S / steps.step_s))


def _before(look: Look, steps: Steps, here: Glance, later: Numbers) -> Numbers:
    """How unlike the place is at each step before, or nothing where it surely did not bend."""
    first = max(0, here.step - round(_LONGEST_S / steps.step_s))
    glances = path(steps, here, first) if first < here.step else []
    near = [look(there) for there in glances[: _near_steps(steps)]]
    lags = np.arange(1, len(glances) + 1) * steps.step_s
    looked = np.flatnonzero((lags >= _LOOKED_S[0]) & (lags <= _LOOKED_S[1]))[::2]
    if not len(near) or not len(looked) or not len(later):
        return np.zeros(0)
    settled = later[min(len(later), max(1, round(_SETTLED_S / steps.step_s))) - 1]
    if max(near) < _SETTLED * settled + _NOISE_LEVELS / 2:
        return np.zeros(0)
    beside = [look(there) for there in glances[len(near) : int(_NEAR_S / steps.step_s)]]
    if _at_most([*near, *beside], later) < _WORTH_IT:
        return np.zeros(0)
    alike = (look(glances[at]) for at in looked)
    if all(apart > _ALIKE * max(near) for apart in alike):
        return np.zeros(0)
    return np.array([look(there) for there in glances])


def _same_spot(apart: Numbers, patch: Numbers, steps: Steps, here: Glance, look: Look) -> Numbers:
    """How unlike the place was, just before it too at the spot where it was likest long before.

    The longer ago, the farther around it is looked for: beside a caption it finds the bare ground
    that was there all along, and no bend.
    """
    lags = np.arange(1, len(apart) + 1) * steps.step_s
    glances = path(steps, here, here.step - len(apart))
    far = np.flatnonzero((lags >= _FAR_S[0]) & (lags <= _FAR_S[1]) & (apart < OUTSIDE))
    if not len(far):
        return apart
    then = int(far[apart[far].argmin()])
    right, down = likest(patch, steps, glances[then], gap_s=float(lags[then]))
    near = [
        Glance(step=there.step, x=there.x + right, y=there.y + down)
        for there in glances[: int(_NEAR_S / steps.step_s)]
    ]
    held = apart.copy()
    held[: len(near)] = np.minimum(apart[: len(near)], [look(there) for there in near])
    return held


def _at_most(near: Sequence[float], later: Numbers) -> float:
    """What the bend's number can be at most, by what was just before it and after it."""
    known = [apart for apart in near if apart < OUTSIDE]
    return max(known, default=0.0) / (float(np.median(later)) + _NOISE_LEVELS) / _LIMIT


def _graded(apart: Numbers, later: Numbers, step_s: float) -> tuple[float, int]:
    """The bend over its limit, and how many steps before its end it had begun.

    How often more unlike the place was just before than long before and than after, weighed by how
    quickly it sprang back, how steadily it grew, and how little of it came in one step.
    """
    lags = np.arange(1, len(apart) + 1) * step_s
    known = apart < OUTSIDE
    near, far = known & (lags <= _NEAR_S), known & (lags >= _FAR_S[0]) & (lags <= _FAR_S[1])
    if not near.any() or far.sum() < 2:
        return 0.0, 1
    end = int(np.where(near, apart, -1.0).argmax())
    start = int(np.where(far, apart, OUTSIDE).argmin())
    height = float(apart[end])
    if height <= 0.0:
        return 0.0, 1
    rest = float(np.sort(apart[far])[:2].mean())
    times = height / (max(rest, float(np.median(later))) + _NOISE_LEVELS)
    quick = float(np.where(known & (lags <= _QUICK_S), apart, 0.0).max()) / height
    grown = apart[end : start + 1]
    fall = height - float(apart[start])
    one_step = float((grown[:-1] - grown[1:]).max(initial=0.0)) / fall if fall > 0 else 1.0
    weight = _ramp(quick, _QUICK) * _ramp(_steady(grown), _STEADY) * _fall(one_step, _ONE_STEP)
    level = float(apart[start]) + _BEGUN * fall
    begun = next((at for at in range(end, start) if apart[at] <= level), start)
    return times * weight / _LIMIT, begun + 1


def _fall(value: float, ends: tuple[float, float]) -> float:
    return 1 - _ramp(value, ends)


def _ramp(value: float, ends: tuple[float, float]) -> float:
    return float(np.interp(value, ends, (0.0, 1.0)))


def _steady(grown: Numbers) -> float:
    """How steadily it was less alike towards the end: Spearman's rank correlation, −1..1."""
    if len(grown) < 3:
        return 0.0
    ranks = np.argsort(np.argsort(-grown, kind="stable"), kind="stable")
    return float(np.corrcoef(ranks, np.arange(len(grown)))[0, 1])
