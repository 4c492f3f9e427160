"""A photo as film shows it: no sharper than its scale allows, and colours at half of that."""

from __future__ import annotations

import cv2

from qa.vision.arrays import Pixels

_NEAR = 2


def as_filmed(rgb: Pixels, *, size_px: tuple[int, int], scale: float) -> Pixels:
    """(h, w, 3) uint8: the photo at that (width, height), as a still of that scale can show it.

    `scale` is pixels of the still to one of the photo. Film keeps colours at half of its size: in
    it small blue print on white is greyish, and white letters on blue are bluish. Source: ITU-T
    H.264 (2021), 6.2, chroma format 4:2:0.
    """
    shown = scale * rgb.shape[1] / size_px[0]
    near = cv2.resize(rgb, (_NEAR * size_px[0], _NEAR * size_px[1]), interpolation=cv2.INTER_AREA)
    small = cv2.resize(_coarse(near, shown / (2 * _NEAR)), size_px, interpolation=cv2.INTER_AREA)
    return small if shown >= 1.0 else cv2.GaussianBlur(small, (0, 0), 0.5 / shown)


def _coarse(rgb: Pixels, share: float) -> Pixels:
    """The picture with its colours, not its brightness, at that share of its size."""
    if share >= 1.0:
        return rgb
    height, width = rgb.shape[:2]
    size = (max(2, round(share * width)), max(2, round(share * height)))
    held = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    few = cv2.resize(held[..., 1:], size, interpolation=cv2.INTER_AREA)
    held[..., 1:] = cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(held, cv2.COLOR_YCrCb2RGB)
