"""Does the product keep its outline? Its edge in a still, held against its edge in the others.

Two stills of one product differ at its edge by light, by a ground that moves behind it, by what
passes in front. A dent or a bulge alone moves the edge itself along its normals, for a stretch,
while the rest of the outline stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.types import Evidence
from qa.film.found import found, reading, runs, stretch
from qa.film.product.covered import standing
from qa.film.product.edges import PLACES, REACH, STEP, Outline, Strip, outline_of, strip_of
from qa.film.product.sought import followed
from qa.film.product.twins import twins
from qa.film.screened import Screened
from qa.film.sight import Sight, Views, placed_points
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Box, Reading

# Source for the constants: 84 dents of strengths 3 and 4 planted in 32 clips (seeds
# 6300 to 6634, older ones) and 72 clean designed clips of all eight designs (2026-11-23). Lengths
# in steps of 1/128 of the product's size, distances in CIELAB.
_NEAR = 7
_FARTHEST = 32
_SHIFTS = np.arange(-_FARTHEST, _FARTHEST + 1, 2)
_UNMOVED = np.zeros(1, int)
_BLUR = 2
_MOST_APART = 20.0
_PULL = 0.03
_OTHERS, _FEWEST = 3, 3
# What may be a dent at all: as long as this, and this much less like the other stills.
_SUSPECT_LENGTH = 0.08
_SUSPECT, _STANDS_OUT = 2.5, 1.5
# An edge has moved where it fits again: so much better, with so little left.
_LEAST_GAIN, _MOST_LEFT, _CLEAR, _ALIKE = 2.5, 0.65, 2.0, 8.0
_LEAST_STEPS, _LEAST_AREA = 5.0, 0.004
_TURNS, _SPREAD = 5, 1.5
_LEAST_WEIGHT, _STIFFNESS = 1e-6, 0.005
# Windows stand still by 0.5 to 0.9; inside the edge dented stills are 1 to 20 from the photo and
# the others 1 to 8, windows and titles 18 to 80. Up to its usual edge a mug that a window
# cuts in all other stills is 0.4 from it; at 1.5 no planted dent is lost. Beyond that edge a wall
# as bright as a mug is 5.7 from it, a page beside a notebook 20.4, a planted bulge 1.3.
_STANDS_SHARE = 0.5
_MOST_UNLIKE_PHOTO, _USUALLY_UNLIKE_PHOTO = 22.0, 12.0
_WHOLE, _FILLED = 1.5, 3.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dent:
    """A stretch of the outline that departs.

    `places` (n,) of the outline, `steps` (n,) how far outward each lies, `area` what lies between
    as a share of the product's area, `strip` where it is seen.
    """

    strip: Strip
    places: Numbers
    steps: Numbers
    area: float


def outline(seen: Screened) -> Reading:
    """The largest dent or bulge of the product, as a share of its area; 0 is best.

    The edge of each still is looked for along the normals of the photo's mask and held against the
    three other stills of that photo that are most like it; what an affine map of the whole outline
    explains is none. Where the frame ends, and where a window or a title stands still on the screen
    while the product moves, nothing is said; nor with fewer than three stills of a photo.
    """
    return reading(_events(seen))


def _events(seen: Screened) -> Iterator[Evidence]:
    """One piece of evidence for each run of stills in which the outline departs."""
    views, own = seen.views, followed(seen.views)
    sights = sorted((*own, *twins(views, own)), key=lambda sight: sight.frame)
    for source in dict.fromkeys(views.sources):
        same = [sight for sight in sights if sight.source is source]
        if len(same) < _FEWEST:
            continue
        edge = outline_of(source.reference)
        strips = [strip_of(sight, views.stills[sight.frame], edge) for sight in same]
        held = _by_frame(strips, list(_dents(views, strips)))
        worst_of = list(held.values())
        for first, last in runs([dent is not None for dent in worst_of]):
            worst = max(filter(None, worst_of[first : last + 1]), key=lambda dent: dent.area)
            frames = stretch(list(held), first, last, of=seen.reel.frames)
            box = _box(worst, views.frame_px)
            yield found("silhouette", _message(worst), frames=frames, number=worst.area, box=box)


def _by_frame(strips: Sequence[Strip], dents: Sequence[Dent | None]) -> dict[int, Dent | None]:
    """The largest dent of each frame: a line-up shows the product twice."""
    held: dict[int, Dent | None] = {}
    for strip, dent in zip(strips, dents, strict=True):
        known = held.setdefault(strip.sight.frame, dent)
        if known is None or (dent is not None and dent.area > known.area):
            held[strip.sight.frame] = dent
    return held


def _dents(views: Views, strips: Sequence[Strip]) -> Iterator[Dent | None]:
    """The largest dent of each still, None where its outline is as usual."""
    apart, screen = _all_apart(strips), _Screen(views)
    for at, strip in enumerate(strips):
        usual = np.median(np.delete(apart[at], at, axis=0), axis=0)
        if not _is_suspect(usual, strip.outline):
            yield None
            continue
        order = np.argsort(apart[at].mean(axis=1))
        others = [strips[other] for other in order if other != at][:_OTHERS]
        steps = _middle(np.stack([_departs(strip, other) for other in others]))
        largest = sorted(_stretches(strip, steps), key=lambda dent: -dent.area)
        likely = (dent for dent in largest if _is_product(dent, others))
        yield next((dent for dent in likely if screen.shows(dent)), None)


def _middle(steps: Numbers) -> Numbers:
    """(places,) of (others, places): the middle by its size, of two the smaller."""
    order = np.argsort(np.abs(steps), axis=0)[(len(steps) - 1) // 2]
    return np.take_along_axis(steps, order[None], axis=0)[0]


def _is_suspect(apart: Numbers, outline: Outline) -> bool:
    """True where a stretch of the outline is far less like the other stills than the rest is."""
    limit = max(_SUSPECT, _STANDS_OUT * float(np.median(apart)))
    return float((apart > limit).mean()) * outline.length >= _SUSPECT_LENGTH


def _all_apart(strips: Sequence[Strip]) -> Numbers:
    """(stills, stills, places): how unlike any two are as they lie."""
    apart = np.zeros((len(strips), len(strips), PLACES))
    for one in range(len(strips)):
        for two in range(one):
            apart[one, two] = apart[two, one] = unlike(strips[one], strips[two], _UNMOVED)[0]
    return apart


def unlike(one: Strip, two: Strip, shifts: Numbers) -> Numbers:
    """(shifts, places): how unlike `two` the edge of `one` is, looked for so many steps outward.

    The mean CIELAB distance from seven steps inside to seven outside, each at most 20, smoothed
    over five places.
    """
    rows = REACH - _NEAR + shifts[:, None] + np.arange(2 * _NEAR + 1)
    far = np.zeros((len(shifts), 2 * _NEAR + 1, PLACES), np.float32)
    for here, there in zip(one.lab, two.lab, strict=True):
        gap = here[rows] - there[REACH - _NEAR : REACH + _NEAR + 1]
        far += gap * gap
    mean = np.sqrt(np.minimum(far, _MOST_APART**2)).mean(axis=1)
    closed = np.concatenate([mean[:, -_BLUR:], mean, mean[:, :_BLUR]], axis=1)
    return cv2.blur(closed, (2 * _BLUR + 1, 1))[:, _BLUR:-_BLUR]


def _departs(one: Strip, other: Strip) -> Numbers:
    """(places,) how many steps farther out the edge lies than in the other; 0 where unsure."""
    cost = unlike(one, other, _SHIFTS)
    best = (cost + _PULL * np.abs(_SHIFTS)[:, None]).argmin(axis=0)
    every = np.arange(PLACES)
    left, steps = cost[best, every], _SHIFTS[best].astype(np.float64)
    held = one.held & other.held & (cost.mean(axis=0) - cost.min(axis=0) > _CLEAR)
    usual = _affine(one.outline, steps, held & (np.abs(steps) < _FARTHEST) & (left < _ALIKE))
    stays = np.abs(_SHIFTS[:, None] - usual).argmin(axis=0)
    unmoved = cost[stays, every]
    sure = (unmoved - left > _LEAST_GAIN) & (left < _MOST_LEFT * unmoved)
    return (steps - usual) * (held & sure)


def _affine(outline: Outline, steps: Numbers, sure: Mask) -> Numbers:
    """(places,) how far the affine map that explains most of the outline moves its edge.

    Source: Holland and Welsch (1977), iteratively reweighted least squares (Cauchy-like weights).
    """
    middle = outline.points.mean(axis=0)
    at = np.column_stack([(outline.points - middle) / outline.size_px, np.ones(PLACES)])
    terms = (outline.normals[:, :, None] * at[:, None]).reshape(PLACES, -1)
    weight = sure + _LEAST_WEIGHT
    fit = np.zeros(PLACES)
    for _ in range(_TURNS):
        held = terms * weight[:, None]
        normal = terms.T @ held + _STIFFNESS * np.eye(terms.shape[1])
        fit = terms @ np.linalg.solve(normal, held.T @ steps)
        weight = weight / np.maximum(np.abs(steps - fit) / _SPREAD, 1.0) ** 2
    return fit


def _stretches(strip: Strip, steps: Numbers) -> Iterator[Dent]:
    """The stretches that depart to one side, places next to each other or with one between."""
    length = strip.outline.length / PLACES
    for side in (1.0, -1.0):
        departs = side * steps >= _LEAST_STEPS
        start = int(np.flatnonzero(~departs)[0]) if not departs.all() else 0
        for first, last in runs(np.roll(departs, -start), bridge=1):
            places = (np.arange(first, last + 1) + start) % PLACES
            area = float(np.abs(steps[places]).sum()) * STEP * length
            if area >= _LEAST_AREA:
                yield Dent(strip=strip, places=places, steps=steps[places], area=area)


def _is_product(dent: Dent, others: Sequence[Strip]) -> bool:
    """True where what lies inside the edge is the photo's product, in this still and the others.

    What shows the product up to its usual edge is not dented: a window's wall in the others does
    that. It bulges only where more of the same plain surface follows: a wall as bright does not.
    """
    usual = np.zeros_like(dent.steps)
    here = _unlike_photo(dent.strip, dent.places, dent.steps)
    is_whole = _unlike_photo(dent.strip, dent.places, usual) <= _WHOLE
    if is_whole and (dent.steps.mean() < 0 or here > _FILLED):
        return False
    still = [_unlike_photo(other, dent.places, usual) for other in others]
    return here <= _MOST_UNLIKE_PHOTO and float(np.median(still)) <= _USUALLY_UNLIKE_PHOTO


def _unlike_photo(strip: Strip, places: Numbers, steps: Numbers) -> float:
    """The median CIELAB distance to the photo inside the edge, which lies so far outward."""
    within = np.arange(-_NEAR, 0)[:, None]
    rows = np.clip(within + np.rint(steps).astype(int), -REACH, REACH) + REACH
    gap = strip.lab[:, rows, places] - strip.outline.photo[:, within + REACH, places]
    return float(np.median(np.linalg.norm(gap, axis=0)))


class _Screen:
    """What of the strips stands still on the screen; each still is looked at once."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._stands: dict[Sight, Mask] = {}

    def shows(self, dent: Dent) -> bool:
        """False where a window or a title ends there, not the product."""
        far = int(np.ceil(np.abs(dent.steps).max()))
        steps = (-far, 0) if dent.steps.mean() < 0 else (0, far)
        return self._share(dent.strip, dent.places, steps) <= _STANDS_SHARE

    def _share(self, strip: Strip, places: Numbers, steps: tuple[int, int]) -> float:
        """How much of the strip between those steps stands still, 0..1."""
        if strip.sight not in self._stands:
            self._stands[strip.sight] = standing(self._views, strip.sight)
        stands = self._stands[strip.sight]
        scale = stands.shape[1] / strip.sight.source.reference.rgb.shape[1]
        within = np.arange(steps[0], steps[1] + 1, dtype=np.float64)
        at = strip.outline.across(within)[:, places].reshape(-1, 2) * scale
        x, y = np.clip(np.rint(at).astype(int), 0, (stands.shape[1] - 1, stands.shape[0] - 1)).T
        return float(stands[y, x].mean())


def _message(dent: Dent) -> str:
    how = "bulges" if dent.steps.mean() > 0 else "is dented"
    far = float(np.abs(dent.steps).max()) * STEP
    return f"the product's outline {how} by {far:.0%} of its size, unlike at other moments"


def _box(dent: Dent, frame_px: tuple[int, int]) -> Box:
    """Round the places that depart, as far in and out as they do; 0..1."""
    far = float(np.abs(dent.steps).max())
    points = dent.strip.outline.across(np.array([-far, far]))[:, dent.places].reshape(-1, 2)
    placed = placed_points(points, dent.strip.sight.matrix) / frame_px
    (x0, y0), (x1, y1) = np.clip([placed.min(axis=0), placed.max(axis=0)], 0.0, 1.0).tolist()
    return x0, y0, x1, y1
