"""The body's own coordinates: where shoulders, hips, arms and face lie, and how large U is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from assets.people.faces import Face
from pipelines.studio.fitting.body import Side
from pipelines.studio.fitting.body_shapes import capsule, polygon

SHOULDERS: Mapping[Side, int] = {"left": 12, "right": 11}
ELBOWS: Mapping[Side, int] = {"left": 14, "right": 13}
WRISTS: Mapping[Side, int] = {"left": 16, "right": 15}
HIPS: Mapping[Side, int] = {"left": 24, "right": 23}
KNEES: Mapping[Side, int] = {"left": 26, "right": 25}
ANKLES: Mapping[Side, int] = {"left": 28, "right": 27}
TOES: Mapping[Side, int] = {"left": 32, "right": 31}
"""BlazePose's points by the side of the picture they lie on when the person faces the camera."""

SIDES: tuple[Side, Side] = ("left", "right")

FINGERS = ((0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (0, 9, 10, 11, 12), (0, 13, 14, 15, 16))
PALM = ((0, 17), (17, 18), (18, 19), (19, 20), (5, 9), (9, 13), (13, 17))
HAND_BONES = (*(pair for finger in FINGERS for pair in pairwise(finger)), *PALM)
"""Pairs of hand points that a bone or the palm joins. Source: MediaPipe, hand_landmark."""

HAND_REACH = 0.35
"""Finger tips beyond the wrist, in forearms. Source: research on 12 people, tryon.md §1.3."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A body in a picture of `shape` (H, W); all px of that picture.

    `points` (33, 4) as in `Pose`; `oval` (n, 2), the face's outline, or None when no face shows;
    `hands` the 21 points (21, 2) of each hand that was found.
    """

    shape: tuple[int, int]
    points: np.ndarray
    oval: np.ndarray | None
    chin: np.ndarray
    face_centre: np.ndarray
    face_size: np.ndarray
    hands: tuple[np.ndarray, ...] = ()
    along: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        rows, columns = np.mgrid[: self.shape[0], : self.shape[1]].astype(np.float32)
        axis, middle = self.axis, self.mid_shoulder
        along = (columns - middle[0]) * axis[0] + (rows - middle[1]) * axis[1]
        object.__setattr__(self, "along", along / self.trunk_px)

    def at(self, index: int) -> np.ndarray:
        """The point's x, y."""
        return self.points[index, :2].astype(float)

    @property
    def mid_shoulder(self) -> np.ndarray:
        """Between the shoulder joints."""
        return (self.at(11) + self.at(12)) / 2

    @property
    def mid_hip(self) -> np.ndarray:
        """Between the hip joints."""
        return (self.at(23) + self.at(24)) / 2

    @property
    def trunk_px(self) -> float:
        """From mid-shoulder to mid-hip."""
        return max(float(np.hypot(*(self.mid_hip - self.mid_shoulder))), 1.0)

    @property
    def axis(self) -> np.ndarray:
        """Unit vector from the shoulders to the hips."""
        return (self.mid_hip - self.mid_shoulder) / self.trunk_px

    @property
    def unit_px(self) -> float:
        """U. The second term keeps the scale when the body is turned. Source: tryon.md §1."""
        return max(float(np.hypot(*(self.at(11) - self.at(12)))), 0.62 * self.trunk_px)

    def hand_end(self, side: Side) -> np.ndarray:
        """Where the fingers end, by the forearm's direction."""
        elbow, wrist = self.at(ELBOWS[side]), self.at(WRISTS[side])
        return wrist + (wrist - elbow) * HAND_REACH

    def arm(self, side: Side, widths: tuple[float, float, float]) -> np.ndarray:
        """Upper arm and forearm as a mask; half widths in U at shoulder, elbow and wrist."""
        return self.upper_arm(side, widths[:2]) | self.forearm(side, widths[1:])

    def upper_arm(self, side: Side, widths: tuple[float, float]) -> np.ndarray:
        """From shoulder to elbow, half widths in U."""
        return self._tube(self.at(SHOULDERS[side]), self.at(ELBOWS[side]), widths)

    def forearm(self, side: Side, widths: tuple[float, float]) -> np.ndarray:
        """From elbow to wrist, half widths in U."""
        return self._tube(self.at(ELBOWS[side]), self.at(WRISTS[side]), widths)

    def hand(self, side: Side, widths: tuple[float, float]) -> np.ndarray:
        """From wrist to finger tips, half widths in U."""
        return self._tube(self.at(WRISTS[side]), self.hand_end(side), widths)

    def leg(self, side: Side, widths: tuple[float, float, float]) -> np.ndarray:
        """From hip over knee to ankle, half widths in U."""
        hip, knee, ankle = (self.at(which[side]) for which in (HIPS, KNEES, ANKLES))
        return self._tube(hip, knee, widths[:2]) | self._tube(knee, ankle, widths[1:])

    def fingers(self, width: float) -> np.ndarray:
        """The bones of the hands that were found, half width in U."""
        mask = np.zeros(self.shape, bool)
        for hand in self.hands:
            for start, end in HAND_BONES:
                mask |= self._tube(hand[start], hand[end], (width, width))
        return mask

    def torso(self, *, shoulder: float, hip: float, top: float, bottom: float) -> np.ndarray:
        """The trunk's polygon: shares of the shoulders' and hips' width, ends in trunk lengths."""
        middle, low = self.mid_shoulder, self.mid_hip
        axis = self.axis * self.trunk_px
        corners = [
            middle + (self.at(12) - middle) * shoulder + axis * top,
            middle + (self.at(11) - middle) * shoulder + axis * top,
            low + (self.at(23) - low) * hip + axis * (bottom - 1),
            low + (self.at(24) - low) * hip + axis * (bottom - 1),
        ]
        return polygon(self.shape, np.array(corners))

    def face(self, scale: float) -> np.ndarray:
        """The face's oval, scaled about its middle; empty when no face shows."""
        if self.oval is None:
            return np.zeros(self.shape, bool)
        return polygon(self.shape, self.face_centre + (self.oval - self.face_centre) * scale)

    def _tube(self, start: np.ndarray, end: np.ndarray, widths: tuple[float, float]) -> np.ndarray:
        unit = self.unit_px
        return capsule(self.shape, start, end, (widths[0] * unit, widths[1] * unit))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings:
    """What the networks found of one person in the working photo, px of it."""

    points: np.ndarray
    face: Face | None
    hands: tuple[np.ndarray, ...]


def frame_of(found: Findings, *, scale: float, size: tuple[int, int]) -> Frame:
    """The frame of a body at `scale` times the photo's size, in a picture of `size` (H, W)."""
    points = found.points.copy()
    points[:, :3] *= scale
    hands = tuple(hand * scale for hand in found.hands)
    if found.face is None:
        return _faceless(points, hands=hands, size=size)
    oval = found.face.oval * scale
    return Frame(
        shape=size,
        points=points,
        oval=oval,
        chin=found.face.chin * scale,
        face_centre=oval.mean(axis=0),
        face_size=oval.max(axis=0) - oval.min(axis=0),
        hands=hands,
    )


def _faceless(points: np.ndarray, *, hands: tuple[np.ndarray, ...], size: tuple[int, int]) -> Frame:
    """Chin 0.35 U above the shoulders, face 0.9 x 0.6 U. Source: tryon.md, sketch."""
    middle = (points[11, :2] + points[12, :2]) / 2
    frame = Frame(
        shape=size, points=points, oval=None, chin=middle, face_centre=middle, face_size=middle
    )
    up = -frame.axis * frame.unit_px
    return replace(
        frame,
        chin=middle + 0.35 * up,
        face_centre=middle + 0.8 * up,
        face_size=np.array([0.6, 0.9]) * frame.unit_px,
        hands=hands,
    )
