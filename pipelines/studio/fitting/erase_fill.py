"""Filling: what a region would look like if its neighbour went on into it."""

from __future__ import annotations

import cv2
import numpy as np

REDUCED = 4
"""Fills are smooth: they are solved at a quarter of the size."""

NO_WEIGHT = 1e-4

MARGIN_PX = 64
"""How far around a hole its source is looked for; the whole picture when there is none."""


def continued(picture: np.ndarray, *, source: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The picture (h, w, 3) float32 with `hole` (h, w) bool filled as `source` would go on.

    The smooth part is pulled from the source by a pyramid (Gortler et al. 1996, "The Lumigraph",
    push-pull); the fine part is the source's own, mirrored at its nearest edge, so that cloth, skin
    and walls keep their texture. Outside the hole the picture stays. Without a source nothing
    changes.
    """
    if not (hole.any() and source.any()):
        return picture
    place = around(hole, margin_px=MARGIN_PX)
    if not source[place].any():
        place = (slice(None), slice(None))
    part, known, wanted = picture[place], source[place], hole[place]
    smooth = smoothly_continued(part, source=known)
    filled = picture.copy()
    fine = _mirrored(part - smooth, source=known, hole=wanted)
    filled[place][wanted] = np.clip(smooth[wanted] + fine, 0, 1)
    return filled


def smoothly_continued(picture: np.ndarray, *, source: np.ndarray) -> np.ndarray:
    """The picture's smooth part (h, w, 3) float32: where `source` is its own, elsewhere pulled."""
    height, width = source.shape
    size = (max(1, width // REDUCED), max(1, height // REDUCED))
    mask = source.astype(np.float32)
    weight = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(picture * mask[..., None], size, interpolation=cv2.INTER_AREA)
    pulled = _pulled(colours, weight)
    return cv2.resize(pulled, (width, height), interpolation=cv2.INTER_LINEAR)


def _pulled(colours: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colours (h, w, 3), premultiplied by their weight, made whole by coarser ones."""
    height, width = weight.shape
    known = colours / np.maximum(weight, NO_WEIGHT)[..., None]
    if min(height, width) <= 2 or weight.min() > 0.5:
        mean = colours.sum((0, 1)) / max(float(weight.sum()), NO_WEIGHT)
        return np.where((weight > NO_WEIGHT)[..., None], known, mean).astype(np.float32)
    coarse = _pulled(cv2.pyrDown(colours), cv2.pyrDown(weight))
    wide = cv2.pyrUp(coarse, dstsize=(width, height))
    sure = np.clip(weight * 2, 0, 1)[..., None]
    return known * sure + wide * (1 - sure)


def _mirrored(fine: np.ndarray, *, source: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """For each pixel of the hole (n, 3): the fine part as far inside the source as it lies out."""
    height, width = source.shape
    found = cv2.distanceTransformWithLabels(
        (~source).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(found[1], np.int32)
    at = np.flatnonzero(source.ravel())
    place = np.zeros(int(labels.max()) + 1, np.int64)
    place[labels.ravel()[at]] = at
    ys, xs = np.nonzero(hole)
    near_y, near_x = np.divmod(place[labels[ys, xs]], width)
    far_y = np.clip(2 * near_y - ys, 0, height - 1)
    far_x = np.clip(2 * near_x - xs, 0, width - 1)
    inside = source[far_y, far_x]
    return np.where(inside[:, None], fine[far_y, far_x], fine[near_y, near_x])


def around(mask: np.ndarray, *, margin_px: int) -> tuple[slice, slice]:
    """The (rows, columns) of a mask's box with a margin; empty slices when the mask is."""
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(ys):
        return slice(0, 0), slice(0, 0)
    return (
        slice(max(0, int(ys[0]) - margin_px), int(ys[-1]) + 1 + margin_px),
        slice(max(0, int(xs[0]) - margin_px), int(xs[-1]) + 1 + margin_px),
    )
