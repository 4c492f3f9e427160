"""A fold at the bend of a long sleeve laid down bent: on an arm that hangs it would be a wedge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.erase_fill import continued, smoothly_continued
from pipelines.studio.fitting.garment_view import SleeveMarks, Sleeves
from pipelines.studio.fitting.layers_masks import grown
from pipelines.studio.fitting.mesh_curves import resample

DEEP, BLUNT = 0.01, 0.11
"""A bay in a sleeve's inner edge is a fold's mouth from this inscribed radius on, in chest
widths, when that is at least such a share of its length. Source: three hoodies' six sleeves: four
folds 0.013 to 0.033 deep, 0.13 to 0.17 of their length; two sleeves without one 0.013 deep at most,
0.09 of their length."""

CREASE = 0.15
"""So far from its mouth a fold's creases reach, in chest widths. Source: as above."""

GRAIN = 0.02
"""The weave's own light goes no farther than this from its mean, 0..1: more is a crease."""

SOLID = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foldless:
    """The garment (H, W, 4) float32 premultiplied without folds at its elbows; its sleeves."""

    rgba: np.ndarray
    sleeves_of: Mapping[str, SleeveMarks]


def without_folds(
    rgba: np.ndarray,
    sleeves_of: Mapping[str, SleeveMarks],
    *,
    sleeves: Sleeves,
    chest_px: float,
) -> Foldless:
    """The garment with each fold at a sleeve's bend covered by the cloth around it.

    `rgba` (H, W, 4) float32 0..1 sRGB, premultiplied. The sleeve's inner edge then runs straight
    over the fold's mouth. Short sleeves, and those without a fold, stay as they were.
    """
    mended, edges = rgba, dict(sleeves_of)
    if sleeves is not Sleeves.LONG:
        return Foldless(rgba=mended, sleeves_of=edges)
    for side, marks in sleeves_of.items():
        whole = _hull(np.vstack([marks.outer, marks.inner[::-1]]), rgba.shape[:2])
        mouth = _mouth(whole & (rgba[..., 3] < SOLID), chest_px=chest_px)
        if mouth.any():
            mended = _covered(mended, mouth, whole=whole, reach_px=round(CREASE * chest_px))
            edges[side] = SleeveMarks(outer=marks.outer, inner=_over(marks.inner, mouth))
    return Foldless(rgba=mended, sleeves_of=edges)


def _hull(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The convex hull (h, w) bool of points."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [cv2.convexHull(np.rint(points).astype(np.int32))], 1)
    return mask > 0


def _mouth(air: np.ndarray, *, chest_px: float) -> np.ndarray:
    """Of the air (h, w) bool inside a sleeve's hull, the bays and holes that a fold leaves."""
    deep = cv2.distanceTransform(np.pad(air, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(air.astype(np.uint8))
    mouth = np.zeros(air.shape, bool)
    for label in range(1, count):
        longer = max(stats[label, cv2.CC_STAT_WIDTH], stats[label, cv2.CC_STAT_HEIGHT])
        own = np.asarray(labels) == label
        depth = float(deep[own].max())
        if depth > max(DEEP * chest_px, BLUNT * longer):
            mouth |= own
    return mouth


def _covered(
    rgba: np.ndarray, mouth: np.ndarray, *, whole: np.ndarray, reach_px: int
) -> np.ndarray:
    """The garment with the fold and its mouth filled by the sleeve's own cloth."""
    hole = grown(mouth, reach_px) & whole
    cloth = grown(whole & (rgba[..., 3] > 0.99), -2) & ~hole
    colours = (rgba[..., :3] / np.maximum(rgba[..., 3:], 1e-3)).astype(np.float32)
    if not cloth.any():
        return rgba
    smooth = smoothly_continued(colours, source=cloth)
    fine = continued(colours, source=cloth, hole=hole) - smooth
    filled = np.clip(smooth + np.clip(fine, -GRAIN, GRAIN), 0, 1)
    patch = np.dstack([filled, np.ones(hole.shape, np.float32)])
    share = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), max(1.0, 0.1 * reach_px))
    share = np.where(rgba[..., 3] < SOLID, hole, share * grown(whole, -1))[..., None]
    return (rgba + share * (patch - rgba)).astype(np.float32)


def _over(inner: np.ndarray, mouth: np.ndarray) -> np.ndarray:
    """The inner edge straight over the mouth."""
    x, y = (np.rint(inner[:, axis]).astype(int) for axis in (0, 1))
    rim = grown(mouth, 3)
    open_ = rim[np.clip(y, 0, rim.shape[0] - 1), np.clip(x, 0, rim.shape[1] - 1)]
    open_[[0, -1]] = False
    return resample(inner[~open_], len(inner))
