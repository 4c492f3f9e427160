"""The camera: where the floor and the wall of a room lie in the picture, in metres.

World axes: x to the right, y up, z away from the viewer; the camera stands at (0, height, 0) and
looks along +z, pitched down. The floor is y = 0, the wall z = constant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.studio.scenes.arrays import F32, F64


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A rectangle of pixels as places on a plane: what a surface is painted on.

    `x`, `y` (H, W) float32 metres along the plane; `pixel_m` (H, 1) float32, the size of a
    pixel on the plane (geometric mean of its sides), by which fine detail fades before
    it would alias.
    """

    x: F32
    y: F32
    pixel_m: F32

    def detail(self, period_m: float) -> F32:
        """How much of a pattern with that period the pixels can carry: (H, 1), 0..1."""
        return np.clip(np.float32(period_m) / self.pixel_m / 2.0 - 1.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A pinhole camera without roll. Pixels have their origin top left, v down."""

    width_px: int
    height_px: int
    focal_px: float
    pitch_rad: float
    height_m: float

    def scaled(self, factor: float) -> Camera:
        """The same view at another resolution."""
        return Camera(
            width_px=max(1, round(self.width_px * factor)),
            height_px=max(1, round(self.height_px * factor)),
            focal_px=self.focal_px * factor,
            pitch_rad=self.pitch_rad,
            height_m=self.height_m,
        )

    def floor(self, y_m: float = 0.0) -> F64:
        """Homography (3, 3) from floor metres (x, z, 1) at height `y_m` to pixels."""
        sin, cos = math.sin(self.pitch_rad), math.cos(self.pitch_rad)
        f, cx, cy = self.focal_px, self.width_px / 2, self.height_px / 2
        above = self.height_m - y_m
        return np.array(
            [
                [f, cx * cos, cx * above * sin],
                [0.0, cy * cos - f * sin, above * (cy * sin + f * cos)],
                [0.0, cos, above * sin],
            ]
        )

    def wall(self, z_m: float) -> F64:
        """Homography (3, 3) from wall metres (x, y, 1) at distance `z_m` to pixels."""
        sin, cos = math.sin(self.pitch_rad), math.cos(self.pitch_rad)
        f, cx, cy = self.focal_px, self.width_px / 2, self.height_px / 2
        up, away = -self.height_m * cos + z_m * sin, self.height_m * sin + z_m * cos
        return np.array(
            [
                [f, -cx * sin, cx * away],
                [0.0, -cy * sin - f * cos, cy * away - f * up],
                [0.0, -sin, away],
            ]
        )

    def row_of(self, z_m: float, y_m: float = 0.0) -> float:
        """The picture row (px, may lie outside) of the floor at distance `z_m`."""
        point = self.floor(y_m) @ np.array([0.0, z_m, 1.0])
        return float(point[1] / point[2])

    def distance_of(self, rows: F32, y_m: float = 0.0) -> F32:
        """The floor's distance z (m) at each picture row; rows above the horizon give infinity."""
        down = self.pitch_rad + np.arctan((rows - self.height_px / 2) / self.focal_px)
        return np.where(down > 1e-4, (self.height_m - y_m) / np.tan(np.maximum(down, 1e-4)), np.inf)


def patch(plane: F64, *, rows: tuple[int, int], width_px: int) -> Patch:
    """The places on a plane (its homography to pixels) of the picture rows `rows` (from, to)."""
    inverse = np.linalg.inv(plane)
    u = np.arange(width_px, dtype=np.float32)[None, :] + 0.5
    v = np.arange(rows[0], rows[1], dtype=np.float32)[:, None] + 0.5
    depth = (inverse[2, 1] * v + inverse[2, 2]).astype(np.float32)
    x = ((inverse[0, 0] * u + inverse[0, 1] * v + inverse[0, 2]) / depth).astype(np.float32)
    y = ((inverse[1, 1] * v + inverse[1, 2]) / depth).astype(np.float32)
    along = np.abs(np.gradient(y[:, 0]))[:, None] if len(v) > 1 else np.zeros_like(depth)
    across = np.abs(inverse[0, 0] / depth)
    y_full = np.broadcast_to(y, x.shape)
    return Patch(x=x, y=y_full, pixel_m=np.sqrt(across * along).astype(np.float32))
