"""The trunk's two sides and the hem: measured where they show, guessed where arms hide them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.target_frame import Frame, ray_indices, steady

STATIONS = np.linspace(0.16, 1.7, 64)
"""Where the trunk's width is measured, 0 at the shoulders, 1 at the hips."""

HALF_WIDTH_AT = (0.16, 0.3, 0.65, 1.0, 1.7)
HALF_WIDTH = (0.52, 0.50, 0.44, 0.49, 0.50)
"""Half of a clothed trunk's width in body units, by station. Source: means over 39 photographed
people, a prototype's measurement."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """The trunk's half widths (n,) px at STATIONS, and the share of rows that were measured."""

    left_px: np.ndarray
    right_px: np.ndarray
    measured: dict[str, float]

    def half_px(self, side: str, t: np.ndarray) -> np.ndarray:
        """The half width at stations `t`."""
        return np.interp(t, STATIONS, self.left_px if side == "left" else self.right_px)


def find_sides(body: Body, frame: Frame) -> Sides:
    """Both half widths: rays from the axis to the silhouette or to an arm, smoothed."""
    prior = np.interp(STATIONS, HALF_WIDTH_AT, HALF_WIDTH) * frame.unit_px
    ratios = {side: _measured(body, frame, side=side) / prior for side in ("left", "right")}
    for ratio in ratios.values():
        ratio[(ratio < 0.6) | (ratio > 1.4)] = np.nan
    seen = np.concatenate([ratio[~np.isnan(ratio)] for ratio in ratios.values()])
    level = float(np.clip(np.median(seen), 0.75, 1.2)) if seen.size > 10 else 0.95
    halves = {side: prior * _bridged(ratio, level=level) for side, ratio in ratios.items()}
    return Sides(
        left_px=halves["left"],
        right_px=halves["right"],
        measured={side: float(np.mean(~np.isnan(ratio))) for side, ratio in ratios.items()},
    )


def _bridged(ratio: np.ndarray, *, level: float) -> np.ndarray:
    """The ratios smoothed; rows that show nothing lean to the level of all that show."""
    seen = ~np.isnan(ratio)
    values = np.where(seen, ratio, level)
    return steady(values, np.where(seen, 1.0, 0.03), stiffness=12.0)


def _measured(body: Body, frame: Frame, *, side: str) -> np.ndarray:
    """The half width (n,) px at each station; NaN where an arm hides it."""
    sign = -1.0 if side == "left" else 1.0
    starts = frame.at(STATIONS, np.zeros(1))
    directions = np.broadcast_to(frame.right * sign, starts.shape)
    y, x, inside = ray_indices(body.alpha.shape, starts, directions, limit_px=0.78 * frame.unit_px)
    wide, core = arm_masks(body, side=side)
    from_axis = np.arange(y.shape[1])[None]
    ground = inside & (body.alpha[y, x] < 128)
    bare = wide[y, x] & (body.parts[y, x] == Part.SKIN) & (from_axis > 0.30 * frame.unit_px)
    edge = _first(ground | bare)
    hidden = _first((core[y, x] & (from_axis > 0.36 * frame.unit_px)) | ~inside)
    return np.where(np.isfinite(edge) & (edge <= hidden), edge, np.nan)


def _first(hits: np.ndarray) -> np.ndarray:
    """The first hit along each row (n,), infinity where there is none."""
    return np.where(hits.any(axis=1), np.argmax(hits, axis=1), np.inf).astype(float)


def arm_masks(body: Body, *, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Where that arm is and where its bones are, (H, W) boolean each."""
    arm = body.arms["left" if side == "left" else "right"]
    unit = body.unit_px
    wide = np.zeros(body.alpha.shape, np.uint8)
    core = np.zeros(body.alpha.shape, np.uint8)
    chain = [arm.shoulder, arm.elbow, arm.wrist, arm.hand_end]
    for start, end, radius in zip(chain[:-1], chain[1:], (0.16, 0.14, 0.14), strict=True):
        a, b = ((round(float(p[0])), round(float(p[1]))) for p in (start, end))
        cv2.line(wide, a, b, 1, max(1, round(2 * radius * unit)))
        cv2.line(core, a, b, 1, max(1, round(0.11 * unit)))
    return wide > 0, core > 0


def draped(half_px: np.ndarray, *, looseness: float) -> np.ndarray:
    """Half widths (n,) of cloth over a body: hollows bridged by `looseness` 0 (skin) to 1 (tent).

    Cloth hangs from chest and hips and spans the waist between them.
    """
    count = len(half_px)
    at = np.arange(count)
    hull = [0]
    for i in range(1, count):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (half_px[b] - half_px[a]) * (i - a) > (half_px[i] - half_px[a]) * (b - a):
                break
            hull.pop()
        hull.append(i)
    span = np.interp(at, hull, half_px[hull])
    return half_px + looseness * (span - half_px)
