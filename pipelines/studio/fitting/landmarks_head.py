"""The landmarks of a hat: its crown and its brim."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.errors import Refused
from pipelines.studio.fitting.garment_view import HeadMarks
from pipelines.studio.fitting.landmarks_outline import trace
from pipelines.studio.fitting.mesh_curves import nearest, resample
from pipelines.studio.fitting.target_frame import steady

TURN_MAX_DEG = 60
"""How far a hat may lie on its side in the picture."""

SLENDER = (0.75, 2.4)
"""Width to height of a hat seen from the front."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hat:
    """A hat turned upright: `rgba` (H, W, 4) float32 premultiplied, its marks, its turn."""

    rgba: np.ndarray
    marks: HeadMarks
    turn_deg: float


def upright_hat(rgba: np.ndarray) -> Hat:
    """The hat set on its brim, the brim being the longest straight side of its outline.

    Raises Refused ("garment-view") when no side of it can be a brim.
    """
    solid = rgba[..., 3] > 0.5
    turn = _brim_angle(solid)
    if abs(turn) > TURN_MAX_DEG:
        raise Refused("garment-view", f"the hat lies on its side ({turn:.0f}° from upright)")
    upright = _turned(rgba, turn)
    outline = trace(upright[..., 3] > 0.5)
    x0, y0, x1, y1 = outline.box
    ratio = (x1 - x0) / (y1 - y0)
    if not SLENDER[0] < ratio < SLENDER[1]:
        raise Refused("garment-view", f"no hat from the front is {ratio:.1f} times as wide as high")
    points = outline.points
    low = points[points[:, 1] > y1 - 0.35 * (y1 - y0)]
    left = low[int(np.argmin(low[:, 0] - 0.5 * low[:, 1]))]
    right = low[int(np.argmax(low[:, 0] + 0.5 * low[:, 1]))]
    at_left, at_right = nearest(points, left), nearest(points, right)
    crown = np.vstack([points[: at_left + 1][::-1], points[at_right:][::-1]])
    brim = _front_edge(upright, left=left, right=right, bottom=points[at_left : at_right + 1])
    return Hat(
        rgba=upright,
        marks=HeadMarks(crown=resample(crown, 120), brim=resample(brim, 60)),
        turn_deg=turn,
    )


def _brim_angle(solid: np.ndarray) -> float:
    """How far the longest side of the convex outline is from lying level below, in degrees."""
    contours, _ = cv2.findContours(solid.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    coarse = 0.02 * cv2.arcLength(hull, closed=True)
    shape = cv2.approxPolyDP(hull, coarse, closed=True)[:, 0].astype(float)
    centre = shape.mean(axis=0)
    sides = np.roll(shape, -1, axis=0) - shape
    below = (shape + sides / 2 - centre)[:, 1]
    long = np.linalg.norm(sides, axis=1) * (below > 0)
    best = sides[int(np.argmax(long))]
    best = best if best[0] > 0 else -best
    return float(np.degrees(np.arctan2(best[1], best[0])))


def _turned(rgba: np.ndarray, angle: float) -> np.ndarray:
    height, width = rgba.shape[:2]
    side = int(np.hypot(height, width)) + 8
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turn[:, 2] += [side / 2 - width / 2, side / 2 - height / 2]
    return np.clip(cv2.warpAffine(rgba, turn, (side, side), flags=cv2.INTER_CUBIC), 0, 1)


def _front_edge(
    rgba: np.ndarray, *, left: np.ndarray, right: np.ndarray, bottom: np.ndarray
) -> np.ndarray:
    """The front brim's lower edge: above the shadow of the opening where one is seen."""
    flat = rgba[..., :3] + 0.5 * (1 - rgba[..., 3:])
    light = cv2.cvtColor(np.ascontiguousarray(flat), cv2.COLOR_RGB2LAB)[..., 0]
    light = cv2.GaussianBlur(light, (0, 0), 2)
    x = np.linspace(left[0], right[0], 60)
    run = bottom[np.argsort(bottom[:, 0])]
    lowest = np.interp(x, run[:, 0], run[:, 1])
    deep = 0.35 * float(right[0] - left[0])
    offsets = np.arange(2, int(deep))
    rows = np.clip((lowest[:, None] - offsets[None]).astype(int), 0, light.shape[0] - 1)
    columns = np.clip(x.astype(int), 0, light.shape[1] - 1)[:, None]
    column = light[rows, columns]
    cloth = np.percentile(column, 75, axis=1, keepdims=True)
    lit = column > 0.8 * cloth
    up = offsets[np.argmax(lit, axis=1)].astype(float)
    trust = np.clip(np.minimum(np.arange(60), np.arange(60)[::-1]) / 6, 0.05, 1)
    rise = np.clip(steady(up, trust, stiffness=200.0), 0, deep)
    rise *= np.clip(np.minimum(np.arange(60), np.arange(60)[::-1]) / 4, 0, 1)
    return np.stack([x, lowest - rise], axis=1)
