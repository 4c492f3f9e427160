"""A photo looked at: the body in it, or a refusal that says what the photo lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Body, Part, Worn
from pipelines.studio.fitting.body_arms import arms_of
from pipelines.studio.fitting.body_found import Person, PersonFinder
from pipelines.studio.fitting.body_frame import Frame, frame_of
from pipelines.studio.fitting.body_shapes import dilated
from pipelines.studio.fitting.measures import (
    neckline_of,
    part_measures,
    pose_measures,
    refuse_photo,
)
from pipelines.studio.fitting.parts import cleaned, first_labels, guide_of, labels
from pipelines.studio.fitting.parts_costs import Costs, Scene, costs, lab_of
from pipelines.studio.fitting.parts_hair import hair_seeds
from pipelines.studio.fitting.parts_hem import with_hem
from pipelines.studio.fitting.silhouette import soft_alpha, solid
from pipelines.studio.fitting.silhouette_hair import hair_matte

OPEN_FRONT = 0.5
HIGH_COLLAR = 0.05
"""Share of rows, and U²: see `measures.part_measures`."""

SMALL_PX = 400
"""Longer side at which colours and parts are solved; edges are found at full size."""


class BodySeer:
    """Sees one person in a photo. Holds the networks; deterministic; one thread."""

    def __init__(self) -> None:
        self._people = PersonFinder()

    def see(self, rgb: np.ndarray, *, kinds: frozenset[GarmentKind]) -> Body:
        """The person in the (H, W, 3) uint8 sRGB working photo, to wear garments of `kinds`.

        Raises Refused when there is none, more than one, or the photo can't carry those garments;
        `kinds` empty asks for the body as it is.
        """
        refuse_photo({"longer_side_px": float(max(rgb.shape[:2]))}, kinds=kinds)
        person = self._people.find(rgb)
        scale = min(1.0, SMALL_PX / max(rgb.shape[:2]))
        size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        frame = frame_of(person.findings, scale=scale, size=(size[1], size[0]))
        measured = pose_measures(person.pose, frame=frame, photo_px=(rgb.shape[1], rgb.shape[0]))
        refuse_photo(measured, kinds=kinds)
        body = _body(rgb, person=person, frame=frame, measured=measured)
        refuse_photo(body.measures, kinds=kinds)
        return body

    def likely(self, rgb: np.ndarray) -> np.ndarray:
        """Where anyone is likely in the (H, W, 3) photo, legs alone too: (H, W) uint8, rough."""
        return self._people.likely(rgb)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parsed:
    """`alpha` and `hair` (H, W) float32 0..1, `parts` at full and `coarse` at the small size."""

    alpha: np.ndarray
    hair: np.ndarray
    parts: np.ndarray
    coarse: np.ndarray
    hem: float
    found: Costs
    lab: np.ndarray


def _body(rgb: np.ndarray, *, person: Person, frame: Frame, measured: Mapping[str, float]) -> Body:
    scale, face = frame.shape[0] / rgb.shape[0], person.findings.face
    made = _parsed(rgb, person=person, frame=frame)
    seen = part_measures(made.coarse, frame=frame, lab=made.lab, found=made.found)
    measures = {**measured, **seen}
    return Body(
        photo_px=(rgb.shape[1], rgb.shape[0]),
        pose=person.pose,
        synthetic=person.synthetic,
        unit_px=frame.unit_px / scale,
        alpha=(made.alpha * 255 + 0.5).astype(np.uint8),
        parts=made.parts,
        hair=(made.hair * 255 + 0.5).astype(np.uint8),
        arms=arms_of(frame, parts=made.coarse, scale=scale),
        face_oval=None if face is None else face.oval.astype(np.float32),
        chin=_point(frame.chin, scale),
        skin_lab=made.found.skin_lab,
        mid_shoulder=_point(frame.mid_shoulder, scale),
        mid_hip=_point(frame.mid_hip, scale),
        worn=_worn(made.hem, made.coarse, frame=frame, measures=measures, scale=scale),
        measures=measures,
    )


def _parsed(rgb: np.ndarray, *, person: Person, frame: Frame) -> _Parsed:
    size, scale = frame.shape[::-1], frame.shape[0] / rgb.shape[0]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    masks = tuple(
        cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        for mask in (person.pose.mask, person.selfie)
    )
    outline = solid(small, masks=masks)
    alpha = soft_alpha(rgb, person=outline)
    lab, guide, scene = lab_of(small), guide_of(small), Scene(frame=frame, person=outline)
    found = costs(lab, scene=scene)
    first = first_labels(guide, found=found, person=outline)
    found = costs(lab, scene=replace(scene, hair=hair_seeds(first, found=found, frame=frame)))
    made = labels(rgb, guide=guide, found=found, alpha=alpha)
    coarse = cv2.resize(made, size, interpolation=cv2.INTER_NEAREST)
    coarse = cleaned(coarse, found=found, frame=frame)
    coarse, hem = with_hem(coarse, costs=found.total[..., 2:], lightness=lab[..., 0], frame=frame)
    parts = _corrected(made, coarse)
    hair = hair_matte(rgb, hair=parts == Part.HAIR, unit_px=frame.unit_px / scale)
    outer = np.isin(parts, (Part.BACKGROUND, Part.HAIR))
    alpha = np.where(outer, np.maximum(alpha, hair), alpha)
    return _Parsed(
        alpha=alpha,
        hair=np.minimum(hair, alpha),
        parts=parts,
        coarse=coarse,
        hem=hem,
        found=found,
        lab=lab,
    )


def _corrected(parts: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """The full-size parts where the clean-up at the small size changed nothing, else its word."""
    size = (parts.shape[1], parts.shape[0])
    before = cv2.resize(parts, coarse.shape[::-1], interpolation=cv2.INTER_NEAREST)
    changed = cv2.resize((before != coarse).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    large = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST)
    hair = cv2.resize(
        dilated(coarse == Part.HAIR, 5).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST
    )
    # Lines of hair a pixel wide, along necklines, are too thin for the small size to hold.
    wrong = (changed > 0) | ((parts == Part.HAIR) & (hair == 0))
    return np.where(wrong & (parts != Part.BACKGROUND) & (large != Part.BACKGROUND), large, parts)


def _point(point: np.ndarray, scale: float) -> tuple[float, float]:
    return float(point[0] / scale), float(point[1] / scale)


def _worn(
    hem: float, parts: np.ndarray, *, frame: Frame, measures: Mapping[str, float], scale: float
) -> Worn:
    return Worn(
        hem_t=hem,
        neckline=neckline_of(parts, frame=frame) / np.float32(scale),
        open_front=measures["open_front"] > OPEN_FRONT,
        high_collar=measures["collar"] > HIGH_COLLAR,
        hair_over=measures["hair_over"],
    )
