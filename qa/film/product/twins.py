"""The product a second time in the same still: a line-up shows one photo twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from qa.film.sight import Sight, Views, matched, seen_at
from qa.vision.observed import Box
from qa.vision.register import Features

_LATE = 0.7
_MOST_SHARED = 0.1


def twins(views: Views, sights: Sequence[Sight]) -> Iterator[Sight]:
    """What shows the same photo's product beside each sight; one sight is tried before all.

    A line-up is complete in its later half. One try takes 2 to 5 ms.
    """
    late = round(_LATE * (len(sights) - 1))
    if sights and _beside(views, sights[late]) is not None:
        found = (_beside(views, sight) for sight in sights)
        yield from (twin for twin in found if twin is not None)


def _beside(views: Views, sight: Sight) -> Sight | None:
    """The sight's product once more, on points that lie outside of it."""
    points, (x0, y0, x1, y1) = views.points(sight.frame), sight.box
    x, y = (points.points / views.frame_px).T
    rest = np.flatnonzero((x < x0) | (x > x1) | (y < y0) | (y > y1))
    if len(rest) < 2:
        return None
    outside = Features(points.points[rest], points.descriptors[rest])
    place = matched(sight.source.reference.features, outside)
    if place is None:
        return None
    twin = seen_at(views.stills[sight.frame], sight.frame, sight.source, place[0])
    return twin if twin and _shared(twin.box, sight.box) < _MOST_SHARED else None


def _shared(one: Box, two: Box) -> float:
    """What two boxes share, as a share of the first."""
    across = max(0.0, min(one[2], two[2]) - max(one[0], two[0]))
    down = max(0.0, min(one[3], two[3]) - max(one[1], two[1]))
    return across * down / max((one[2] - one[0]) * (one[3] - one[1]), 1e-6)
