"""Where the product stands in the frame, at which size: composed for each aspect, never cropped."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.cutout import CutOut
from pipelines.studio.scenes.arrays import U8
from pipelines.studio.scenes.spec import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The product at its size in the frame: `rgb` and `alpha` at (left_px, top_px) of the frame."""

    rgb: U8
    alpha: U8
    left_px: int
    top_px: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.alpha.shape[1], self.alpha.shape[0]


def place(cutout: CutOut, *, view: View, size_px: tuple[int, int], seed: int) -> Placed:
    """The cut-out scaled and set in a frame of `size_px` (width, height)."""
    width, height = size_px
    box = cutout.alpha.shape[1], cutout.alpha.shape[0]
    scale = min(view.fill * height / box[1], view.fill_width * width / box[0])
    if width > 1.3 * height:
        scale = min(1.12 * view.fill * height / box[1], 0.5 * width / box[0])
    target = max(1, round(box[0] * scale)), max(1, round(box[1] * scale))
    rgb, alpha = resized(cutout, target)
    side = _side(width / height, seed)
    left = round(width * side - target[0] / 2)
    top = round(height * view.middle - target[1] / 2)
    if "bottom" in cutout.cut_sides:
        top = height - target[1]
    return Placed(rgb=rgb, alpha=alpha, left_px=left, top_px=top)


def _side(aspect: float, seed: int) -> float:
    """The product's middle in the frame's width: the wider the frame, the farther off centre."""
    if aspect > 1.3:
        return (0.40, 0.44, 0.58)[seed % 3]
    return (0.48, 0.5, 0.49)[seed % 3]


def resized(cutout: CutOut, size: tuple[int, int]) -> tuple[U8, U8]:
    """The cut-out's colours and alpha at (width, height); clear pixels lend no colour."""
    smaller = size[0] <= cutout.alpha.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    alpha = cv2.resize(cutout.alpha, size, interpolation=method)
    plain = cv2.resize(cutout.rgb, size, interpolation=method)
    weight = cutout.alpha.astype(np.float32)[..., None] / 255.0
    weighed = cv2.resize(cutout.rgb * weight, size, interpolation=method)
    share = cv2.resize(weight, size, interpolation=method)[..., None]
    own = weighed / np.maximum(share, 1e-3)
    edge = (alpha < 255)[..., None] & (share > 0.02)
    rgb = np.where(edge, np.clip(own + 0.5, 0, 255).astype(np.uint8), plain)
    return rgb, alpha
