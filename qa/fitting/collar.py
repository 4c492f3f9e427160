"""What is left of an old collar beside the neck, found by what lies there and not by its parts."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import GarmentKind, Severity
from qa.fitting.outside import area_reading, grown
from qa.fitting.palette import ones_inside
from qa.fitting.person import Part
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask
from qa.vision.observed import Reading

_KEPT, _MIXED = 6.0, 16.0
_FOREIGN = 7.0
_OFF_GROUND = 9.0
_REACH = 0.06
_HIGH, _LOW, _WIDE = 0.12, 0.12, 0.45
_DEEP, _NARROW = 0.4, 0.22
_LOCK = 0.035
_PALER, _BESIDE_HUE = 0.33, 5.0


def collar_left(seen: Worn) -> Reading:
    """The largest piece of the old collar beside the neck, in squared body units; 0 is best.

    Beside the neck and in a deep neckline, near the old top, all that is as it was in the photo
    and is neither wall nor skin nor a lock that hangs from the head. A collar's dark inside passes
    for hair by its colour, and its rim for skin or wall by its place: neither word is asked here.
    """
    if not any(piece.kind in _TOPS for piece in seen.pieces):
        return Reading(value=0.0)
    left = _beside_neck(seen) & _kept(seen) & ~seen.dressed
    left &= ~_locks(seen) & _foreign(seen)
    solid = cv2.morphologyEx(ones_inside(left), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0
    return area_reading(
        seen, solid, kind="residue", severity=Severity.MAJOR, what="of the old collar is left, it"
    )


_TOPS = (GarmentKind.UPPER, GarmentKind.FULL)


def _kept(seen: Worn) -> Mask:
    """What is as in the photo; of the old top's own colours also what mixes with its rim."""
    own = seen.colours.costs(seen.person.palettes[Part.TOP]) < _FOREIGN
    return (seen.change < _KEPT) | (own & (seen.change < _MIXED))


def _beside_neck(seen: Worn) -> Mask:
    t, s = seen.along
    rows = np.arange(seen.person.shape[0])[:, None]
    high = rows > seen.person.chin[1] - _HIGH * seen.unit_px
    near = grown(seen.person.parts == Part.TOP, _REACH * seen.unit_px)
    beside = (t < _LOW) & (np.abs(s) < _WIDE)
    inside = (t < _DEEP) & (np.abs(s) < _NARROW)
    return near & high & (beside | inside) & ~seen.person.face


def _foreign(seen: Worn) -> Mask:
    """What is neither the wall, nor the body's skin, nor the new garment, by colour."""
    off_ground = seen.off_ground > _OFF_GROUND
    colours, palettes = seen.colours, seen.person.palettes
    skin, top = (colours.costs(palettes[part]) for part in (Part.SKIN, Part.TOP))
    # A gleam or a shadow on the neck is foreign to skin and has nothing of the old top.
    as_top = (seen.person.parts != Part.SKIN) | (top < skin)
    as_top &= ~_of_skins_hue(seen)
    # What has the new garment's colours passes for it, in the eye too.
    new = np.min([colours.costs(piece.truth.palette) for piece in seen.pieces], axis=0)
    return off_ground & (skin > _FOREIGN) & as_top & (new > _FOREIGN)


def _of_skins_hue(seen: Worn) -> Mask:
    """What passes for the body and has the skin's hue, paler or not: a neck's rim before a wall.

    Where a neck turns away its skin greys: a third of the skin's own a* and b* is enough.
    """
    means = seen.person.palettes[Part.SKIN].means
    if not len(means):
        return np.zeros(seen.person.shape, bool)
    chroma = max(float(np.hypot(*means[0, 1:])), 1.0)
    along = means[0, 1:] / chroma
    a, b = seen.lab[..., 1], seen.lab[..., 2]
    share = (a * along[0] + b * along[1]) / chroma
    beside = np.abs(a * along[1] - b * along[0])
    body = np.isin(seen.person.parts, (Part.SKIN, Part.HAIR))
    return body & (share > _PALER) & (beside < _BESIDE_HUE)


def _locks(seen: Worn) -> Mask:
    """Hair that hangs from the head by more than a thread, with its rim."""
    hair = ones_inside(seen.person.parts == Part.HAIR)
    side = max(3, round(_LOCK * seen.unit_px)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    solid = cv2.morphologyEx(hair, cv2.MORPH_OPEN, disc)
    _, marks = cv2.connectedComponents(solid)
    rows = np.arange(hair.shape[0])[:, None]
    above = np.unique(marks[(solid > 0) & (rows < seen.person.chin[1])])
    hanging = (solid > 0) & np.isin(marks, above)
    return grown(hanging, 0.5 * side) & (hair > 0) | grown(hanging, 3)
