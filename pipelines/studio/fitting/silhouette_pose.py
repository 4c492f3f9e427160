"""A body's points from its outline and skin alone, for photos in which no network finds a body."""

from __future__ import annotations

import numpy as np

from assets.people.bodies import Pose
from pipelines.studio.fitting.body_shapes import largest
from pipelines.studio.fitting.parts_costs import broad_skin, lab_of

SHOULDERS_TO_TRUNK = 0.62
"""Distance of the shoulder joints over mid-shoulder to mid-hip. Median of 39 people: 0.67."""

OUTLINE_TO_SHOULDERS = 0.78
"""Distance of the joints over the outline's width at their height. Median of 39 people: 0.79."""

NECK_SKIN_MIN = 0.004
"""Share of the photo: a body whose neck shows no skin may as well be a pair of legs."""


def pose_of_silhouette(rgb: np.ndarray, *, mask: np.ndarray) -> Pose | None:
    """The points of an upright, headless body seen from the front, or None.

    `mask` (H, W) uint8 is where a person is likely. Shoulders lie where the outline, seen from
    above, first has its full width; the rest follows from proportions. The outline must reach the
    photo's upper edge (else a head without a face shows: no front), and skin must show between
    the shoulders' tops, or it may be anything.
    """
    body = largest(mask > 127)
    if body.sum() < 0.1 * body.size:
        return None
    rows = np.flatnonzero(body.any(axis=1))
    if rows[0] > 0.03 * body.shape[0]:
        return None
    widths, middles = _profile(body, rows)
    upper = widths[: max(2, round(0.45 * len(rows)))]
    at = int(np.argmax(upper >= 0.85 * upper.max()))
    shoulders, trunk = upper[at] * OUTLINE_TO_SHOULDERS, 0.0
    trunk = shoulders / SHOULDERS_TO_TRUNK
    middle = np.array([middles[at], rows[at] + 0.1 * shoulders])
    if not _neck_shows(rgb, middle, shoulders) or middle[1] + 0.7 * trunk > body.shape[0]:
        return None
    return _pose(middle, shoulders=shoulders, trunk=trunk, mask=mask)


def _profile(body: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row's width and middle."""
    first = body[rows].argmax(axis=1)
    last = body.shape[1] - 1 - body[rows, ::-1].argmax(axis=1)
    return (last - first + 1).astype(float), (first + last) / 2


def _neck_shows(rgb: np.ndarray, middle: np.ndarray, shoulders: float) -> bool:
    """True when skin of any tone shows above the shoulders' middle."""
    low, high = max(0, int(middle[1] - 0.6 * shoulders)), int(middle[1] + 0.15 * shoulders)
    left, right = max(0, int(middle[0] - 0.3 * shoulders)), int(middle[0] + 0.3 * shoulders)
    part = rgb[low:high, left:right]
    if not part.size:
        return False
    skin = broad_skin(lab_of(part))
    return bool(skin.sum() > NECK_SKIN_MIN * rgb.shape[0] * rgb.shape[1])


def _pose(middle: np.ndarray, *, shoulders: float, trunk: float, mask: np.ndarray) -> Pose:
    """33 points by the proportions of a standing body with its arms down."""
    points = np.zeros((33, 4), np.float32)
    points[:, :2] = middle
    points[:11, 1] -= 0.75 * shoulders
    half = shoulders / 2
    down = {11: (1.0, 0.0), 13: (1.25, 0.62), 15: (1.3, 1.15), 19: (1.3, 1.35)}
    down |= {17: (1.3, 1.35), 21: (1.2, 1.3), 23: (0.62, 1.0), 25: (0.6, 1.85), 27: (0.6, 2.7)}
    down |= {29: (0.6, 2.75), 31: (0.65, 2.85)}
    for index, (out, along) in down.items():
        points[index, :2] = middle[0] + out * half, middle[1] + along * trunk
        points[index + 1, :2] = middle[0] - out * half, middle[1] + along * trunk
    points[[11, 12, 23, 24], 3] = 0.9
    points[13:23, 3] = 0.4
    world = np.zeros((33, 3), np.float32)
    # 0.35 m across the shoulders: any length does, angles alone are read.
    world[:, :2] = (points[:, :2] - points[23:25, :2].mean(axis=0)) * (0.35 / shoulders)
    return Pose(points=points, world=world, presence=0.5, mask=mask)
