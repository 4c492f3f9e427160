"""The frame being painted: three planes of one buffer, and how a picture is laid over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.motion.sprites import Sprite
from pipelines.studio.scenes.arrays import F64, U8

Window = tuple[int, int, int, int]
"""(x0, y0, x1, y1) in luma pixels, all even; x1 and y1 lie outside."""

# A sample's index to its place in the picture, whose origin is the first pixel's upper left corner:
# of brightness, of colour. Source: ITU-T H.264, figure E-1, chroma location type 0 (left).
PLACES = (
    np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]]),
    np.array([[2.0, 0.0, 0.5], [0.0, 2.0, 1.0], [0.0, 0.0, 1.0]]),
)
INDICES = tuple(np.linalg.inv(place) for place in PLACES)

_BAND_PX = 128
"""Rows that are turned into colours at once: a whole upright frame would take 80 MB for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """One frame in YUV 4:2:0 as the encoder takes it: `buffer` (H · 3/2, W) uint8, Y, U, V."""

    buffer: U8
    width_px: int
    height_px: int

    @classmethod
    def of(cls, width_px: int, height_px: int) -> Canvas:
        """A frame of that size, both even; its content is undefined."""
        return cls(np.empty((height_px * 3 // 2, width_px), np.uint8), width_px, height_px)

    @property
    def planes(self) -> tuple[U8, U8, U8]:
        """Y (H, W), U and V (H/2, W/2) as views of the buffer."""
        half = self.height_px // 2, self.width_px // 2
        small = self.buffer[self.height_px :].reshape(2, *half)
        return self.buffer[: self.height_px], small[0], small[1]

    @property
    def window(self) -> Window:
        """The whole frame."""
        return 0, 0, self.width_px, self.height_px

    def rgb(self) -> U8:
        """The frame as (H, W, 3) uint8 sRGB, for looking at and for stills."""
        luma, blue, red = self.planes
        size = self.width_px, self.height_px
        grow = (INDICES[0] @ PLACES[1])[:2]
        u, v = (
            cv2.warpAffine(each, grow, size, borderMode=cv2.BORDER_REPLICATE)
            for each in (blue, red)
        )
        rgb = np.empty((*luma.shape, 3), np.uint8)
        for top in range(0, self.height_px, _BAND_PX):
            rows = slice(top, top + _BAND_PX)
            rgb[rows] = _rgb(luma[rows], u[rows], v[rows])
        return rgb


def _rgb(luma: U8, blue: U8, red: U8) -> U8:
    """Source: ITU-R BT.709-6, items 3.2 and 3.3, inverted."""
    u, v = ((each - np.float32(128)) * np.float32(255 / 224) for each in (blue, red))
    y = (luma - np.float32(16)) * np.float32(255 / 219)
    mixed = np.dstack((y + 1.5748 * v, y - 0.187324 * u - 0.468124 * v, y + 1.8556 * u))
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stamp:
    """A sprite warped to its place: premultiplied `planes` and `alphas` (None: opaque).

    Both are of the window's size, the small ones of half of it.
    """

    planes: tuple[U8, U8, U8]
    alphas: tuple[U8, U8] | None
    window: Window


def reach(size: tuple[int, int], poses: Sequence[F64], *, within: Window) -> Window | None:
    """The even window that a (width, height) picture covers in any of its poses; None: outside."""
    width, height = size
    sides = np.array([[-1, width + 1, width + 1, -1], [-1, -1, height + 1, height + 1]], np.float64)
    spots = [pose @ np.vstack([sides, np.ones(4)]) for pose in poses]
    flat = np.concatenate([spot[:2] / spot[2] for spot in spots], axis=1)
    low, high = flat.min(axis=1), flat.max(axis=1)
    x0 = max(within[0], 2 * math.floor(float(low[0]) / 2))
    y0 = max(within[1], 2 * math.floor(float(low[1]) / 2))
    x1 = min(within[2], 2 * math.ceil(float(high[0]) / 2))
    y1 = min(within[3], 2 * math.ceil(float(high[1]) / 2))
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def stamp(sprite: Sprite, poses: Sequence[F64], *, window: Window, sharp: bool) -> Stamp:
    """The sprite warped by the mean of its poses: one is a still, several are motion blur.

    `sharp` interpolates colours by cubics: for the product, whose texture is looked at.
    """
    kind = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    if sprite.alphas is None:
        planes = [
            _mean([_warped(plane, pose, i, window, kind) for pose in poses])
            for i, plane in enumerate(sprite.planes)
        ]
        return Stamp(planes=(planes[0], planes[1], planes[2]), alphas=None, window=window)
    alphas = [
        [_warped(alpha, pose, i, window, None) for pose in poses]
        for i, alpha in enumerate(sprite.alphas)
    ]
    planes = [
        _mean([
            cv2.multiply(_warped(plane, pose, i, window, kind), alphas[min(i, 1)][n], scale=1 / 255)
            for n, pose in enumerate(poses)
        ])
        for i, plane in enumerate(sprite.planes)
    ]  # fmt: skip
    return Stamp(
        planes=(planes[0], planes[1], planes[2]),
        alphas=(_mean(alphas[0]), _mean(alphas[1])),
        window=window,
    )


def weighed(each: Stamp, *, share: float, mask: tuple[U8, U8] | None = None) -> Stamp:
    """The stamp with all its alpha times `share` (0..1), and times a mask of its size if given.

    Raises ValueError for an opaque stamp: it has no alpha to weigh.
    """
    if each.alphas is None:
        raise ValueError("an opaque stamp can't be weighed")
    planes, alphas = list(each.planes), list(each.alphas)
    if mask is not None:
        planes = [cv2.multiply(p, mask[min(i, 1)], scale=share / 255) for i, p in enumerate(planes)]
        alphas = [cv2.multiply(a, m, scale=share / 255) for a, m in zip(alphas, mask, strict=True)]
    elif share < 1:
        planes = [cv2.convertScaleAbs(plane, alpha=share) for plane in planes]
        alphas = [cv2.convertScaleAbs(alpha, alpha=share) for alpha in alphas]
    return Stamp(
        planes=(planes[0], planes[1], planes[2]), alphas=(alphas[0], alphas[1]), window=each.window
    )


def lay_over(canvas: Canvas, each: Stamp) -> None:
    """Lays the stamp over the frame, in place. Source: Porter and Duff 1984, operator "over"."""
    x0, y0, x1, y1 = each.window
    for i, (ground, plane) in enumerate(zip(canvas.planes, each.planes, strict=True)):
        half = 1 if i == 0 else 2
        here = ground[y0 // half : y1 // half, x0 // half : x1 // half]
        if each.alphas is None:
            here[:] = plane
            continue
        clear = cv2.bitwise_not(each.alphas[min(i, 1)])
        here[:] = cv2.add(cv2.multiply(here, clear, scale=1 / 255), plane)


def _warped(plane: U8, pose: F64, index: int, window: Window, kind: int | None) -> U8:
    """A plane in the window; `kind` None: it is an alpha, empty beyond its edge."""
    kind_of_plane = min(index, 1)
    half = 1 + kind_of_plane
    shift = np.array([[1, 0, -(window[0] // half)], [0, 1, -(window[1] // half)], [0, 0, 1]])
    matrix = shift @ INDICES[kind_of_plane] @ pose @ PLACES[kind_of_plane]
    size = (window[2] - window[0]) // half, (window[3] - window[1]) // half
    flags = cv2.INTER_LINEAR if kind is None else kind
    border = cv2.BORDER_CONSTANT if kind is None else cv2.BORDER_REPLICATE
    if np.abs(matrix[2] - (0, 0, matrix[2, 2])).max() < 1e-9:
        flat = matrix[:2] / matrix[2, 2]
        return cv2.warpAffine(plane, flat, size, flags=flags, borderMode=border)
    return cv2.warpPerspective(plane, matrix, size, flags=flags, borderMode=border)


def _mean(planes: Sequence[U8]) -> U8:
    if len(planes) == 1:
        return planes[0]
    total = np.zeros(planes[0].shape, np.float32)
    for plane in planes:
        cv2.accumulate(plane, total)
    return cv2.convertScaleAbs(total, alpha=1 / len(planes))
