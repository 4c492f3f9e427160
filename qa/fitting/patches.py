"""Patches of a foreign colour in the garment: holes, stains, what is left of old clothes."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.palette import lab8, lab_of, lengths_of, ones_inside
from qa.fitting.register import Laid, placed
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Reading, fault, largest_part

_RIM_PX, _SMOOTH_PX, _AROUND_PX = 11, 5, 91
_NEAR = np.ones((11, 11), np.uint8)
_BLACK = np.array((16.0, 0.0, 0.0), np.float32)
_SHADE_SHARE, _ODD = 0.6, 6.5
_SOLID = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))


def patch(seen: Worn, laid: Laid) -> Reading:
    """The largest patch of a colour that its place in the picture lacks, of the body's area.

    Broad light and shade are taken off first. A colour that the picture has within 5 px of 384
    is at home: a body moves a print a little. What remains counts by its distance in CIELAB, shade
    (a fold, a hand's shadow) by 0.6 of it; 6.5 and more is foreign.
    Source of both: 100 good results and 55 planted ones (2026-11-22), see `tryon.patch`.
    """
    foreign = cv2.erode(ones_inside(laid.open), np.ones((_RIM_PX, _RIM_PX), np.uint8)) > 0
    foreign &= strangeness(laid.view, source=laid.source, core=foreign) > _ODD
    solid = cv2.morphologyEx(ones_inside(foreign), cv2.MORPH_OPEN, _SOLID) > 0
    area, _ = largest_part(solid)
    value = area / max(float(laid.open.sum()), 1.0)
    if area == 0:
        return Reading(value=0.0)
    message = f"{value:.2%} of the garment is a patch of another colour than in its picture"
    box = placed(seen, laid, solid)
    return Reading(
        value=value, evidence=fault("hole", message, severity=Severity.MAJOR, box=box, number=value)
    )


def strangeness(view: Pixels, *, source: Pixels, core: Mask) -> Numbers:
    """(h, w) float32 CIELAB: how far the view's colours are from all that the source has near.

    `view` and `source` (h, w, 3) uint8 sRGB; broad light is measured over the `core` (h, w).
    """
    worn, wanted = (
        lab_of(lab8(cv2.blur(image, (_SMOOTH_PX, _SMOOTH_PX)))) for image in (view, source)
    )
    even = worn - _broad(worn - wanted, core)
    low, high = cv2.erode(wanted, _NEAR), cv2.dilate(wanted, _NEAR)
    beyond = even - cv2.min(cv2.max(even, low), high)
    # Light scales XYZ, and so L* + 16, a* and b* by one factor: shade goes along that vector.
    lit = wanted + _BLACK
    lit /= np.maximum(lengths_of(lit), 1.0)[..., None]
    shade = (beyond * lit).sum(axis=2, keepdims=True) * lit
    return lengths_of(beyond - (1.0 - _SHADE_SHARE) * shade)


def _broad(away: Numbers, core: Mask) -> Numbers:
    """The mean of the core's differences around each pixel: light and shade of the body."""
    size, weight = (_AROUND_PX, _AROUND_PX), core.astype(np.float32)
    mass = np.maximum(cv2.boxFilter(weight, -1, size), 0.02)
    return cv2.boxFilter(away * weight[..., None], -1, size) / mass[..., None]
