"""The lens and the film: depth of field, vignette, grain, and dither to 8 bit."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32, U8
from pipelines.studio.scenes.color import to_display

_BAND_PX = 128
"""Rows that are worked on at once: what is made on the way then takes a few MB, not a hundred."""


def blur(image: F32, sigma_px: float) -> F32:
    """The picture blurred by a Gaussian; wide blurs are done on a smaller picture."""
    if sigma_px < 0.3:
        return image
    height, width = image.shape[:2]
    factor = 1
    while sigma_px / factor > 4.0 and min(height, width) // (factor * 2) >= 8:
        factor *= 2
    if factor == 1:
        near = cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
        return near.reshape(image.shape)
    size = (max(1, width // factor), max(1, height // factor))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma_px / factor, borderType=cv2.BORDER_REPLICATE)
    wide = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return wide.reshape(image.shape)


def blur_rows(image: F32, sigma_px: F32) -> F32:
    """The picture with each row blurred by its own sigma: `sigma_px` (H,) float32.

    Rows take their value between two of a few ready blurs (sigma doubling), as a mip map does.
    """
    widest = float(sigma_px.max())
    if widest < 0.4:
        return image
    levels = [0.0, 0.8]
    while levels[-1] < widest:
        levels.append(levels[-1] * 2)
    result = image.copy()
    place = np.interp(sigma_px, levels, np.arange(len(levels)))
    below = image
    for index in range(1, len(levels)):
        rows = np.flatnonzero(np.abs(place - index + 0.5) <= 0.5)
        above = blur(image, levels[index]) if (place > index - 1).any() else image
        for few in np.array_split(rows, -(-len(rows) // _BAND_PX)) if len(rows) else ():
            share = np.clip(place[few] - (index - 1), 0, 1).astype(np.float32)
            share = share.reshape(-1, *([1] * (image.ndim - 1)))
            result[few] = below[few] * (1 - share) + above[few] * share
        below = above
    return result


def vignette(width_px: int, height_px: int, *, strength: float) -> F32:
    """The lens's fall-off towards the corners: (H, W, 1) float32 ≤ 1."""
    x = np.linspace(-1, 1, width_px, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height_px, dtype=np.float32)[:, None]
    return (1.0 - np.float32(strength) * ((x * x + y * y) / 2.0) ** 1.5)[..., None]


def shoulder(linear: F32, *, start: float = 0.72) -> F32:
    """Highlights rolled off so that they reach white slowly, as film does; changes in place."""
    bright = linear > start
    room = np.float32(1.0 - start)
    linear[bright] = np.float32(start) + room * (1 - np.exp(-(linear[bright] - start) / room))
    return linear


def develop(linear: F32, *, grain: float, seed: int) -> U8:
    """The linear picture as sRGB bytes with film grain and triangular dither, so nothing bands.

    Source: dither, Lipshitz, Wannamaker, Vanderkooy, "Quantization and Dither", JAES 1992.
    """
    rng = np.random.default_rng(seed)
    height, width = linear.shape[:2]
    side = min(512, max(height, width))
    tile = rng.standard_normal((side, side), dtype=np.float32)
    tile = cv2.GaussianBlur(tile, (0, 0), 0.7, borderType=cv2.BORDER_REFLECT_101)
    tile = tile / tile.std() * np.float32(grain * 255.0)
    tile += rng.random(tile.shape, dtype=np.float32) + rng.random(tile.shape, dtype=np.float32) - 1
    repeat = (-(-height // side), -(-width // side))
    speckle = np.tile(tile, repeat)[:height, :width, None]
    shown = np.empty(linear.shape, np.uint8)
    for top in range(0, height, _BAND_PX):
        rows = slice(top, top + _BAND_PX)
        bright = to_display(linear[rows]) + speckle[rows] + np.float32(0.5)
        shown[rows] = np.clip(bright, 0, 255).astype(np.uint8)
    return shown
