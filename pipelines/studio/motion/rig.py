"""The camera on its rails: where each plane of a scene lies in the frame while the camera moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.studio.motion.composition import place
from pipelines.studio.scenes.arrays import F64
from pipelines.studio.scenes.camera import Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where the camera is, against where the scene was rendered from.

    `right_m`, `up_m`, `ahead_m` move it; `zoom` magnifies the frame about (`x`, `y`), shares of the
    frame, and the film is shifted so that the aim stays in place (an architect's shift lens: the
    product is never distorted).
    """

    right_m: float = 0.0
    up_m: float = 0.0
    ahead_m: float = 0.0
    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A scene's camera on rails, aimed at a place in metres. Frame pixels, origin top left.

    `camera` sees the rendered picture, which reaches `margin_px` (left, top) beyond the frame.
    """

    camera: Camera
    margin_px: tuple[float, float]
    frame_px: tuple[int, int]
    aim_m: tuple[float, float, float]

    def seen(self, view: View, point_m: tuple[float, float, float]) -> tuple[float, float, float]:
        """A place (x, y, z) in metres as frame x, y (px) and its depth (m) from the camera."""
        spot = self._matrix(view) @ np.array([*point_m, 1.0])
        return float(spot[0] / spot[2]), float(spot[1] / spot[2]), float(spot[2])

    def floor(self, view: View, *, y_m: float = 0.0) -> F64:
        """The pose of the rendered picture as a level plane at that height."""
        across = np.array([[1, 0, 0], [0, 0, y_m], [0, 1, 0], [0, 0, 1]], np.float64)
        return self._between(view, across)

    def upright(self, view: View, *, z_m: float) -> F64:
        """The pose of the rendered picture as an upright plane at that distance."""
        across = np.array([[1, 0, 0], [0, 1, 0], [0, 0, z_m], [0, 0, 1]], np.float64)
        return self._between(view, across)

    def moved_floor(self, view: View, *, right_m: float, ahead_m: float) -> F64:
        """As `floor` at height 0, with what lies on it shifted: a shade that follows its thing."""
        across = np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 1]], np.float64)
        shift = np.array([[1, 0, right_m], [0, 1, ahead_m], [0, 0, 1]], np.float64)
        there = self._matrix(view) @ across @ shift
        return _normal(there @ np.linalg.inv(self._rendered() @ across))

    def standing(
        self, view: View, *, at_m: tuple[float, float, float], foot_px: tuple[float, float],
        pixel_m: float,
    ) -> F64:  # fmt: skip
        """The pose of a cut-out whose pixel `foot_px` stands at a place; scaled, never bent."""
        x, y, depth = self.seen(view, at_m)
        scale = self.camera.focal_px * view.zoom * pixel_m / depth
        return place(x=x, y=y, scale=scale) @ place(x=-foot_px[0], y=-foot_px[1])

    def seam(self, view: View, *, wall_m: float, ground_m: float) -> float:
        """The frame's row where the floor meets the wall."""
        return self.seen(view, (0.0, ground_m, wall_m))[1]

    def _between(self, view: View, across: F64) -> F64:
        return _normal(self._matrix(view) @ across @ np.linalg.inv(self._rendered() @ across))

    def _rendered(self) -> F64:
        return _projection(self.camera, (0.0, self.camera.height_m, 0.0))

    def _matrix(self, view: View) -> F64:
        """(3, 4): homogeneous metres to frame pixels."""
        eye = view.right_m, self.camera.height_m + view.up_m, view.ahead_m
        free = _projection(self.camera, eye)
        aim = np.array([*self.aim_m, 1.0])
        was, now = self._rendered() @ aim, free @ aim
        keep = place(x=was[0] / was[2] - now[0] / now[2], y=was[1] / was[2] - now[1] / now[2])
        width, height = self.frame_px
        x, y = view.x * width, view.y * height
        zoom = place(x=x, y=y, scale=view.zoom) @ place(x=-x, y=-y)
        return zoom @ place(x=-self.margin_px[0], y=-self.margin_px[1]) @ keep @ free


Path = Callable[[float], View]
"""The camera's view at a time (s)."""


def _projection(camera: Camera, eye: tuple[float, float, float]) -> F64:
    """(3, 4) pinhole projection of a camera pitched down. Axes as in `scenes/camera.py`.

    Source: Hartley and Zisserman, "Multiple View Geometry", 2nd ed., eq. 6.11.
    """
    sin, cos = math.sin(camera.pitch_rad), math.cos(camera.pitch_rad)
    turn = np.array([[1, 0, 0], [0, -cos, -sin], [0, -sin, cos]])
    lens = np.array(
        [
            [camera.focal_px, 0, camera.width_px / 2],
            [0, camera.focal_px, camera.height_px / 2],
            [0, 0, 1],
        ]
    )
    return lens @ np.hstack([turn, -(turn @ np.array(eye))[:, None]])


def _normal(matrix: F64) -> F64:
    return matrix / matrix[2, 2]
