"""Pictures in the encoder's own planes: YUV 4:2:0 with alpha, ready to be warped and laid over.

Why planes: a warp of Y, U and V costs half of one of RGB, and no colour conversion is left per
frame (1080², one core: 6.1 ms against 10.5 + 1.1 ms; 2026-11-22).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.beyond import extended
from pipelines.studio.scenes.arrays import F64, U8

Yuv = tuple[int, int, int]
"""A colour as Y, U, V in video range."""

BLACK: Yuv = (16, 128, 128)
WHITE: Yuv = (235, 128, 128)
"""Source: ITU-R BT.709-6, item 5.6."""

# Rows: Y, U, V of 8-bit sRGB-coded R, G, B, 1; video range.
# Source: ITU-R BT.709-6, items 3.2-3.4, 5.5 (219 and 224 steps).
RGB_TO_YUV = np.array(
    [
        [0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16.0],
        [-0.114572 * 224 / 255, -0.385428 * 224 / 255, 0.5 * 224 / 255, 128.0],
        [0.5 * 224 / 255, -0.454153 * 224 / 255, -0.045847 * 224 / 255, 128.0],
    ]
)
LEVEL_STEP = math.sqrt(2)
"""A picture shrunk by more than this is taken from its next smaller level: nothing aliases."""


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """One picture as planes: `planes` are Y (H, W), U and V (H/2, W/2) uint8, not premultiplied.

    `alphas` are the alpha at both sizes, or None when the picture is opaque. H and W are even.
    Colours go on beyond the outline, so that no foreign colour is drawn in when it is warped.
    """

    planes: tuple[U8, U8, U8]
    alphas: tuple[U8, U8] | None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.planes[0].shape
        return width, height


def opaque(rgb: U8) -> Sprite:
    """The sprite of a (H, W, 3) uint8 sRGB picture; an odd last row or column is repeated."""
    return Sprite(_planes(_even(rgb)), None)


def cut(rgb: U8, alpha: U8) -> Sprite:
    """The sprite of a picture with straight alpha: (H, W, 3), (H, W) uint8."""
    rgb, alpha = _even(rgb), _padded(alpha)
    return Sprite(_planes(extended(rgb, alpha)), (alpha, _chroma_sited(alpha)))


def ink(alpha: U8, *, color: Yuv) -> Sprite:
    """The sprite of one colour with an alpha (H, W) uint8: a shade, a light, a veil."""
    alpha = _padded(alpha)
    small = _chroma_sited(alpha)
    planes = [
        np.full_like(each, level) for each, level in zip((alpha, small, small), color, strict=True)
    ]
    return Sprite((planes[0], planes[1], planes[2]), (alpha, small))


def lettering(rgba: U8) -> Sprite:
    """The sprite of a (H, W, 4) uint8 sRGB picture whose colours are premultiplied."""
    alpha = np.maximum(rgba[..., 3:], 1).astype(np.float32)
    straight = np.clip(np.rint(rgba[..., :3].astype(np.float32) * 255 / alpha), 0, 255)
    return cut(straight.astype(np.uint8), np.ascontiguousarray(rgba[..., 3]))


def to_yuv(rgb: tuple[int, int, int]) -> Yuv:
    """Y, U, V of an sRGB colour (0..255)."""
    y, u, v = RGB_TO_YUV @ np.array([*rgb, 1.0])
    return round(y), round(u), round(v)


def shrunk(sprite: Sprite, size: tuple[int, int]) -> Sprite:
    """The sprite at a smaller (width, height), both even."""
    half = size[0] // 2, size[1] // 2
    planes = [
        cv2.resize(plane, to, interpolation=cv2.INTER_AREA)
        for plane, to in zip(sprite.planes, (size, half, half), strict=True)
    ]
    if sprite.alphas is None:
        return Sprite((planes[0], planes[1], planes[2]), None)
    large, small = sprite.alphas
    alphas = (
        cv2.resize(large, size, interpolation=cv2.INTER_AREA),
        cv2.resize(small, half, interpolation=cv2.INTER_AREA),
    )
    return Sprite((planes[0], planes[1], planes[2]), alphas)


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """A sprite at several sizes, each `LEVEL_STEP` smaller, for poses that shrink it."""

    levels: tuple[Sprite, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the whole sprite in pixels."""
        return self.levels[0].size

    def at(self, pose: F64) -> tuple[Sprite, F64]:
        """The level for a pose of the whole sprite, and that level's own pose (3, 3)."""
        scale = math.sqrt(abs(float(np.linalg.det(pose[:2, :2])))) or 1.0
        wanted = math.floor(math.log(1 / scale, LEVEL_STEP) + 1e-6) if scale < 1 else 0
        level = self.levels[min(wanted, len(self.levels) - 1)]
        return level, pose @ _between(level.size, self.size)


def pyramid(sprite: Sprite, *, smallest_scale: float = 1.0) -> Pyramid:
    """The sprite with levels down to that scale."""
    levels, scale = [sprite], 1 / LEVEL_STEP
    while scale >= smallest_scale * 0.99 and min(sprite.size) * scale > 8:
        size = _even_px(sprite.size[0] * scale), _even_px(sprite.size[1] * scale)
        levels.append(shrunk(sprite, size))
        scale /= LEVEL_STEP
    return Pyramid(tuple(levels))


def _between(level: tuple[int, int], whole: tuple[int, int]) -> F64:
    """The pose of a level within its whole sprite, corner to corner."""
    return np.diag([whole[0] / level[0], whole[1] / level[1], 1.0])


def _planes(rgb: U8) -> tuple[U8, U8, U8]:
    luma, blue, red = cv2.split(cv2.transform(rgb, RGB_TO_YUV))
    return luma, _chroma_sited(blue), _chroma_sited(red)


def _chroma_sited(plane: U8) -> U8:
    """The plane at half size; sample (i, j) lies at luma (2i, 2j + 0.5).

    Source: ITU-T H.264, figure E-1, chroma sample location type 0 (left).
    """
    across, down = np.array([0.25, 0.5, 0.25]), np.array([0.0, 0.5, 0.5])
    mixed = cv2.sepFilter2D(plane, -1, across, down, borderType=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(mixed[::2, ::2])


def _even(pixels: U8) -> U8:
    height, width = pixels.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return pixels
    return cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)


def _padded(alpha: U8) -> U8:
    """With an even size, an odd last row or column added empty."""
    height, width = alpha.shape
    if height % 2 == 0 and width % 2 == 0:
        return alpha
    return cv2.copyMakeBorder(alpha, 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT, value=0)


def _even_px(length: float) -> int:
    return max(2, 2 * round(length / 2))
