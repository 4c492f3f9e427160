"""The hard glitch detector: what jumps at one frame and jumps back, or jumps for good.

A thing that pops, vanishes for a while or comes from nowhere surprises twice at one place, and what
was there before is there again afterwards. Motion, water and light surprise again and again, and
what they pass over does not come back the same. Where nothing comes back at all, both ends of a
fault are alike (`ends`); where all comes back again and again, it alone does not (`loops`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from content_engine.types import Evidence
from qa.film.found import found, reading
from qa.film.places.hues import hue_surprise
from qa.film.places.maps import GRID
from qa.film.places.patches import (
    Patch,
    box,
    cut,
    footprint,
    grown,
    inside,
    size_weight,
    trail,
)
from qa.film.places.surprise import Surprise, surprise, widened
from qa.film.reel import Reel
from qa.film.slow.bends import bends
from qa.film.sudden.alone import Known, standing_out
from qa.film.sudden.ends import Held, ends_of, held
from qa.film.sudden.loops import unrepeated
from qa.film.sudden.pairs import SMOOTH_FPS, Pair, pairs, settled, view_path
from qa.film.sudden.returned import Returned, returned
from qa.vision.arrays import Mask
from qa.vision.observed import Reading

LIMIT = 1.0
"""A value above it is a fault: every number here is a multiple of what clean clips reach."""

# Source for the constants: 200 planted and 25 clean clips (2026-11-22); of both ends 264 planted
# and 190 clean ones (2026-11-23). See docs/video-judge.md.
_BACK_LIMIT = 1.85
_ALONE_LIMIT = 1.2
_ONCE_LIMIT = 14.0
_POP_S = 0.45
# How many times more the place must differ during the fault than after it: not back, surely back.
_BACK = (1.0, 1.5)
# From which strength on two surprises at one place are a fault whatever comes back.
_SURE = (4.5, 7.0)
_ONE_FRAME_WEIGHT = 0.5
# How much the place changes within as a share of its ends, from surely one picture to none: planted
# faults that came back show up to 0.94, generated ones 1.5, a paddle and a roller lifted out 16 and
# 4.4.
_LIVES = (1.5, 3.0)
_HOLDS = (0.5, 0.9)
_PLAIN_LEVELS = (8.0, 12.0)
# How much of the surprise the ring around had shown shortly before, or shows shortly after, from 1
# to 0: a limb or a wheel that passes is unexplained all along its way, a fault in its place alone.
_RESTLESS = (0.6, 0.74)
_RING_CELLS = 2
_SKIPPED, _LOOKED = 1, 4
_NOISE_LEVELS = 2.0
_FEWEST_FRAMES = 6
_BARER = 0.8

_WORDS = {
    "pop": "a thing jumps away and back",
    "vanish": "a thing is gone for a while",
    "appear": "a thing comes from nowhere",
    "morph": "the place changes its shape and springs back",
    "glitch": "the place becomes another from one frame to the next",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Place:
    """Where a pair is: its cells at its end and at its onset, (16, 16) bool, and around both.

    `steps` is the place from the frame after the fault back to the one before it.
    """

    region: Mask
    before: Mask
    around: Mask
    steps: list[Patch]


def spikes(reel: Reel) -> Reading:
    """The strongest sudden local fault as a multiple of the limit, and each one that passes it."""
    faults = [
        fault
        for first, last in reel.shots
        if last - first + 1 >= _FEWEST_FRAMES
        for fault in _of_shot(reel, first, last)
    ]
    strongest = max((fault.number or 0.0 for fault in faults), default=0.0)
    over = reading(fault for fault in faults if (fault.number or 0.0) > LIMIT)
    return Reading(value=strongest, evidence=over.evidence)


def _of_shot(reel: Reel, first: int, last: int) -> Iterator[Evidence]:
    seen = surprise(reel.luma[first : last + 1])
    path = view_path(seen, reel.fps)
    alike = pairs(seen, path, reel.fps)
    for pair in alike:
        still = settled(seen, pair, path)
        place = _place(still, pair)
        number = _number(still, pair, place, reel.fps)
        yield _evidence(still, pair, place, start=first, fps=reel.fps, number=number)
    yield from _jumps(seen, first, alike)
    if reel.fps < SMOOTH_FPS:
        yield from _of_hues(hue_surprise(seen, reel.colour[first : last + 1]), first, reel.fps)
    for odd in unrepeated(seen.frames, reel.fps):
        kind = _kind_of(odd.frames[1] - odd.frames[0] + 1, reel.fps, barer=odd.barer)
        frames = (first + odd.frames[0], first + odd.frames[1])
        yield found(kind, _WORDS[kind], frames=frames, number=odd.number, box=odd.box)
    for bend in bends(seen, reel.fps):
        frames = (first + bend.first, first + bend.after - 1)
        yield found("morph", _WORDS["morph"], frames=frames, number=bend.number, box=bend.box)


def _of_hues(seen: Surprise, start: int, fps: float) -> Iterator[Evidence]:
    """Pairs of surprising hues, where few frames a second show much motion."""
    for pair in pairs(seen, view_path(seen, fps), fps):
        place = _place(seen, pair)
        number = _number_of_hues(seen, pair, place)
        yield _evidence(seen, pair, place, start=start, fps=fps, number=number)


def _evidence(
    seen: Surprise, pair: Pair, place: _Place, *, start: int, fps: float, number: float
) -> Evidence:
    kind = _kind(seen, pair, place.steps, fps)
    return found(
        kind,
        _WORDS[kind],
        frames=(start + pair.first, start + pair.after - 1),
        number=number,
        box=box(place.region | (place.before & grown(place.region))),
    )


def _place(seen: Surprise, pair: Pair) -> _Place:
    before = footprint(widened(seen.sudden[pair.first : pair.first + 1])[0], pair.cell)
    region = footprint(seen.sudden[pair.after], pair.cell)
    return _Place(
        region=region,
        before=before,
        around=grown(region | before, cells=_RING_CELLS),
        steps=inside(seen, list(trail(seen, region, first=pair.first, after=pair.after))),
    )


def _jumps(seen: Surprise, start: int, alike: list[Pair]) -> Iterator[Evidence]:
    """What surprises so much, once, that nothing need come back."""
    taken = {frame for pair in alike for frame in (pair.first, pair.after)}
    peaks = seen.sudden.reshape(len(seen.sudden), -1).max(axis=1)
    for frame in np.flatnonzero(peaks > _ONCE_LIMIT).tolist():
        if frame not in taken:
            row, column = np.unravel_index(seen.sudden[frame].argmax(), (GRID, GRID))
            yield found(
                "glitch",
                _WORDS["glitch"],
                frames=(start + frame - 1, start + frame),
                number=float(peaks[frame]) / _ONCE_LIMIT,
                box=box(footprint(seen.sudden[frame], (int(row), int(column)))),
            )


def _number(seen: Surprise, pair: Pair, place: _Place, fps: float) -> float:
    """The pair as a multiple of the limit: its place came back, or both its ends are one fault's.

    Weighed by its size, and in both cases by whether the place is one picture in between. Where the
    view moves smoothly it may stand alone instead (`standing_out`).
    """
    again = returned(seen, place.steps)
    ends = ends_of(seen, place.steps, place.region, place.around)
    back = _came_back(pair, again) * _calm(seen, pair, place.around) / _BACK_LIMIT
    alike = ends.sureness() / _ALONE_LIMIT if ends else 0.0
    smooth = fps >= SMOOTH_FPS and ends is not None
    if max(back, alike) <= 0.0 and not smooth:
        return 0.0
    between = held(seen, place.steps)
    size = _size(seen, pair)
    if between is None:
        return size * back * pair.strength
    number = _weighed(between, back, alike) * size * pair.strength
    if number > LIMIT or ends is None or not smooth:
        return number
    known = Known(ends=ends, held=between, returned=again, steps=place.steps)
    return max(
        number, standing_out(seen, pair, place.region | place.before, size=size, known=known)
    )


def _number_of_hues(seen: Surprise, pair: Pair, place: _Place) -> float:
    """The same for hues: however strong, the place must stay in the picture and come back."""
    ends, between = (
        ends_of(seen, place.steps, place.region, place.around),
        held(seen, place.steps),
    )
    if between is None:
        return 0.0
    back = _likeness(returned(seen, place.steps)) * _calm(seen, pair, place.around) / _BACK_LIMIT
    if ends is None:
        back *= _ONE_FRAME_WEIGHT
    alike = ends.sureness() / _ALONE_LIMIT if ends else 0.0
    return _weighed(between, back, alike) * _size(seen, pair) * pair.strength


def _weighed(between: Held, back: float, alike: float) -> float:
    """What came back or both ends of one fault count, by whether the place holds between them."""
    one, surely = (float(np.interp(between.share, at, (1.0, 0.0))) for at in (_LIVES, _HOLDS))
    plain = float(np.interp(between.levels, _PLAIN_LEVELS, (0.0, 1.0)))
    return max(back * one, alike * surely * plain)


def _size(seen: Surprise, pair: Pair) -> float:
    return min(size_weight(seen, frame, pair.cell) for frame in (pair.first, pair.after))


def _came_back(pair: Pair, again: Returned) -> float:
    """0..1: how alike before and after are, or how strong the pair is.

    A single frame counts half and must be alike: what slides in from the side is strong, too.
    Alike: the place after the fault differs less from before it than from every frame between.
    What differs more afterwards than between was passed over, however strongly.
    """
    alike = _likeness(again)
    if pair.after - pair.first == 1:
        return _ONE_FRAME_WEIGHT * alike
    gone_on = float(np.interp(again.back / (again.between + _NOISE_LEVELS), _BACK, (0.0, 1.0)))
    return max(alike, float(np.interp(pair.strength, _SURE, (0.0, 1.0))) * (1.0 - gone_on))


def _likeness(again: Returned) -> float:
    """0..1: how much more the place differs between than afterwards from what it was before."""
    return float(np.interp(again.between / (again.back + _NOISE_LEVELS), _BACK, (0.0, 1.0)))


def _calm(seen: Surprise, pair: Pair, around: Mask) -> float:
    """1 where the place and its surroundings were calm before the fault and after it, down to 0.

    The frames right beside it are left out: a fault may take two to set in.
    """
    first, after = pair.first - _SKIPPED, pair.after + _SKIPPED + 1
    shares = (
        _unrest(seen, range(first - _LOOKED, first), pair.first, around),
        _unrest(seen, range(after, after + _LOOKED), pair.after, around),
    )
    return 1.0 - float(np.interp(max(shares), _RESTLESS, (0.0, 1.0)))


def _unrest(seen: Surprise, frames: range, fault: int, around: Mask) -> float:
    """The most that flow leaves unexplained around there in the frames, as a share of the fault."""
    known = [frame for frame in frames if 1 <= frame < len(seen.residual)]
    most = max((float(seen.residual[frame][around].max()) for frame in known), default=0.0)
    return most / max(float(seen.residual[fault][around].max()), 1e-3)


def _kind(seen: Surprise, pair: Pair, steps: list[Patch], fps: float) -> str:
    """The pair's kind: see `_kind_of`."""
    within, after = cut(seen, steps[1]), cut(seen, steps[0])
    barer = bool(within.size) and float(within.std()) < _BARER * float(after.std())
    return _kind_of(pair.after - pair.first, fps, barer=barer)


def _kind_of(frames: int, fps: float, *, barer: bool) -> str:
    """A short fault is a pop; a long one a vanish where the place is barer than otherwise."""
    if frames <= _POP_S * fps:
        return "pop"
    return "vanish" if barer else "appear"
