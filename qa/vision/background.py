"""The ground of a packshot: pure white, filled by the product, with nothing else on it."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import Severity, Shot
from qa.vision.arrays import Mask, Pixels
from qa.vision.observed import Observed, Reading, extremes, fault, largest_part, share_box

_WORK_PX = 800
_CLEAR_SHARE = 0.04
_SOFT_STEP = 8
_TINT = 7
_FOOT_REACH = 0.09
_PATCH_SHARE = 0.0005


def white_share(seen: Observed) -> Reading:
    """The share of the ground that is exactly 255, 255, 255; 1 is best.

    The ground is the picture without the product, 4 % of its size around it (lossy coding rings
    there), and a neutral shadow at its foot where brief and channel allow one.
    """
    ground = ~_grown(seen.accounted, _CLEAR_SHARE)
    allowed = seen.spec.shadow and not seen.rules.white_background
    shadow = _shadow(seen) if allowed else np.zeros(ground.shape, bool)
    off = ground & ~shadow & (seen.lowest < 255)
    share = 1.0 - float(off.sum()) / max(int((ground & ~shadow).sum()), 1)
    if share == 1.0:
        return Reading(value=1.0)
    _, rect = largest_part(cv2.morphologyEx(off.astype(np.uint8), cv2.MORPH_OPEN, _disc(2)) > 0)
    color = np.median(seen.rgb[off], axis=0).astype(int).tolist()
    message = f"{1 - share:.2%} of the ground is not pure white, mostly {color}"
    box = share_box(rect, seen.frame_px)
    return Reading(
        value=share,
        evidence=fault("off_white", message, severity=Severity.MAJOR, box=box, number=share),
    )


def fill_shortfall(seen: Observed) -> Reading:
    """How much of the frame's length the product lacks against the channel's least; 0 is best.

    Fill is the product's extent along the side of the frame that it fills most.
    """
    x0, y0, x1, y1 = seen.product_box()
    fill = max(x1 - x0, y1 - y0)
    shortfall = max(0.0, seen.rules.fill_min - fill)
    if shortfall == 0.0:
        return Reading(value=0.0)
    message = (
        f"the product fills {fill:.0%} of the frame, the channel asks {seen.rules.fill_min:.0%}"
    )
    box = (x0, y0, x1, y1)
    return Reading(
        value=shortfall,
        evidence=fault("frame_fill", message, severity=Severity.MAJOR, box=box, number=fill),
    )


def stray_share(seen: Observed) -> Reading:
    """The area of things beside the product, as a share of the product's area; 0 is best.

    A thing has colour or a hard edge: a soft neutral shadow is none. Crumbs under 0.05 % of the
    product do not count.
    """
    factor = min(1.0, _WORK_PX / max(seen.frame_px))
    outside = ~_grown(seen.accounted, _CLEAR_SHARE / 2)
    rgb = _resized(seen.rgb, factor)
    thing = _resized((outside & seen.drawn).astype(np.uint8) * 255, factor) > 127
    if seen.spec.shot is Shot.PACKSHOT:
        thing &= _tinted(rgb) | _hard(rgb)
    closed = cv2.morphologyEx(thing.astype(np.uint8), cv2.MORPH_CLOSE, _disc(4))
    area, rect = _largest_outline(closed)
    product = max(float(seen.accounted.sum()) * factor**2, 1.0)
    share = area / product
    if share < _PATCH_SHARE:
        return Reading(value=0.0)
    box = share_box(rect, (rgb.shape[1], rgb.shape[0]))
    message = f"something beside the product, {share:.1%} of its size"
    return Reading(
        value=share,
        evidence=fault("stray_object", message, severity=Severity.MAJOR, box=box, number=share),
    )


def _shadow(seen: Observed) -> Mask:
    """Where a contact shadow lies: neutral, around the product's foot, joined to it."""
    width, height = seen.frame_px
    reach = _FOOT_REACH * max(seen.frame_px)
    x0, _, x1, y1 = seen.product_box()
    zone = np.zeros((height, width), bool)
    rows = slice(max(0, round(y1 * height - reach)), round(y1 * height + reach))
    columns = slice(max(0, round(x0 * width - reach)), round(x1 * width + reach))
    zone[rows, columns] = True
    neutral = cv2.absdiff(seen.highest, seen.lowest) <= _TINT
    grown = cv2.dilate(seen.accounted.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return _joined(zone & neutral & (seen.lowest < 255), grown)


def _joined(mask: Mask, anchor: Mask) -> Mask:
    """The parts of the mask that touch the anchor, at a quarter of the resolution."""
    height, width = mask.shape
    size = (max(1, width // 4), max(1, height // 4))
    both = cv2.resize((mask | anchor).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    _, labels = cv2.connectedComponents(both)
    held = cv2.resize(anchor.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    reached = np.isin(labels, np.unique(labels[held & (both > 0)])).astype(np.uint8)
    return mask & (cv2.resize(reached, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def _tinted(rgb: Pixels) -> Mask:
    lowest, highest = extremes(rgb)
    return cv2.absdiff(highest, lowest) > _TINT


def _hard(rgb: Pixels) -> Mask:
    """Where brightness steps by more than a shadow does, per pixel of the small picture."""
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 2 * _SOFT_STEP


def _largest_outline(mask: Pixels) -> tuple[float, tuple[int, int, int, int]]:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return 0.0, (0, 0, 0, 0)
    best = max(outlines, key=cv2.contourArea)
    x, y, width, height = (int(number) for number in cv2.boundingRect(best))
    return float(cv2.contourArea(best)), (x, y, width, height)


def _grown(mask: Mask, share: float) -> Mask:
    """The mask grown by a share of the frame's longer side, at an eighth of the resolution."""
    height, width = mask.shape
    size = (max(1, width // 8), max(1, height // 8))
    small = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
    grown = cv2.dilate(small.astype(np.uint8), _disc(max(1, round(share * max(size)))))
    return cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST) > 0


def _resized(image: Pixels, factor: float) -> Pixels:
    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _disc(radius: int) -> Pixels:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
