"""Soft hair: how much of each pixel at the hair's border is hair."""

from __future__ import annotations

import cv2
import numpy as np

BAND = 0.05
"""Half width of the border, in U, in which strands are looked for: by eye on four heads
of long hair."""

LOOK = 0.10
"""Reach in U of the look for the hair's and its neighbour's own colours."""

DECISIVE = 26.0
"""Distance of both colours (0..441 RGB) at which the pixel's colour outweighs the label."""


def hair_matte(rgb: np.ndarray, *, hair: np.ndarray, unit_px: float) -> np.ndarray:
    """The share of hair (H, W) float32 0..1 in each pixel of a (H, W, 3) sRGB photo.

    `hair` (H, W) bool is where most of the pixel is hair. In a band about its border the share is
    the pixel's place on the line from the neighbour's local mean colour to the hair's (Chuang et
    al. 2001, eq. 4), trusted by how far these lie apart against how much each varies; elsewhere
    the label stands.
    """
    matte = hair.astype(np.float32)
    box = _box(hair, margin_px=round(2 * (BAND + LOOK) * unit_px))
    if box is None:
        return matte
    part, inner = rgb[box].astype(np.float32), hair[box].astype(np.uint8)
    side = max(3, round(BAND * unit_px)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * side + 1, 2 * side + 1))
    sure, near = cv2.erode(inner, disc), cv2.dilate(inner, wide)
    band = (near > 0) & (sure == 0)
    reach = max(5, round(LOOK * unit_px))
    own, own_spread = _local(part, sure, reach_px=reach)
    other, other_spread = _local(part, 1 - cv2.dilate(inner, disc), reach_px=reach)
    line = own - other
    length2 = np.einsum("hwc,hwc->hw", line, line)
    place = np.einsum("hwc,hwc->hw", part - other, line) / np.maximum(length2, 1.0)
    trust = length2 / (length2 + DECISIVE**2 + 4 * (own_spread + other_spread))
    soft = cv2.GaussianBlur(inner.astype(np.float32), (0, 0), 1.0)
    # A tenth of hair is noise of the neighbour's colour more often than a strand.
    found = np.clip((trust * place + (1 - trust) * soft - 0.12) / 0.76, 0, 1)
    matte[box] = np.where(band, found, inner)
    return matte


def _box(mask: np.ndarray, *, margin_px: int) -> tuple[slice, slice] | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return (
        slice(max(0, rows[0] - margin_px), rows[-1] + margin_px + 1),
        slice(max(0, columns[0] - margin_px), columns[-1] + margin_px + 1),
    )


def _local(
    picture: np.ndarray, mask: np.ndarray, *, reach_px: int
) -> tuple[np.ndarray, np.ndarray]:
    """The masked pixels' local mean colour (h, w, 3) and its variance (h, w), at full size.

    Found at a quarter of the size; where none is within reach, a look four times as wide helps.
    """
    size = (picture.shape[1], picture.shape[0])
    small = (max(1, size[0] // 4), max(1, size[1] // 4))
    weight = cv2.resize(mask.astype(np.float32), small, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(picture * mask[..., None], small, interpolation=cv2.INTER_AREA)
    squares = cv2.resize(
        np.einsum("hwc,hwc->hw", picture, picture) * mask, small, interpolation=cv2.INTER_AREA
    )
    side = max(3, reach_px // 2) | 1
    mean, square = np.zeros_like(colours), np.zeros_like(squares)
    missing = np.ones(weight.shape, bool)
    for reach in (side, 4 * side + 1):
        window = (reach, reach)
        heavy = np.maximum(cv2.blur(weight, window), 1e-5)
        here = missing & (heavy > 0.01)
        mean = np.where(here[..., None], cv2.blur(colours, window) / heavy[..., None], mean)
        square = np.where(here, cv2.blur(squares, window) / heavy, square)
        missing &= ~here
    spread = np.clip(square - np.einsum("hwc,hwc->hw", mean, mean), 0, None)
    spread[missing] = 1e6
    return (
        cv2.resize(mean, size, interpolation=cv2.INTER_LINEAR),
        cv2.resize(spread, size, interpolation=cv2.INTER_LINEAR),
    )
