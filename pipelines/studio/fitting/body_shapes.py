"""Plain shapes as masks, and small work on masks: (H, W) bool in, (H, W) bool out."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np


def polygon(shape: tuple[int, int], corners: np.ndarray) -> np.ndarray:
    """What lies inside the polygon of (n, 2) px corners."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
    return mask > 0


def capsule(
    shape: tuple[int, int], start: np.ndarray, end: np.ndarray, radii_px: tuple[float, float]
) -> np.ndarray:
    """The stretch from `start` to `end`, as wide as `radii_px` there, with round ends."""
    mask = np.zeros(shape, np.uint8)
    start, end = np.asarray(start, float), np.asarray(end, float)
    along = end - start
    across = np.array([-along[1], along[0]]) / (np.hypot(*along) + 1e-6)
    first, last = across * radii_px[0], across * radii_px[1]
    corners = np.array([start + first, end + last, end - last, start - first])
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
    for point, radius in ((start, radii_px[0]), (end, radii_px[1])):
        centre = (round(float(point[0])), round(float(point[1])))
        cv2.circle(mask, centre, max(1, int(radius)), 1, -1)
    return mask > 0


def eroded(mask: np.ndarray, side_px: int) -> np.ndarray:
    """The mask made smaller by a disc of `side_px`."""
    return cv2.erode(mask.astype(np.uint8), _disc(side_px)) > 0


def dilated(mask: np.ndarray, side_px: int) -> np.ndarray:
    """The mask made larger by a disc of `side_px`."""
    return cv2.dilate(mask.astype(np.uint8), _disc(side_px)) > 0


def opened(mask: np.ndarray, side_px: int) -> np.ndarray:
    """The mask without what is narrower than `side_px`."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _disc(side_px)) > 0


def closed(mask: np.ndarray, side_px: int) -> np.ndarray:
    """The mask with gaps narrower than `side_px` filled."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _disc(side_px)) > 0


def components(mask: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
    """Each connected piece with its area in px, the largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[1:count, cv2.CC_STAT_AREA]
    for index in np.argsort(-areas, kind="stable"):
        yield labels == index + 1, int(areas[index])


def largest(mask: np.ndarray) -> np.ndarray:
    """The largest connected piece; the empty mask when there is none."""
    return next((piece for piece, _ in components(mask)), np.zeros(mask.shape, bool))


def _disc(side_px: int) -> np.ndarray:
    side = max(1, side_px) | 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
