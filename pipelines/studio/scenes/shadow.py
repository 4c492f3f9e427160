"""Soft shadows: the product's silhouette carried along many rays of an area light, and averaged.

No blur is faked: a shadow is sharp where the product touches and softens with distance because
the rays part. The same sum over the whole sky gives the contact (ambient occlusion) shadow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32, F64, U8
from pipelines.studio.scenes.camera import Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One upright cut through the product: an alpha at a distance, as a map to metres.

    `alpha` (H, W) uint8. A pixel (u, v) of it stands at x = x_m + u·pixel_m·squeeze relative to
    `axis_px`, height y = lift_m + (ground_px - v)·pixel_m·stretch, distance z_m.
    """

    alpha: U8
    pixel_m: float
    axis_px: float
    ground_px: float
    x_m: float
    z_m: float
    squeeze: float
    stretch: float = 1.0
    lift_m: float = 0.0

    def place(self) -> F64:
        """(3, 3): pixel (u, v, 1) of the slice to (x, y, 1) in metres."""
        across, up = self.pixel_m * self.squeeze, self.pixel_m * self.stretch
        return np.array(
            [
                [across, 0.0, self.x_m - self.axis_px * across],
                [0.0, -up, self.ground_px * up + self.lift_m],
                [0.0, 0.0, 1.0],
            ]
        )


def direction(azimuth_deg: float, elevation_deg: float) -> F64:
    """The unit vector (x, y, z) towards a light; azimuth from the camera, negative to the left."""
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    flat = math.cos(elevation)
    return np.array([flat * math.sin(azimuth), math.sin(elevation), -flat * math.cos(azimuth)])


def disc_rays(towards: F64, *, softness_deg: float, count: int) -> F64:
    """(count, 3) unit rays spread evenly (sunflower) over a round light seen under that radius."""
    side = np.cross(towards, [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    up = np.cross(side, towards)
    order = np.arange(count) + 0.5
    radius = math.tan(math.radians(softness_deg)) * np.sqrt(order / count)
    angle = order * math.pi * (3.0 - math.sqrt(5.0))
    rays = (
        towards + (radius * np.cos(angle))[:, None] * side + (radius * np.sin(angle))[:, None] * up
    )
    rays[:, 1] = np.maximum(rays[:, 1], 0.08)
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def sky_rays(count: int) -> F64:
    """(count, 3) unit rays over the upper half space, cosine weighted, evenly spread."""
    order = np.arange(count) + 0.5
    radius = np.sqrt(order / count) * 0.98
    angle = order * math.pi * (3.0 - math.sqrt(5.0))
    height = np.sqrt(1.0 - radius**2)
    return np.stack([radius * np.cos(angle), height, radius * np.sin(angle)], axis=1)


def floor_shade(slices: tuple[Slice, ...], rays: F64, *, camera: Camera, y_m: float = 0.0) -> F32:
    """The share of the rays that the slices block on the floor: (H, W) float32 0..1."""
    plane = camera.floor(y_m)

    def to_floor(ray: F64, z_m: float) -> F64:
        lean, depth = ray[0] / ray[1], ray[2] / ray[1]
        return plane @ np.array([[1, -lean, y_m * lean], [0, -depth, z_m + y_m * depth], [0, 0, 1]])

    return _average(slices, rays, camera=camera, carry=to_floor)


def wall_shade(slices: tuple[Slice, ...], rays: F64, *, camera: Camera, wall_m: float) -> F32:
    """The share of the rays that the slices block on the wall: (H, W) float32 0..1."""
    plane = camera.wall(wall_m)
    frontal = rays[rays[:, 2] < -0.02]

    def to_wall(ray: F64, z_m: float) -> F64:
        reach = (z_m - wall_m) / ray[2]
        return plane @ np.array([[1, 0, -reach * ray[0]], [0, 1, -reach * ray[1]], [0, 0, 1]])

    if len(frontal) == 0:
        return np.zeros((camera.height_px, camera.width_px), np.float32)
    shade = _average(slices, frontal, camera=camera, carry=to_wall)
    return shade * np.float32(len(frontal) / len(rays))


def _average(
    slices: tuple[Slice, ...], rays: F64, *, camera: Camera, carry: Callable[[F64, float], F64]
) -> F32:
    size = (camera.width_px, camera.height_px)
    total = np.zeros(size[::-1], np.uint16)
    for ray in rays:
        hull: U8 | None = None
        for item in slices:
            matrix = carry(ray, item.z_m) @ item.place()
            cast = cv2.warpPerspective(item.alpha, matrix, size, flags=cv2.INTER_LINEAR)
            hull = cast if hull is None else cv2.max(hull, cast)
        if hull is not None:
            total += hull
    return total.astype(np.float32) / np.float32(255 * max(1, len(rays)))
