"""A body at another size: for a preview, without looking at the photo again."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from pipelines.studio.fitting.body import Arm, Body, Point


def resized_body(body: Body, *, scale: float) -> Body:
    """The body as it would be seen in its photo scaled by `scale`; measures stay as they are."""
    size = (max(1, round(body.photo_px[0] * scale)), max(1, round(body.photo_px[1] * scale)))
    exact = np.array([size[0] / body.photo_px[0], size[1] / body.photo_px[1]], np.float32)
    points = body.pose.points.copy()
    points[:, :2] *= exact
    points[:, 2] *= scale
    pose = replace(body.pose, points=points, mask=_soft(body.pose.mask, size))
    return replace(
        body,
        photo_px=size,
        pose=pose,
        unit_px=body.unit_px * scale,
        alpha=_soft(body.alpha, size),
        hair=_soft(body.hair, size),
        parts=cv2.resize(body.parts, size, interpolation=cv2.INTER_NEAREST),
        arms={side: _arm(arm, exact) for side, arm in body.arms.items()},
        face_oval=None if body.face_oval is None else body.face_oval * exact,
        chin=_point(body.chin, exact),
        mid_shoulder=_point(body.mid_shoulder, exact),
        mid_hip=_point(body.mid_hip, exact),
        worn=replace(body.worn, neckline=body.worn.neckline * exact),
    )


def _soft(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(mask, size, interpolation=cv2.INTER_AREA)


def _arm(arm: Arm, scale: np.ndarray) -> Arm:
    return replace(
        arm,
        shoulder=_point(arm.shoulder, scale),
        elbow=_point(arm.elbow, scale),
        wrist=_point(arm.wrist, scale),
        hand_end=_point(arm.hand_end, scale),
    )


def _point(point: Point, scale: np.ndarray) -> Point:
    return float(point[0] * scale[0]), float(point[1] * scale[1])
