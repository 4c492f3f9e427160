"""What must stay as in the photo: background, face, hair, hands, and all that no garment covers."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from content_engine.types import GarmentKind, Severity
from qa.fitting.palette import ones_inside
from qa.fitting.person import Part
from qa.fitting.worn import NEW, Worn
from qa.vision.arrays import Mask, Pixels
from qa.vision.observed import Box, Reading, fault, largest_part, share_box

_TOUCHED = 5.0
_REPAINTED = 10.0
_UNDER_CLOTH = 0.15
_RIM = 0.045
_SHADOW_REACH = 0.16
_HANDS_FROM, _HANDS_TO = 2.3, 3.0
_WHOLE_HAND = 0.02
_CUFF_TO, _LONG_SLEEVE = 2.45, 1.0


def background(seen: Worn) -> Reading:
    """The largest changed part of the background, as a share of the squared body unit; 0 is best.

    A rim of 0.045 units around the old outline is left out: there the old garment ended.
    """
    rim = grown(seen.person.body | seen.dressed, _RIM * seen.unit_px)
    changed = ~rim & (seen.change > _TOUCHED)
    return area_reading(
        seen, opened(changed), kind="background", severity=Severity.MAJOR, what="of the background"
    )


def body(seen: Worn) -> Reading:
    """The largest changed part of the body that no garment covers, in squared units; 0 is best.

    Contact shadows lie within 0.16 units of a garment and are left out; so is the old garment.
    """
    parts = seen.person.parts
    stays = (parts == seen.parts) & (parts != Part.BACKGROUND) & (parts != Part.TOP)
    clear = ~grown(seen.dressed | (parts == Part.TOP), _SHADOW_REACH * seen.unit_px)
    changed = stays & clear & (seen.change > _TOUCHED)
    lost = lost_below(seen) & clear
    return area_reading(
        seen, opened(changed | lost), kind="body", severity=Severity.MAJOR, what="of the body"
    )


def lost_below(seen: Worn) -> Mask:
    """What was skin or clothes away from the garment and is now something else."""
    parts = seen.person.parts
    other = np.isin(parts, (Part.SKIN, Part.LOWER)) & (parts != seen.parts)
    return other & (seen.change > _REPAINTED) & ~seen.dressed


def face(seen: Worn) -> Reading:
    """How far the face's colours are from the photo's: the worst tenth of 5 × 5 means; 0 is best.

    The last eighth above the chin is left out: a collar's shadow may lie there.
    """
    oval = seen.person.oval
    low, high = oval[:, 1].min(), oval[:, 1].max()
    rows = np.arange(seen.person.shape[0])[:, None]
    inside = seen.person.face & (rows < high - 0.125 * (high - low))
    if not inside.any():
        return Reading(value=0.0)
    spread = cv2.blur(seen.change, (5, 5))
    value = float(np.percentile(spread[inside], 90.0))
    message = f"the face differs from the photo's by ΔE {value:.1f}"
    box = box_of(inside)
    return Reading(
        value=value, evidence=fault("face", message, severity=Severity.FATAL, box=box, number=value)
    )


def hair(seen: Worn) -> Reading:
    """The largest part of the hair that was painted over, in squared units; 0 is best.

    Hair is what hangs together with the head's; what a hat covers is left out. Ends on the
    shoulders may come to lie under the new cloth's rim: they count a seventh.
    """
    heads = [piece.kind is GarmentKind.HEAD for piece in seen.pieces]
    covered = np.zeros(seen.person.shape, bool)
    for index, head in enumerate(heads):
        covered |= seen.region(index) & head
    was = _of_the_head(seen) & ~grown(covered, 0.1 * seen.unit_px)
    core = cv2.erode(ones_inside(was), np.ones((3, 3), np.uint8)) > 0
    gone = core & (seen.change > _REPAINTED) & (seen.parts != Part.HAIR)
    under, bare = (
        area_reading(seen, mask, kind="hair", severity=Severity.MAJOR, what="of the hair")
        for mask in (gone, gone & ~seen.dressed)
    )
    shown = replace(under, value=under.value * _UNDER_CLOTH)
    return bare if bare.value >= shown.value else shown


def _of_the_head(seen: Worn) -> Mask:
    """Hair that is joined to what lies above the chin."""
    was = seen.person.parts == Part.HAIR
    _, marks = cv2.connectedComponents(ones_inside(was))
    rows = np.arange(was.shape[0])[:, None]
    above = np.unique(marks[was & (rows < seen.person.chin[1])])
    return was & np.isin(marks, above)


def hands(seen: Worn) -> Reading:
    """The share of a hand that was painted over, the worse of the two; 0 is best.

    A long sleeve's cuff may lie over the wrist.
    """
    worst, place = 0.0, None
    skin = (seen.person.parts == Part.SKIN) & ~_cuffs(seen)
    for side in (0, 1):
        tube = seen.person.stance.arm_mask(
            seen.person.shape, side, span=(_HANDS_FROM, _HANDS_TO), wide=1.1
        )
        hand = tube & skin
        if hand.sum() < _WHOLE_HAND * seen.unit_px**2:
            continue
        gone = hand & (seen.change > _REPAINTED) & (seen.parts != Part.SKIN)
        share = float(gone.sum()) / float(hand.sum())
        if share > worst:
            worst, place = share, box_of(gone)
    message = f"{worst:.0%} of a hand is painted over"
    return Reading(
        value=worst,
        evidence=fault("hand", message, severity=Severity.MAJOR, box=place, number=worst),
    )


def _cuffs(seen: Worn) -> Mask:
    """Where long sleeves end beyond the wrists."""
    found = np.zeros(seen.person.shape, bool)
    for index, piece in enumerate(seen.pieces):
        if piece.truth.sleeve > _LONG_SLEEVE:
            for side in (0, 1):
                found |= seen.region(index) & seen.person.stance.arm_mask(
                    found.shape, side, span=(_HANDS_FROM, _CUFF_TO), wide=1.2
                )
    return found


def area_reading(seen: Worn, mask: Mask, *, kind: str, severity: Severity, what: str) -> Reading:
    """The largest part of a mask in squared body units, with its box as evidence."""
    area, rect = largest_part(mask)
    value = area / seen.unit_px**2
    if area == 0:
        return Reading(value=0.0)
    height, width = mask.shape
    message = f"{value:.2%} (of shoulder width squared) {what} is not as in the photo"
    box = share_box(rect, (width, height))
    return Reading(
        value=value, evidence=fault(kind, message, severity=severity, box=box, number=value)
    )


def box_of(mask: Mask) -> Box:
    """The box (0..1) around a mask."""
    height, width = mask.shape
    return share_box(cv2.boundingRect(ones_inside(mask)), (width, height))


def grown(mask: Mask, radius_px: float) -> Mask:
    """The mask grown by a radius."""
    return cv2.dilate(ones_inside(mask), _disc(max(1, round(radius_px)))) > 0


def opened(mask: Mask) -> Mask:
    """The mask without threads thinner than three pixels."""
    return cv2.morphologyEx(ones_inside(mask), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


def _disc(radius: int) -> Pixels:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def upper_index(seen: Worn) -> int | None:
    """The index of the outermost garment on the trunk, or None when there is none."""
    trunk = (GarmentKind.UPPER, GarmentKind.OUTER, GarmentKind.FULL)
    found = [index for index, piece in enumerate(seen.pieces) if piece.kind in trunk]
    return found[-1] if found else None


def label_of(index: int) -> int:
    """The label of a garment's pixels."""
    return NEW + index
