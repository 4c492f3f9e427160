"""Masks grown, shrunk and opened."""

from __future__ import annotations

import cv2
import numpy as np


def disc(radius_px: int) -> np.ndarray:
    """A round structuring element of that radius."""
    side = 2 * radius_px + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def grown(mask: np.ndarray, radius_px: int) -> np.ndarray:
    """The (h, w) bool mask grown by a radius; negative shrinks it."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    margin = max(radius_px, 0) + 2
    left, top = max(0, x - margin), max(0, y - margin)
    place = (slice(top, y + height + margin), slice(left, x + width + margin))
    changed = np.zeros(mask.shape, bool)
    if width:
        changed[place] = _grown(mask[place], radius_px)
    return changed


def _grown(mask: np.ndarray, radius_px: int) -> np.ndarray:
    if abs(radius_px) <= 2:
        change = cv2.dilate if radius_px > 0 else cv2.erode
        return change(mask.astype(np.uint8), disc(abs(radius_px))) > 0
    # One pass of distances costs less than a wide disc at every pixel.
    if radius_px > 0:
        away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
        return away <= radius_px
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3) > -radius_px


def attached(mask: np.ndarray, *, to: np.ndarray) -> np.ndarray:
    """The pieces of the (h, w) bool mask that reach into or touch `to` (h, w) bool."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    place = (slice(y, y + height), slice(x, x + width))
    held = np.zeros(mask.shape, bool)
    if width:
        count, found = cv2.connectedComponents(mask[place].astype(np.uint8))
        labels = np.asarray(found, np.int32)
        touched = np.zeros(count, bool)
        touched[labels[grown(to, 1)[place]]] = True
        touched[0] = False
        held[place] = touched[labels]
    return held


def opened(mask: np.ndarray, radius_px: int) -> np.ndarray:
    """The (h, w) bool mask without what is thinner than twice the radius; corners are kept."""
    return mask & grown(grown(mask, -radius_px), radius_px + 2)
