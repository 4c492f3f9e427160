"""The one person of a photo: chosen among all bodies found, also when the head is cut off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

import cv2
import numpy as np

from assets.people.bodies import BodyFinder, Pose
from assets.people.faces import Face, FaceFinder
from assets.people.hands import HandFinder
from content_engine.errors import Refused
from pipelines.studio.fitting.body_frame import Findings
from pipelines.studio.fitting.silhouette_pose import pose_of_silhouette
from pipelines.studio.fitting.silhouette_selfie import SelfieMasker

PAIRS = (
    *((1, 4), (2, 5), (3, 6), (7, 8), (9, 10)),
    *((index, index + 1) for index in range(11, 33, 2)),
)
"""BlazePose's points that change places in a mirror."""

PAD = 0.3
"""Of the photo's height: room for the head that the photo cuts off, so that the detector, which
looks for head and trunk, finds the body. 0.3 found one more of six headless photos than none or
0.6 did."""

PRESENCE_MIN = 0.6
TILT_MAX_DEG = 60.0
"""A body below or beyond is no body: legs padded with sky gave trunks lying on their side."""

LEGS_MAX = 3.2
"""Trunk lengths from the shoulders to the photo's lower edge beyond which a body without a face is
a pair of legs: headless people of 20 street photos have 2.5 at most, jeans 3.7 and more."""

OTHER_SIZE = 0.5
"""Another person counts from this share of the first one's size on: smaller are passers-by."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """The person found: `pose` (made from the silhouette when `synthetic`), and what else is."""

    pose: Pose
    synthetic: bool
    findings: Findings
    selfie: np.ndarray


class PersonFinder:
    """Finds the one person of a photo. Holds the networks; deterministic; one thread."""

    def __init__(self) -> None:
        self._bodies = BodyFinder()
        self._faces = FaceFinder()
        self._hands = HandFinder()
        self._selfie = SelfieMasker()

    def find(self, rgb: np.ndarray) -> Person:
        """The person in the (H, W, 3) uint8 sRGB photo.

        Raises Refused (`no-person`, `several-people`, `turned`) when there is not exactly one, or
        one seen from behind.
        """
        selfie = self._selfie.mask(rgb)
        faces = self._faces.find(rgb)
        poses = [pose for pose in self._bodies.find(rgb) if _likely(pose, rgb)]
        if not poses:
            poses = [pose for pose in self._padded(rgb) if _likely(pose, rgb)]
        synthetic = not poses
        if synthetic:
            poses = [_or_refused(pose_of_silhouette(rgb, mask=selfie))]
        pose = max(poses, key=_size)
        _refuse_others(pose, poses, faces)
        face = _own_face(faces, pose)
        if face is None and _headless_legs(pose):
            raise Refused("no-person", "the photo shows legs, and no trunk")
        if face is None:
            pose = _as_front(pose)
        hands = tuple(hand.points for hand in self._hands.find(rgb))
        findings = Findings(points=pose.points, face=face, hands=hands)
        return Person(pose=pose, synthetic=synthetic, findings=findings, selfie=selfie)

    def likely(self, rgb: np.ndarray) -> np.ndarray:
        """Where anyone is likely in the (H, W, 3) photo: (H, W) uint8, rough."""
        return self._selfie.mask(rgb)

    def _padded(self, rgb: np.ndarray) -> tuple[Pose, ...]:
        height, width = rgb.shape[:2]
        above, beside = round(PAD * height), round(PAD * height / 2)
        sides = (above, 0, beside, beside)
        padded = cv2.copyMakeBorder(rgb, *sides, cv2.BORDER_REPLICATE)
        padded[:above] = _smeared(padded[:above], sigma_px=0.03 * height)
        shift = np.array([beside, above, 0, 0], np.float32)
        return tuple(
            replace(
                pose,
                points=pose.points - shift,
                mask=np.ascontiguousarray(pose.mask[above:, beside : beside + width]),
            )
            for pose in self._bodies.find(padded)
        )


def _smeared(rgb: np.ndarray, *, sigma_px: float) -> np.ndarray:
    """The picture blurred that wide: done at an eighth of the size, where it is as good."""
    size = (max(1, rgb.shape[1] // 8), max(1, rgb.shape[0] // 8))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma_px / 8)
    return cv2.resize(small, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)


def _or_refused(pose: Pose | None) -> Pose:
    if pose is None:
        raise Refused("no-person", "neither a body nor the outline of one was found in the photo")
    return pose


def _likely(pose: Pose, rgb: np.ndarray) -> bool:
    """True for an upright trunk within the photo."""
    shoulders, hips = pose.points[11:13, :2].mean(axis=0), pose.points[23:25, :2].mean(axis=0)
    trunk = hips - shoulders
    tilt = np.degrees(np.arctan2(abs(trunk[0]), trunk[1]))
    height, width = rgb.shape[:2]
    inside = -0.1 * height < shoulders[1] < height and 0 <= shoulders[0] < width
    return bool(pose.presence >= PRESENCE_MIN and tilt < TILT_MAX_DEG and inside)


def _headless_legs(pose: Pose) -> bool:
    """True when a "body" without a face reaches so far down that it is a pair of legs."""
    height = pose.mask.shape[0]
    shoulders = float(pose.points[11:13, 1].mean())
    return shoulders < 0.3 * height and height - shoulders > LEGS_MAX * _size(pose)


def _size(pose: Pose) -> float:
    return float(np.hypot(*(pose.points[11:13, :2].mean(axis=0) - pose.points[23:25, :2].mean(0))))


def _refuse_others(pose: Pose, poses: list[Pose], faces: tuple[Face, ...]) -> None:
    large = [other for other in poses if _size(other) > OTHER_SIZE * _size(pose)]
    own = _own_face(faces, pose)
    heads = [] if own is None else [face for face in faces if _width(face) > 0.6 * _width(own)]
    if len(large) > 1 or len(heads) > 1:
        raise Refused(
            "several-people", f"{max(len(large), len(heads))} people of like size are in the photo"
        )


def _width(face: Face) -> float:
    return float(face.box[2] - face.box[0])


def _own_face(faces: tuple[Face, ...], pose: Pose) -> Face | None:
    """The face whose middle is nearest to the pose's nose, if it is near at all."""
    nose = pose.points[0, :2]
    reach = 0.6 * max(float(np.hypot(*(pose.points[11, :2] - pose.points[12, :2]))), 1.0)

    def distance(face: Face) -> float:
        return float(np.hypot(*(face.oval.mean(axis=0) - nose)))

    return min((face for face in faces if distance(face) < reach), key=distance, default=None)


def _as_front(pose: Pose) -> Pose:
    """The pose of a faceless body seen from the front.

    Without a head BlazePose can't tell front from back and often answers with the back. With a
    head in the photo and no face on it, it is the back. Raises Refused (`turned`) then.
    """
    if pose.points[11, 0] >= pose.points[12, 0]:
        return pose
    head = pose.points[:11]
    if head[:, 1].min() > 0.06 * pose.mask.shape[0] and head[:, 3].mean() > 0.5:
        raise Refused("turned", "the head shows no face, and the shoulders are seen from behind")
    order = np.arange(33)
    for first, second in chain(PAIRS):
        order[[first, second]] = second, first
    return replace(pose, points=pose.points[order], world=pose.world[order])
