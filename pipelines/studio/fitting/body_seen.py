"""A photo looked at: the body in it, or a refusal that says what the photo lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from assets.people.bodies import BodyFinder, Pose
from assets.people.faces import Face, FaceFinder
from assets.people.hands import HandFinder
from content_engine.errors import Refused
from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Body, Part, Worn
from pipelines.studio.fitting.body_arms import arms_of
from pipelines.studio.fitting.body_frame import Findings, frame_of
from pipelines.studio.fitting.parts import cleaned, first_labels, guide_of, labels
from pipelines.studio.fitting.parts_costs import Scene, costs, lab_of
from pipelines.studio.fitting.parts_hair import hair_seeds
from pipelines.studio.fitting.parts_hem import with_hem
from pipelines.studio.fitting.silhouette import soft_alpha, solid
from pipelines.studio.fitting.silhouette_selfie import SelfieMasker

SMALL_PX = 400
"""Longer side at which colours and parts are solved; edges are found at full size."""


class BodySeer:
    """Sees one person in a photo. Holds the networks; deterministic; one thread."""

    def __init__(self) -> None:
        self._bodies = BodyFinder()
        self._faces = FaceFinder()
        self._hands = HandFinder()
        self._selfie = SelfieMasker()

    def see(self, rgb: np.ndarray, *, kinds: frozenset[GarmentKind]) -> Body:
        """The person in the (H, W, 3) uint8 sRGB working photo, to wear garments of `kinds`.

        Raises Refused when there is none, more than one, or the photo can't carry those garments.
        """
        poses = self._bodies.find(rgb)
        if not poses:
            raise Refused("no-person", "no body was found in the photo")
        faces = self._faces.find(rgb)
        hands = tuple(hand.points for hand in self._hands.find(rgb))
        found = Findings(points=poses[0].points, face=_own_face(faces, poses[0]), hands=hands)
        seen = _Seen(rgb, poses[0], found, self._selfie.mask(rgb))
        return _body(seen)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    rgb: np.ndarray
    pose: Pose
    found: Findings
    selfie: np.ndarray


def _own_face(faces: tuple[Face, ...], pose: Pose) -> Face | None:
    """The face whose middle is nearest to the pose's nose, if it is near at all."""
    nose = pose.points[0, :2]
    size = max(float(np.hypot(*(pose.points[11, :2] - pose.points[12, :2]))), 1.0)

    def distance(face: Face) -> float:
        return float(np.hypot(*(face.oval.mean(axis=0) - nose)))

    near = [face for face in faces if distance(face) < 0.6 * size]
    return min(near, key=distance, default=None)


def _body(seen: _Seen) -> Body:
    rgb = seen.rgb
    scale = min(1.0, SMALL_PX / max(rgb.shape[:2]))
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    size = (small.shape[1], small.shape[0])
    masks = tuple(
        cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        for mask in (seen.pose.mask, seen.selfie)
    )
    person = solid(small, masks=masks)
    alpha = soft_alpha(rgb, person=person)
    frame = frame_of(seen.found, scale=scale, size=small.shape[:2])
    lab = lab_of(small)
    scene = Scene(frame=frame, person=person)
    guide = guide_of(small)
    found = costs(lab, scene=scene)
    first = first_labels(guide, found=found, person=person)
    hair = hair_seeds(first, found=found, frame=frame)
    found = costs(lab, scene=replace(scene, hair=hair)) if hair is not None else found
    made = labels(rgb, guide=guide, found=found, alpha=alpha)
    coarse = cv2.resize(made, size, interpolation=cv2.INTER_NEAREST)
    coarse = cleaned(coarse, found=found, frame=frame)
    coarse, hem = with_hem(coarse, costs=found.total[..., 2:], lightness=lab[..., 0], frame=frame)
    face = seen.found.face
    parts = _corrected(made, coarse)
    return Body(
        photo_px=(rgb.shape[1], rgb.shape[0]),
        pose=seen.pose,
        synthetic=False,
        unit_px=frame.unit_px / scale,
        alpha=(alpha * 255 + 0.5).astype(np.uint8),
        parts=parts,
        hair=((parts == Part.HAIR) * 255).astype(np.uint8),
        arms=arms_of(frame, parts=coarse, scale=scale),
        face_oval=None if face is None else face.oval.astype(np.float32),
        chin=_point(frame.chin, scale),
        skin_lab=found.skin_lab,
        mid_shoulder=_point(frame.mid_shoulder, scale),
        mid_hip=_point(frame.mid_hip, scale),
        worn=_worn(hem),
        measures={},
    )


def _corrected(parts: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """The full-size parts where the clean-up at the small size changed nothing, else its word."""
    size = (parts.shape[1], parts.shape[0])
    before = cv2.resize(parts, coarse.shape[::-1], interpolation=cv2.INTER_NEAREST)
    changed = cv2.resize((before != coarse).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    large = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST)
    return np.where((changed > 0) & (parts != Part.BACKGROUND), large, parts)


def _point(point: np.ndarray, scale: float) -> tuple[float, float]:
    return float(point[0] / scale), float(point[1] / scale)


def _worn(hem: float) -> Worn:
    return Worn(
        hem_t=hem,
        neckline=np.zeros((0, 2), np.float32),
        open_front=False,
        high_collar=False,
        hair_over=0.0,
    )
