"""A garment's outline: traced, set upright, and its corners found."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.mesh_curves import resample

TILT_MAX_DEG = 16
"""How far a garment laid by hand is turned back upright; beyond, its picture is another view."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """The outer contour `points` (n, 2) px and the `mask` (H, W) uint8 0/1 that it bounds.

    The contour runs from the top centre down the picture's left side and up the right one.
    """

    points: np.ndarray
    mask: np.ndarray

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The contour's x0, y0, x1, y1."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def top_at(self, x: float) -> float:
        """The mask's uppermost row in the column at x; the box's bottom where it is empty."""
        column = self.mask[:, int(np.clip(round(x), 0, self.mask.shape[1] - 1))]
        rows = np.flatnonzero(column)
        return float(rows[0]) if rows.size else self.box[3]


def trace(solid: np.ndarray) -> Outline:
    """The outline of the largest piece of a (H, W) boolean mask, slivers and threads cut off."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    side = max(3, round(0.011 * max(solid.shape)) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    mask = cv2.morphologyEx((labels == largest).astype(np.uint8), cv2.MORPH_OPEN, disc)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    (left, top), right = points.min(axis=0), points[:, 0].max()
    middle = (left + right) / 2
    start = int(np.argmin(((points - [middle, top]) ** 2).sum(axis=1)))
    points = np.roll(points, -start, axis=0)
    if points[len(points) // 8, 0] > middle:
        points = np.roll(points[::-1], 1, axis=0)
    return Outline(points=points, mask=mask)


def tilt_deg(solid: np.ndarray) -> float:
    """How far a (H, W) mask is turned clockwise from its mirror symmetry, in degrees."""
    scale = 96 / max(solid.shape)
    small = cv2.resize(solid.astype(np.float32), None, fx=scale, fy=scale, interpolation=3)
    ys, xs = np.nonzero(small > 0.5)
    centre = (float(xs.mean()), float(ys.mean()))
    angles = np.arange(-TILT_MAX_DEG, TILT_MAX_DEG + 0.1, 1.0)
    agree = np.array([_mirrored_agreement(small, centre, float(angle)) for angle in angles])
    best = int(np.argmax(agree - 0.0008 * np.abs(angles)))
    if not 0 < best < len(angles) - 1:
        return float(angles[best])
    before, at, after = agree[best - 1 : best + 2]
    bend = before - 2 * at + after
    return float(angles[best] + (0.5 * (before - after) / bend if bend < 0 else 0.0))


def mirrored(solid: np.ndarray) -> float:
    """How nearly a (H, W) mask is its own mirror image: overlap over union, 1 for a perfect one."""
    scale = 96 / max(solid.shape)
    small = cv2.resize(solid.astype(np.float32), None, fx=scale, fy=scale, interpolation=3)
    ys, xs = np.nonzero(small > 0.5)
    return _mirrored_agreement(small, (float(xs.mean()), float(ys.mean())), 0.0)


def _mirrored_agreement(small: np.ndarray, centre: tuple[float, float], angle: float) -> float:
    """Intersection over union of the mask turned back by `angle` and its mirror image."""
    turn = cv2.getRotationMatrix2D(centre, angle, 1.0)
    turn[:, 2] += np.array([80.0, 80.0]) - centre
    upright = cv2.warpAffine(small, turn, (161, 161))
    best = 0.0
    for shift in (-3, -2, -1, 0, 1, 2, 3):
        mirror = np.roll(upright[:, ::-1], shift, axis=1)
        best = max(
            best, float(np.minimum(upright, mirror).sum() / np.maximum(upright, mirror).sum())
        )
    return best


def corners(
    arc: np.ndarray, *, far_from: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """The two points that make start–first–second–end the closest polyline to the arc (n, 2).

    Both lie at least `reach` of the arc's greatest distance away from `far_from`. The middle side
    counts double: it is a cuff, which is straight.
    """
    points = resample(arc, 70)
    residual = _chord_residuals(points)
    away = np.linalg.norm(points - far_from, axis=1)
    far = away > reach * away.max()
    cost = residual[0][:, None] + 2 * residual + residual[:, -1][None, :]
    i, j = np.indices(cost.shape)
    allowed = far[:, None] & far[None, :] & (i >= 8) & (i < 64) & (j >= i + 2) & (j < 67)
    first, second = np.unravel_index(np.argmin(np.where(allowed, cost, np.inf)), cost.shape)
    return points[first], points[second]


def cuff_corners(arc: np.ndarray, *, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cuff's outer and inner corner of a long sleeve: the arc (n, 2) runs round its end.

    They are where lines at about 65° to the sleeve's last third touch it: ribbed cuffs are
    narrower than the sleeve above them.
    """
    away = np.linalg.norm(arc - middle, axis=1)
    end, before = arc[away > 0.85 * away.max()], arc[(away > 0.5 * away.max())]
    before = before[np.linalg.norm(before - middle, axis=1) < 0.8 * away.max()]
    run = end.mean(axis=0) - (before.mean(axis=0) if len(before) else middle)
    run = run / max(float(np.linalg.norm(run)), 1e-6)
    lean = 0.45 * np.array([-run[1], run[0]])
    # A hanging sleeve's root stands upright beside it: only the arc's own order tells its sides.
    outer, inner = sorted(int(np.argmax(arc @ towards)) for towards in (run + lean, run - lean))
    return arc[outer], arc[inner]


def _chord_residuals(points: np.ndarray) -> np.ndarray:
    """Sum of squared distances of points i..j from the chord i–j, (n, n) px²; by running sums."""
    count = len(points)
    products = np.stack([points[:, 0] ** 2, points[:, 0] * points[:, 1], points[:, 1] ** 2], axis=1)
    run = np.concatenate([np.zeros((1, 2)), np.cumsum(points, axis=0)])
    run2 = np.concatenate([np.zeros((1, 3)), np.cumsum(products, axis=0)])
    i, j = np.indices((count, count))
    number = (j - i + 1)[..., None]
    total, total2 = run[j + 1] - run[i], run2[j + 1] - run2[i]
    base = points[i]
    xx = total2[..., 0] - 2 * base[..., 0] * total[..., 0] + number[..., 0] * base[..., 0] ** 2
    yy = total2[..., 2] - 2 * base[..., 1] * total[..., 1] + number[..., 0] * base[..., 1] ** 2
    xy = (
        total2[..., 1]
        - base[..., 0] * total[..., 1]
        - base[..., 1] * total[..., 0]
        + number[..., 0] * base[..., 0] * base[..., 1]
    )
    chord = points[j] - points[i]
    long2 = np.maximum((chord**2).sum(axis=-1), 1e-9)
    squared = chord[..., 1] ** 2 * xx - 2 * chord[..., 0] * chord[..., 1] * xy
    return np.where(j > i, np.maximum(squared + chord[..., 0] ** 2 * yy, 0) / long2, 0)
