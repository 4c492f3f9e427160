"""Holes in the garment: islands of something else that nothing lies in front of."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.outside import area_reading, upper_index
from qa.fitting.palette import ones_inside
from qa.fitting.person import Part
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask
from qa.vision.observed import Reading

_KEPT = 6.0
_FOREIGN = 8.0
_CLOSING = 0.05


def holes(seen: Worn) -> Reading:
    """The largest island in the garment that is not its own, in squared body units; 0 is best.

    What is as in the photo (a hand, hair, the gap between arm and body) lies before it or beside
    it.
    """
    index = upper_index(seen)
    found = np.zeros(seen.person.shape, bool)
    for each in range(len(seen.pieces)):
        found |= _islands(seen, each)
    if index is None and not found.any():
        return Reading(value=0.0)
    return area_reading(
        seen, found, kind="hole", severity=Severity.MAJOR, what="of the garment is a hole, it"
    )


def _islands(seen: Worn, index: int) -> Mask:
    region = seen.region(index)
    if not region.any():
        return region
    size = 2 * max(2, round(_CLOSING * seen.unit_px)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(ones_inside(region), cv2.MORPH_CLOSE, disc)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(region.shape, np.uint8)
    cv2.drawContours(filled, outlines, -1, (1,), -1)
    inner = cv2.erode(filled, np.ones((5, 5), np.uint8)) > 0
    kept = (seen.change < _KEPT) & (seen.person.parts != Part.TOP)
    cost = seen.colours.costs(seen.pieces[index].truth.palette)
    gap = inner & ~seen.dressed & ~kept & (cost > _FOREIGN) & ~_neck(seen)
    return cv2.morphologyEx(ones_inside(gap), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0


def _neck(seen: Worn) -> Mask:
    """Where a collar may lie around a neck."""
    t, s = seen.along
    return (t < 0.2) & (np.abs(s) < 0.4)
