"""The product in stills where its points no longer fit: looked for where it was, in any stretch.

A product that is drawn out of its proportions loses the points that find it. What is not found is
no proof; but shades that fit the photo again under another affine map are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from qa.film.sight import Sight, Source, Views, is_likely, placed_box, seen_at
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Box
from qa.vision.register import Features

# Source for the constants: six clips with a planted drift and their clean twins (2026-11-22): right
# places correlate by 0.94 and more, wrong ones by 0.93 and less.
_WORK_PX = 160
_FEWEST = 8
_RATIO = 0.8
_REACH_SHARE = 0.008
_TURNS, _SURELY = 5000, 0.9999
_FITS = 0.94
_STRETCHES = ((1.0, 1.0), (1.16, 0.9), (0.9, 1.16))
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-4)
_SMOOTHING_PX = 5
_LIKE_PHOTO = 0.5
"""Source: 21 places half way in 156 designed clips correlate by 0.67 and more with the photo; four
in a glide that went another way by 0.29 and less (2026-11-23)."""

_MOST_STILLS = 0.6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Place:
    """Where a still shows a source: `matrix` (2, 3) maps reference pixels to the still's."""

    frame: int
    source: Source
    matrix: Numbers
    box: Box


def places(views: Views) -> Iterator[Place]:
    """The product in every still that shows it, in order of frames; also where it is stretched."""
    known = {sight.frame: sight for sight in views.sights}
    last: Place | None = None
    for frame in views.stills:
        sight = known.get(frame)
        here = _sought(views, frame, last) if sight is None else _placed(sight)
        if here is not None:
            last = here
            yield here


def followed(views: Views) -> tuple[Sight, ...]:
    """The product in every still that shows it, in order of frames, as far as it can be told.

    Where its points fail between two stills that show it, it lies half way: as far as time has
    gone, if it looks like its photo there. Where they fail in most stills, it is looked for by its
    shades, see `places`.
    """
    known = {sight.frame for sight in views.sights}
    between = (
        _half_way(views, frame, one, two)
        for one, two in pairwise(views.sights)
        if one.source is two.source
        for frame in views.stills
        if one.frame < frame < two.frame and frame not in known
    )
    held = {sight.frame: sight for sight in (*views.sights, *between) if sight is not None}
    if len(held) < _MOST_STILLS * len(views.stills):
        held = {**dict(_by_shades(views)), **held}
    told = (held[frame] for frame in sorted(held))
    return tuple(each for each in told if each.frame in known or _like_photo(each) >= _LIKE_PHOTO)


def _by_shades(views: Views) -> Iterator[tuple[int, Sight]]:
    for place in places(views):
        still = views.stills[place.frame]
        sight = seen_at(still, place.frame, place.source, place.matrix)
        if sight is not None:
            yield place.frame, sight


def _half_way(views: Views, frame: int, one: Sight, two: Sight) -> Sight | None:
    gone = (frame - one.frame) / (two.frame - one.frame)
    matrix = (1.0 - gone) * one.matrix + gone * two.matrix
    return seen_at(views.stills[frame], frame, one.source, matrix)


def _like_photo(sight: Sight) -> float:
    """How the brightness of the product as the still shows it correlates with its photo's."""
    shown, photo = (
        cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[sight.mask].astype(np.float32)
        for picture in (sight.view, sight.photo)
    )
    shown, photo = shown - shown.mean(), photo - photo.mean()
    return float(shown @ photo) / max(float(np.linalg.norm(shown) * np.linalg.norm(photo)), 1e-3)


def _placed(sight: Sight) -> Place:
    return Place(frame=sight.frame, source=sight.source, matrix=sight.matrix, box=sight.box)


def _sought(views: Views, frame: int, last: Place | None) -> Place | None:
    """The first start from which a source fits the still: few points, where it was, stretched."""
    picture = views.stills[frame]
    for source, start in _starts(views, frame, last):
        likeness, matrix = _fitted(source, start, picture)
        if likeness >= _FITS and is_likely(matrix):
            box = placed_box(source, matrix, picture)
            return Place(frame=frame, source=source, matrix=matrix, box=box)
    return None


def _starts(views: Views, frame: int, last: Place | None) -> Iterator[tuple[Source, Numbers]]:
    for source in views.sources:
        matrix = _by_points(source.reference.features, views.points(frame))
        if matrix is not None:
            yield source, matrix
    if last is not None:
        for across, down in _STRETCHES:
            yield last.source, _stretched(last, across, down)


def _stretched(last: Place, across: float, down: float) -> Numbers:
    """The map of the last place, stretched about the product's middle."""
    x0, y0, x1, y1 = last.source.reference.box
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    linear = last.matrix[:, :2] @ np.diag([across, down])
    shift = last.matrix[:, 2] + (last.matrix[:, :2] - linear) @ middle
    return np.column_stack([linear, shift])


def _by_points(own: Features, points: Features) -> Numbers | None:
    """The affine map that eight points or more agree on: a start, no proof."""
    if min(len(own.points), len(points.points)) < _FEWEST:
        return None
    pairs = cv2.BFMatcher().knnMatch(own.descriptors, points.descriptors, k=2)
    sure = [one for one, two in pairs if one.distance < _RATIO * two.distance]
    if len(sure) < _FEWEST:
        return None
    here = own.points[[match.queryIdx for match in sure]]
    there = points.points[[match.trainIdx for match in sure]]
    reach = max(2.0, _REACH_SHARE * float(np.ptp(there, axis=0).max()))
    matrix, agreeing = cv2.estimateAffine2D(
        here, there, ransacReprojThreshold=reach, maxIters=_TURNS, confidence=_SURELY
    )
    if matrix is None or int(agreeing.sum()) < _FEWEST or not is_likely(matrix):
        return None
    return np.asarray(matrix, np.float64)


def _fitted(source: Source, start: Numbers, picture: Pixels) -> tuple[float, Numbers]:
    """Correlation of brightness inside the product and the map where it is greatest; 0 for none.

    Source: Evangelidis and Psarakis (2008), enhanced correlation coefficient.
    """
    reference = source.reference
    own_scale = _WORK_PX / reference.longer_side_px
    largest = float(np.linalg.svd(start[:, :2], compute_uv=False)[0])
    scale = min(1.0, own_scale / largest)
    own, seen = _small(reference.rgb, own_scale), _small(picture, scale)
    to_own, to_seen = _scaling(own_scale), _scaling(scale)
    first = (to_seen @ np.vstack([start, [0, 0, 1]]) @ np.linalg.inv(to_own))[:2]
    mask = _share(reference.mask, own.shape)
    inside = cv2.warpAffine(mask, first, seen.shape[::-1], flags=cv2.INTER_NEAREST)
    try:
        likeness, fine = cv2.findTransformECC(
            own, seen, first.astype(np.float32), cv2.MOTION_AFFINE, _STOP, inside, _SMOOTHING_PX
        )
    except cv2.error as error:
        if error.code != cv2.Error.StsNoConv:
            raise
        return 0.0, start
    matrix = np.linalg.inv(to_seen) @ np.vstack([fine, [0, 0, 1]]) @ to_own
    return float(likeness), matrix[:2]


def _share(mask: Mask, shape: tuple[int, ...]) -> Pixels:
    """The mask at another size: 1 where it covers half of a pixel or more, else 0."""
    size = (shape[1], shape[0])
    share = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    return (share > 127).astype(np.uint8)


def _small(rgb: Pixels, scale: float) -> Pixels:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _scaling(scale: float) -> Numbers:
    """(3, 3): pixels of a picture to pixels of the same scaled, centres kept."""
    shift = (scale - 1.0) / 2.0
    return np.array([[scale, 0.0, shift], [0.0, scale, shift], [0.0, 0.0, 1.0]])
