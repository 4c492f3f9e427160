"""The guided filter: smooths maps along a picture's edges, never across them."""

from __future__ import annotations

import cv2
import numpy as np


class Guide:
    """A picture whose edges others are laid on.

    Source: He, Sun, Tang 2013, "Guided Image Filtering", colour guide (eq. 14–16); He, Sun 2015,
    "Fast Guided Filter": the coefficients are found at a reduced size and applied at the full one.
    """

    def __init__(self, rgb: np.ndarray, *, radius_px: int, epsilon: float) -> None:
        self._picture = rgb.astype(np.float32) / 255
        self._side = (2 * radius_px + 1, 2 * radius_px + 1)
        self._mean = self._box(self._picture)
        self._inverse = self._inverted(epsilon)

    def filtered(self, maps: np.ndarray) -> np.ndarray:
        """Maps (H, W, n) float32 of the guide's size, smoothed along its edges."""
        slopes, offsets = self._coefficients(maps)
        return _applied(self._picture, slopes, offsets)

    def upsampled(self, maps: np.ndarray, *, onto: np.ndarray) -> np.ndarray:
        """Maps (h, w, n) of the guide's size as (H, W, n) on the edges of the larger `onto`."""
        slopes, offsets = self._coefficients(maps)
        size = (onto.shape[1], onto.shape[0])
        large = [cv2.resize(slope, size, interpolation=cv2.INTER_LINEAR) for slope in slopes]
        return _applied(
            onto.astype(np.float32) / 255,
            large,
            cv2.resize(offsets, size, interpolation=cv2.INTER_LINEAR),
        )

    def _coefficients(self, maps: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Per channel of the guide the slopes (H, W, n), and the offsets (H, W, n)."""
        mean = self._box(maps)
        shared = [
            self._box(maps * self._picture[..., i : i + 1]) - mean * self._mean[..., i : i + 1]
            for i in range(3)
        ]
        slopes = [
            sum(self._inverse[i][j][..., None] * shared[j] for j in range(3)) for i in range(3)
        ]
        offsets = mean - sum(slopes[i] * self._mean[..., i : i + 1] for i in range(3))
        return [self._box(np.asarray(slope)) for slope in slopes], self._box(offsets)

    def _inverted(self, epsilon: float) -> list[list[np.ndarray]]:
        """The inverse of each window's 3 x 3 covariance, by its cofactors."""
        c = [[np.empty(0)] * 3 for _ in range(3)]
        for i in range(3):
            for j in range(i, 3):
                both = self._box(self._picture[..., i] * self._picture[..., j])
                c[i][j] = c[j][i] = both - self._mean[..., i] * self._mean[..., j]
            c[i][i] = c[i][i] + np.float32(epsilon)
        cofactor = [[np.empty(0)] * 3 for _ in range(3)]
        for i in range(3):
            for j in range(3):
                a, b = [k for k in range(3) if k != i], [k for k in range(3) if k != j]
                minor = c[a[0]][b[0]] * c[a[1]][b[1]] - c[a[0]][b[1]] * c[a[1]][b[0]]
                cofactor[j][i] = minor if (i + j) % 2 == 0 else -minor
        whole = c[0][0] * cofactor[0][0] + c[0][1] * cofactor[1][0] + c[0][2] * cofactor[2][0]
        return [[cofactor[i][j] / whole for j in range(3)] for i in range(3)]

    def _box(self, maps: np.ndarray) -> np.ndarray:
        found = cv2.blur(np.ascontiguousarray(maps), self._side, borderType=cv2.BORDER_REFLECT)
        return found if found.ndim == maps.ndim else found[..., None]


def _applied(picture: np.ndarray, slopes: list[np.ndarray], offsets: np.ndarray) -> np.ndarray:
    if offsets.ndim == 2:
        offsets, slopes = offsets[..., None], [slope[..., None] for slope in slopes]
    channels = [np.ascontiguousarray(picture[..., index]) for index in range(3)]
    found = np.empty(offsets.shape, np.float32)
    for label in range(offsets.shape[2]):
        total = np.ascontiguousarray(offsets[..., label])
        for slope, channel in zip(slopes, channels, strict=True):
            total = total + slope[..., label] * channel
        found[..., label] = total
    return found
