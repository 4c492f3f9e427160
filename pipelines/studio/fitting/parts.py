"""What each pixel of the person shows: skin, hair, top, bottom, shoes."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.body_frame import ANKLES, SIDES, TOES, Frame
from pipelines.studio.fitting.body_shapes import capsule, components, dilated, opened
from pipelines.studio.fitting.parts_costs import LABELS, Costs
from pipelines.studio.fitting.parts_hair import next_best, without_false_hair, without_thin_hair
from pipelines.studio.fitting.silhouette_guided import Guide

SPECK = 0.018
"""Smallest piece of a part, in U². Source: tryon.md §1.3."""


def guide_of(small: np.ndarray) -> Guide:
    """The guide that smooths costs along the edges of a small picture."""
    radius = max(2, round(small.shape[0] / 90))
    return Guide(cv2.GaussianBlur(small, (0, 0), 0.8), radius_px=radius, epsilon=4e-4)


def first_labels(guide: Guide, *, found: Costs, person: np.ndarray) -> np.ndarray:
    """The parts (h, w) uint8 of the small picture, before any clean-up."""
    return _cheapest(guide.filtered(found.total), person)


def labels(rgb: np.ndarray, *, guide: Guide, found: Costs, alpha: np.ndarray) -> np.ndarray:
    """The parts (H, W) uint8 at full size, from small costs and the alpha (H, W) 0..1.

    Each part's costs are smoothed along the picture's edges (Rhemann et al. 2011, "Fast
    Cost-Volume Filtering"), then the cheapest wins; the silhouette alone decides the background.
    """
    smooth = guide.upsampled(found.total, onto=cv2.GaussianBlur(rgb, (0, 0), 0.8))
    return _cheapest(smooth, alpha > 0.45)


def _cheapest(costs: np.ndarray, person: np.ndarray) -> np.ndarray:
    best = np.array([int(label) for label in LABELS], np.uint8)[costs.argmin(axis=-1)]
    return np.where(person, best, np.uint8(Part.BACKGROUND))


def cleaned(parts: np.ndarray, *, found: Costs, frame: Frame) -> np.ndarray:
    """The small parts map without specks and without halos of skin or hair about the top."""
    parts = _without_specks(parts, costs=found.total, least_px=SPECK * frame.unit_px**2)
    parts = without_false_hair(parts, found=found, frame=frame)
    parts = without_thin_hair(parts, found=found, frame=frame)
    parts = _without_slivers(parts, found=found, frame=frame)
    parts = _decontaminated(parts, found=found, frame=frame)
    return _with_shoes(parts, frame=frame)


def _without_specks(parts: np.ndarray, *, costs: np.ndarray, least_px: float) -> np.ndarray:
    parts = parts.copy()
    for label in LABELS:
        for piece, area in components(parts == label):
            if area >= least_px:
                continue
            parts[piece] = next_best(label, piece=piece, costs=costs)
    return parts


def _without_slivers(parts: np.ndarray, *, found: Costs, frame: Frame) -> np.ndarray:
    """Thin skin, hair or bottom between the top and the silhouette becomes top.

    Only where the top explains the colour better: a bare arm's own edge stays skin.
    """
    side = max(3, round(0.035 * frame.unit_px))
    near = dilated(parts == Part.TOP, side)
    edge = dilated(parts == Part.BACKGROUND, round(1.5 * side))
    parts = parts.copy()
    for label, cost in ((Part.SKIN, found.skin), (Part.HAIR, found.hair), (Part.BOTTOM, None)):
        here = parts == label
        thick = dilated(opened(here, side), side)
        thin = here & ~thick & near & edge
        if cost is not None:
            thin &= found.top < cost
        parts[thin] = Part.TOP
    return parts


def _decontaminated(parts: np.ndarray, *, found: Costs, frame: Frame) -> np.ndarray:
    """Skin and hair beside the top whose colour is the top's become top.

    Source of 1.5 and 2.5 nats: tryon.md §1.3.
    """
    near = dilated(parts == Part.TOP, max(3, round(0.06 * frame.unit_px))) & ~frame.face(1.0)
    skin = (parts == Part.SKIN) & (found.top + 1.5 < found.skin)
    hair = (parts == Part.HAIR) & (found.top + 2.5 < found.hair) & (frame.along > -0.5)
    turned = cv2.morphologyEx(
        (near & (skin | hair)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)
    )
    return np.where(turned > 0, np.uint8(Part.TOP), parts)


def _with_shoes(parts: np.ndarray, *, frame: Frame) -> np.ndarray:
    """What is on the feet and no skin is a shoe."""
    parts = parts.copy()
    for side in SIDES:
        ankle, toes = frame.at(ANKLES[side]), frame.at(TOES[side])
        if ankle[1] > frame.shape[0] - 1 or frame.points[ANKLES[side], 3] < 0.5:
            continue
        reach = toes + (toes - ankle) * 0.25
        wide = 0.16 * frame.unit_px
        foot = capsule(frame.shape, ankle + (toes - ankle) * 0.1, reach, (0.8 * wide, wide))
        parts[foot & np.isin(parts, (Part.TOP, Part.BOTTOM, Part.HAIR))] = Part.SHOES
    return parts
