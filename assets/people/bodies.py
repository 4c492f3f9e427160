"""Bodies: 33 points in the picture and in space, and a soft mask, of every person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.people.anchors import Detector
from assets.people.crops import Roi, letterboxed, roi_upright
from assets.people.network import Network

DETECTOR = Detector(side_px=224, strides=(8, 16, 32, 32, 32), per_cell=2, score_min=0.5)
"""Source: MediaPipe, pose_detection_cpu graph: 2254 anchors, least score 0.5, overlap 0.3."""

LANDMARK_SIDE_PX = 256
ROI_SCALE = 1.25
"""Side of the crop over twice the distance from mid-hip to the circle's rim.
Source: MediaPipe, pose_detection_to_roi graph.
"""

PRESENCE_MIN = 0.5
"""Least presence of a body in its crop. Source: MediaPipe, pose_landmark_by_roi graph."""

SAME_BODY_OVERLAP = 0.5
"""Two findings whose points lie nearer than this share of the body's size are one body."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pose:
    """One body. Sides of point names are the person's own, as BlazePose has them.

    `points` (33, 4) float32: x px, y px, z px (smaller is nearer to the camera), visibility 0..1;
    points outside the picture are guesses. `world` (33, 3) float32 metres about the mid-hip, y
    down. `presence` 0..1. `mask` (H, W) uint8: how surely each pixel is this person's.
    """

    points: np.ndarray
    world: np.ndarray
    presence: float
    mask: np.ndarray


class BodyFinder:
    """BlazePose (detector and full landmark network) on one CPU thread. Deterministic."""

    def __init__(self) -> None:
        self._detector = Network("blazepose-detector")
        self._landmarks = Network("blazepose")

    def find(self, rgb: np.ndarray) -> tuple[Pose, ...]:
        """Every person in the (H, W, 3) uint8 sRGB picture, the surest first; may be none.

        The landmark network looks twice: at the detector's crop, and at the crop that its own
        points ask for, as MediaPipe's tracking does from the second frame on.
        """
        poses: list[Pose] = []
        for roi in self._rois(rgb):
            pose = self._twice(rgb, roi)
            if pose is not None and not any(_same_body(pose, other) for other in poses):
                poses.append(pose)
        return tuple(poses)

    def _rois(self, rgb: np.ndarray) -> list[Roi]:
        square, frame = letterboxed(rgb, side_px=DETECTOR.side_px)
        boxes, scores = self._detector.run(square[None].astype(np.float32) / 127.5 - 1)
        found = DETECTOR.read(boxes, scores, frame=frame)
        return [_roi(item.points[0], item.points[1]) for item in found]

    def _twice(self, rgb: np.ndarray, roi: Roi) -> Pose | None:
        first = self._look(rgb, roi)
        if first is None:
            return None
        own = _roi(first[1][33, :2], first[1][34, :2])
        second = self._look(rgb, own)
        return (second or first)[0]

    def _look(self, rgb: np.ndarray, roi: Roi) -> tuple[Pose, np.ndarray] | None:
        """The body in the crop and its 39 points, or None when there is none."""
        crop = roi.cut(rgb, out_px=LANDMARK_SIDE_PX)
        raw, presence, mask, heat, world = self._landmarks.run(crop[None].astype(np.float32) / 255)
        if float(presence[0, 0]) < PRESENCE_MIN:
            return None
        points = _points(raw[0].reshape(39, 5), heat[0], roi=roi)
        size = (rgb.shape[1], rgb.shape[0])
        soft = np.clip(255 * _sigmoid(mask[0, :, :, 0]), 0, 255).astype(np.uint8)
        pose = Pose(
            points=points[:33],
            world=_turned(world[0].reshape(39, 3)[:33], roi.angle),
            presence=float(presence[0, 0]),
            mask=roi.paste(soft, size_px=size),
        )
        return pose, points


def _roi(centre: np.ndarray, rim: np.ndarray) -> Roi:
    side = 2 * float(np.hypot(*(rim - centre))) * ROI_SCALE
    return Roi(
        x=float(centre[0]),
        y=float(centre[1]),
        side_px=max(side, 1.0),
        angle=roi_upright(centre, rim),
    )


def _points(raw: np.ndarray, heat: np.ndarray, *, roi: Roi) -> np.ndarray:
    """Points (39, 4) of the picture from the crop's (39, 5) x, y, z, visibility, presence."""
    flat = _by_heat(raw[:, :2] / LANDMARK_SIDE_PX, heat)
    # Source: MediaPipe, TensorsToLandmarksCalculator with normalize_z 0.4 of the pose graph.
    depth = raw[:, 2] / LANDMARK_SIDE_PX / 0.4 * roi.side_px
    seen = _sigmoid(np.minimum(raw[:, 3], raw[:, 4]))
    return np.column_stack([roi.to_picture(flat), depth, seen]).astype(np.float32)


def _by_heat(points: np.ndarray, heat: np.ndarray, kernel: int = 7) -> np.ndarray:
    """Points (n, 2) in 0..1 moved to the middle of the heat (h, w, n) around them.

    Source: MediaPipe, refine_landmarks_from_heatmap_calculator.cc (kernel 7, confidence 0.5).
    """
    side, half = heat.shape[0], kernel // 2
    moved = points.copy()
    for index, (x, y) in enumerate(points):
        column, row = int(x * side), int(y * side)
        if not (0 <= column < side and 0 <= row < side):
            continue
        top, left = max(0, row - half), max(0, column - half)
        part = _sigmoid(heat[top : row + half + 1, left : column + half + 1, index])
        if part.max() < 0.5:
            continue
        rows, columns = np.mgrid[: part.shape[0], : part.shape[1]]
        mass = part.sum()
        moved[index] = (
            ((columns + left) * part).sum() / mass / side,
            ((rows + top) * part).sum() / mass / side,
        )
    return moved


def _turned(world: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    turned = world.copy()
    turned[:, 0] = cos * world[:, 0] - sin * world[:, 1]
    turned[:, 1] = sin * world[:, 0] + cos * world[:, 1]
    return turned.astype(np.float32)


def _same_body(first: Pose, second: Pose) -> bool:
    trunk = [11, 12, 23, 24]
    apart = np.hypot(*(first.points[trunk, :2] - second.points[trunk, :2]).T).mean()
    size = np.hypot(*(first.points[11, :2] - first.points[24, :2]))
    return bool(apart < SAME_BODY_OVERLAP * size)


def _sigmoid(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(value, -60, 60)))
