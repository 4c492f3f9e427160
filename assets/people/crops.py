"""Pictures as networks want them: letterboxed, or a turned square cut out; and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterbox:
    """A whole picture fitted into a square: pixel = offset + scale x picture pixel."""

    side_px: int
    scale: float
    left_px: float
    top_px: float

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the square, 0..1, as px of the picture."""
        offset = np.array([self.left_px, self.top_px], np.float32)
        return ((points * self.side_px - offset) / self.scale).astype(np.float32)


def letterboxed(rgb: np.ndarray, *, side_px: int) -> tuple[np.ndarray, Letterbox]:
    """The (H, W, 3) uint8 picture in the middle of a black square, and where it lies there."""
    height, width = rgb.shape[:2]
    scale = side_px / max(height, width)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (side_px - new_width) // 2, (side_px - new_height) // 2
    square = np.zeros((side_px, side_px, 3), np.uint8)
    small = cv2.resize(rgb, (new_width, new_height), interpolation=cv2.INTER_AREA)
    square[top : top + new_height, left : left + new_width] = small
    return square, Letterbox(side_px=side_px, scale=scale, left_px=left, top_px=top)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """A turned square of a picture: centre and side in px, `angle` clockwise in radians."""

    x: float
    y: float
    side_px: float
    angle: float

    def matrix(self, out_px: int) -> np.ndarray:
        """The (2, 3) affine map from pixels of the `out_px` crop to pixels of the picture."""
        scale = self.side_px / out_px
        cos, sin = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        half = out_px / 2
        return np.array(
            [
                [cos, -sin, self.x - cos * half + sin * half],
                [sin, cos, self.y - sin * half - cos * half],
            ],
            np.float64,
        )

    def cut(self, rgb: np.ndarray, *, out_px: int) -> np.ndarray:
        """The square as (out, out, 3) uint8, black where it leaves the picture."""
        inverse = self.matrix(out_px)
        step = self.side_px / out_px
        if step > 2:
            return self._cut_large(rgb, out_px=out_px, shrink=1 / (step / 1.5))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(rgb, inverse, (out_px, out_px), flags=flags)

    def _cut_large(self, rgb: np.ndarray, *, out_px: int, shrink: float) -> np.ndarray:
        # A bilinear look at every third pixel shimmers: shrink by area first.
        small = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        roi = Roi(
            x=self.x * shrink, y=self.y * shrink, side_px=self.side_px * shrink, angle=self.angle
        )
        return roi.cut(small, out_px=out_px)

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the crop, 0..1, as px of the picture."""
        matrix = self.matrix(1)
        return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)

    def paste(self, mask: np.ndarray, *, size_px: tuple[int, int]) -> np.ndarray:
        """A square (n, n) mask of the crop, laid back on a picture of (width, height)."""
        matrix = self.matrix(mask.shape[0])
        flags = cv2.INTER_LINEAR
        return cv2.warpAffine(mask, matrix, size_px, flags=flags)


def roi_upright(start: np.ndarray, end: np.ndarray) -> float:
    """The angle that turns the line from `start` to `end` upright (end above start)."""
    return float(np.pi / 2 - np.arctan2(-(end[1] - start[1]), end[0] - start[0]))
