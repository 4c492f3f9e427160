"""Faces: box and 468 mesh points of every face in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.people.anchors import Detection, Detector
from assets.people.crops import Roi, letterboxed
from assets.people.network import Network

NEAR = Detector(side_px=128, strides=(8, 16, 16, 16), per_cell=2, score_min=0.5)
"""Source: MediaPipe, face_detection_short_range graph: 896 anchors."""

FAR = Detector(side_px=192, strides=(4,), per_cell=1, score_min=0.6)
"""Source: MediaPipe, face_detection_full_range graph: 2304 anchors."""

MESH_SIDE_PX = 192
ROI_SCALE = 1.5
"""Side of the crop over the box's. Source: MediaPipe, face_detection_front_detection_to_roi."""

PRESENCE_MIN = 0.5

OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
OVAL += (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
"""Mesh points of the face's outline, clockwise from the forehead. Source: MediaPipe, FACE_OVAL."""

CHIN = 152
FOREHEAD = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """One face: `box` (4,) x0 y0 x1 y1 and `mesh` (468, 2) float32 px; `presence` 0..1."""

    box: np.ndarray
    mesh: np.ndarray
    presence: float

    @property
    def oval(self) -> np.ndarray:
        """The outline, (36, 2) px, clockwise from the forehead."""
        return self.mesh[list(OVAL)]

    @property
    def chin(self) -> np.ndarray:
        """The chin's lowest point, (2,) px."""
        return self.mesh[CHIN]


class FaceFinder:
    """BlazeFace, near then far, and the face mesh on one CPU thread. Deterministic."""

    def __init__(self) -> None:
        self._near = Network("face-detector")
        self._far = Network("face-detector-far")
        self._mesh = Network("face-mesh")

    def find(self, rgb: np.ndarray) -> tuple[Face, ...]:
        """Every face in the (H, W, 3) uint8 sRGB picture, the surest first; may be none.

        The far detector looks only where the near one finds nothing.
        """
        for network, detector in ((self._near, NEAR), (self._far, FAR)):
            square, frame = letterboxed(rgb, side_px=detector.side_px)
            boxes, scores = network.run(square[None].astype(np.float32) / 127.5 - 1)
            seen = detector.read(boxes, scores, frame=frame)
            faces = [face for item in seen if (face := self._meshed(rgb, item)) is not None]
            if faces:
                return tuple(faces)
        return ()

    def _meshed(self, rgb: np.ndarray, found: Detection) -> Face | None:
        roi = _roi(found.box, left_eye=found.points[0], right_eye=found.points[1])
        face = self._look(rgb, roi)
        if face is None:
            return None
        # A second look at the crop that the mesh itself asks for, as MediaPipe's tracking does.
        low, high = face.mesh.min(axis=0), face.mesh.max(axis=0)
        own = _roi(np.concatenate([low, high]), left_eye=face.mesh[33], right_eye=face.mesh[263])
        return self._look(rgb, own) or face

    def _look(self, rgb: np.ndarray, roi: Roi) -> Face | None:
        crop = roi.cut(rgb, out_px=MESH_SIDE_PX)
        raw, logit = self._mesh.run(crop[None].astype(np.float32) / 255)
        presence = 1 / (1 + np.exp(-float(logit.ravel()[0])))
        if presence < PRESENCE_MIN:
            return None
        mesh = roi.to_picture(raw.reshape(468, 3)[:, :2] / MESH_SIDE_PX)
        box = np.concatenate([mesh.min(axis=0), mesh.max(axis=0)])
        return Face(box=box, mesh=mesh, presence=presence)


def _roi(box: np.ndarray, *, left_eye: np.ndarray, right_eye: np.ndarray) -> Roi:
    across = right_eye - left_eye
    return Roi(
        x=float(box[0] + box[2]) / 2,
        y=float(box[1] + box[3]) / 2,
        side_px=max(float(box[2] - box[0]), float(box[3] - box[1]), 1.0) * ROI_SCALE,
        angle=float(np.arctan2(across[1], across[0])),
    )
