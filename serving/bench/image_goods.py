"""What a fault is planted in, and the tools every planter shares."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.media import Picture
from content_engine.types import Shot
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Box, share_box


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Good:
    """A good picture and what its maker knows of it.

    `mask` (H, W) bool is the product; `enlargement` picture pixels per source pixel; `sibling` and
    `stranger` are transparent cut-outs of a like and an unlike product; `lines` are boxes
    (x0, y0, x1, y1) in pixels around the letters on the product.
    """

    picture: Picture
    shot: Shot
    mask: Mask
    enlargement: float
    sibling: Picture
    stranger: Picture
    lines: tuple[tuple[int, int, int, int], ...]


def pixel_unit(good: Good) -> float:
    """Pixels of this picture per pixel of a 1600 px frame."""
    return max(good.mask.shape) / 1600.0


def box_of(mask: Mask) -> Box:
    """The box (0..1) around what is True."""
    return share_box(cv2.boundingRect(mask.astype(np.uint8)), (mask.shape[1], mask.shape[0]))


def soft(mask: Mask, sigma: float = 0.7) -> Numbers:
    """The mask as a share 0..1 with a soft edge, (H, W, 1) float32."""
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma)[..., None]


def mixed(good: Good, over: Numbers, share: Numbers) -> Picture:
    """The picture with `over` laid on it by `share` (H, W, 1)."""
    rgb = good.picture.rgb.astype(np.float32)
    mixed = rgb * (1.0 - share) + over.astype(np.float32) * share
    return Picture(np.clip(np.rint(mixed), 0, 255).astype(np.uint8), good.picture.alpha)


def fitted(picture: Picture, size: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """A cut-out scaled to fit (width, height): colours and alpha."""
    scale = min(size[0] / picture.width_px, size[1] / picture.height_px)
    target = (max(2, int(picture.width_px * scale)), max(2, int(picture.height_px * scale)))
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    alpha = picture.alpha
    if alpha is None:
        alpha = np.full(picture.rgb.shape[:2], 255, np.uint8)
    return (
        cv2.resize(picture.rgb, target, interpolation=flags),
        cv2.resize(alpha, target, interpolation=flags),
    )
