"""What is left of the clothes that were to be replaced, found without the maker's masks."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import GarmentKind, Severity
from qa.fitting.outside import area_reading
from qa.fitting.palette import lab8, lab_of, lengths_of, ones_inside
from qa.fitting.person import Part
from qa.fitting.worn import Worn, behind
from qa.vision.arrays import Mask
from qa.vision.observed import Reading

_THIGH = 1.3
_SAME = 6.0
_THIN_PX = 5
_ONE_COLOUR = 7.0


def residue(seen: Worn) -> Reading:
    """The largest part of the old garment still to be seen, in squared body units; 0 is best.

    Everything on the person that has the old garment's colours, is as it was in the photo, and that
    neither skin, hair nor the new garment explains. A part that goes on below the thighs is of
    other clothes; a thread thinner than 5 px is a limb's dark rim. Where old and new cloth have one
    colour nobody sees which of them lies there.
    """
    thick = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THIN_PX, _THIN_PX))
    left = cv2.morphologyEx(ones_inside(_left(seen) & ~_unseen(seen)), cv2.MORPH_OPEN, thick) > 0
    return area_reading(
        seen, left, kind="residue", severity=Severity.MAJOR, what="of the old garment is left, it"
    )


def _unseen(seen: Worn) -> Mask:
    """Where the result has the colour that the new garment has around there."""
    cloth = cv2.erode(ones_inside(seen.dressed), np.ones((3, 3), np.uint8)) > 0
    if not cloth.any():
        return cloth
    around = lab_of(lab8(behind(seen.rgb, cloth)))
    return lengths_of(seen.lab - around) < _ONE_COLOUR


def _left(seen: Worn) -> Mask:
    kinds = {piece.kind for piece in seen.pieces}
    t, _ = seen.along
    found = np.zeros(seen.person.shape, bool)
    if kinds & {GarmentKind.UPPER, GarmentKind.OUTER, GarmentKind.FULL}:
        found |= _not_below(seen.parts == Part.TOP, t)
        found |= _other_clothes(seen)
    if kinds & {GarmentKind.LOWER, GarmentKind.FULL}:
        found |= seen.parts == Part.LOWER
    return found


def _not_below(mask: Mask, t: Mask) -> Mask:
    """The parts of a mask that do not reach down to the thighs."""
    _, marks = cv2.connectedComponents(ones_inside(mask))
    low = np.unique(marks[mask & (t > _THIGH)])
    return mask & ~np.isin(marks, low)


def _other_clothes(seen: Worn) -> Mask:
    """What is as in the photo between chin and hips and is neither the body's nor new.

    A lining, a hood, a second garment.
    """
    t, s = seen.along
    parts = seen.person.parts
    foreign = (parts == Part.LOWER) & (t < 0.8) & (seen.parts == Part.LOWER)
    loose = (parts == Part.HAIR) & ~_joined_to_head(seen) & (seen.parts == Part.HAIR)
    rows = np.arange(parts.shape[0])[:, None]
    below_chin = rows > seen.person.chin[1]
    return (foreign | loose) & below_chin & (seen.change < _SAME) & (np.abs(s) < 1.0)


def _joined_to_head(seen: Worn) -> Mask:
    hair = seen.person.parts == Part.HAIR
    _, marks = cv2.connectedComponents(ones_inside(hair))
    rows = np.arange(hair.shape[0])[:, None]
    above = np.unique(marks[hair & (rows < seen.person.chin[1])])
    return hair & np.isin(marks, above)
