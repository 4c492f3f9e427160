"""Hands: 21 points of every hand in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.people.anchors import Detection, Detector
from assets.people.crops import Roi, letterboxed, roi_upright
from assets.people.network import Network

DETECTOR = Detector(side_px=192, strides=(8, 16, 16, 16), per_cell=2, score_min=0.5)
"""Source: MediaPipe, palm_detection_cpu graph: 2016 anchors, least score 0.5."""

HAND_SIDE_PX = 224
ROI_SCALE = 2.6
ROI_SHIFT = 0.5
"""Side of the crop over the palm's box, and how far it moves towards the fingers in boxes.
Source: MediaPipe, palm_detection_detection_to_roi graph.
"""

PRESENCE_MIN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hand:
    """One hand: `points` (21, 2) float32 px, wrist first; `presence` 0..1."""

    points: np.ndarray
    presence: float


class HandFinder:
    """Palm detector and hand landmarks on one CPU thread. Deterministic."""

    def __init__(self) -> None:
        self._palms = Network("palm-detector")
        self._hand = Network("hand")

    def find(self, rgb: np.ndarray) -> tuple[Hand, ...]:
        """Every hand in the (H, W, 3) uint8 sRGB picture, the surest first; may be none.

        Hands smaller than about a twelfth of the longer side are missed: pass a crop.
        """
        square, frame = letterboxed(rgb, side_px=DETECTOR.side_px)
        boxes, scores = self._palms.run(square[None].astype(np.float32) / 255)
        found = DETECTOR.read(boxes, scores, frame=frame)
        return tuple(hand for item in found if (hand := self._look(rgb, _roi(item))) is not None)

    def _look(self, rgb: np.ndarray, roi: Roi) -> Hand | None:
        crop = roi.cut(rgb, out_px=HAND_SIDE_PX)
        outputs = self._hand.run(crop[None].astype(np.float32) / 255)
        presence = float(outputs[1].ravel()[0])
        if presence < PRESENCE_MIN:
            return None
        points = outputs[0].reshape(21, 3)[:, :2] / HAND_SIDE_PX
        return Hand(points=roi.to_picture(points), presence=presence)


def _roi(palm: Detection) -> Roi:
    wrist, middle = palm.points[0], palm.points[2]
    angle = roi_upright(wrist, middle)
    side = float(max(palm.box[2] - palm.box[0], palm.box[3] - palm.box[1], 1.0))
    return Roi(
        x=float(palm.box[0] + palm.box[2]) / 2 + np.sin(angle) * ROI_SHIFT * side,
        y=float(palm.box[1] + palm.box[3]) / 2 - np.cos(angle) * ROI_SHIFT * side,
        side_px=side * ROI_SCALE,
        angle=angle,
    )
