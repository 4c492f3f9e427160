"""The body's own coordinates, rays cast in its masks, and the smoothing of what they find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.studio.fitting.body import Body

LIMB_JOINTS = {"left": (12, 14, 16), "right": (11, 13, 15)}
"""BlazePose's shoulder, elbow and wrist by the side of the image they are on in a frontal view."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """The trunk: `origin` between the shoulders, unit vectors `down` to the hips and `right`.

    `unit_px` is the body unit U, `trunk_px` the distance shoulders–hips, `shoulders_px` the
    shoulder joints' distance, `yaw_deg` how far the chest faces the picture's right.
    """

    origin: np.ndarray
    down: np.ndarray
    right: np.ndarray
    unit_px: float
    trunk_px: float
    shoulders_px: float
    yaw_deg: float

    @classmethod
    def of(cls, body: Body) -> Frame:
        """The frame of a body."""
        origin, hips = np.array(body.mid_shoulder, float), np.array(body.mid_hip, float)
        trunk = float(np.linalg.norm(hips - origin))
        down = (hips - origin) / max(trunk, 1e-6)
        right = np.array([down[1], -down[0]])
        left_joint, right_joint = (np.array(body.arms[s].shoulder) for s in ("left", "right"))
        between = body.pose.world[11] - body.pose.world[12]
        yaw = float(np.degrees(np.arctan2(between[2], abs(between[0]) + 1e-6)))
        return cls(
            origin=origin,
            down=down,
            right=right,
            unit_px=float(body.unit_px),
            trunk_px=trunk,
            shoulders_px=float(np.linalg.norm(right_joint - left_joint)),
            yaw_deg=yaw,
        )

    def at(self, t: np.ndarray, across_px: np.ndarray) -> np.ndarray:
        """Points (n, 2) px: `t` 0 at the shoulders and 1 at the hips, `across_px` to the right."""
        t, across_px = np.broadcast_arrays(np.atleast_1d(t), np.atleast_1d(across_px))
        return (
            self.origin + self.down * t[:, None] * self.trunk_px + self.right * across_px[:, None]
        )

    def t_of(self, point: np.ndarray) -> float:
        """How far down the trunk a point lies: 0 at the shoulders, 1 at the hips."""
        return float((np.asarray(point) - self.origin) @ self.down / self.trunk_px)


def ray_indices(
    shape: tuple[int, int], starts: np.ndarray, directions: np.ndarray, *, limit_px: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns (n, steps) of pixels 1 px apart along n rays, and which lie in the photo."""
    unit = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-9)
    steps = np.arange(max(2, int(limit_px)))[None, :, None]
    points = np.rint(starts[:, None] + unit[:, None] * steps).astype(int)
    x, y = points[..., 0], points[..., 1]
    inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    return np.clip(y, 0, shape[0] - 1), np.clip(x, 0, shape[1] - 1), inside


def reach(
    mask: np.ndarray, starts: np.ndarray, directions: np.ndarray, *, limit_px: float
) -> np.ndarray:
    """How far n rays run in a (H, W) boolean mask before they leave it, (n,) px; NaN: they don't.

    A ray that leaves the photo inside the mask found no edge either.
    """
    y, x, inside = ray_indices(mask.shape[:2], starts, directions, limit_px=limit_px)
    out = inside & ~mask[y, x]
    first = np.argmax(out, axis=1)
    gone = np.argmax(~inside, axis=1)
    left_photo = (~inside).any(axis=1) & (gone < np.where(out.any(axis=1), first, gone + 1))
    return np.where(out.any(axis=1) & ~left_photo, first, np.nan).astype(float)


def steady(values: np.ndarray, weights: np.ndarray, *, stiffness: float) -> np.ndarray:
    """The smoothest curve near the values (n,): few bends, outliers given up, gaps bridged.

    Values without weight are ignored (NaN allowed). Source: Eilers 2003, "A perfect smoother"
    (second differences), reweighted thrice by Huber's rule at 1.5 robust deviations.
    """
    count = len(values)
    filled = np.where(weights > 0, values, 0.0)
    bends = np.diff(np.eye(count), 2, axis=0)
    roughness = stiffness * bends.T @ bends + 1e-9 * np.eye(count)
    trust = weights.astype(float)
    curve = filled
    for _ in range(3):
        curve = np.linalg.solve(np.diag(trust) + roughness, trust * filled)
        off = np.abs(filled - curve)
        spread = 1.4826 * float(np.median(off[weights > 0])) if np.any(weights > 0) else 0.0
        trust = weights * np.minimum(1.0, 1.5 * max(spread, 1e-3) / np.maximum(off, 1e-9))
    return curve
