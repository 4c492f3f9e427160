"""The terrazzo tile: stone chips laid side by side, repeating without a seam."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32

TILE_PX = 1536
_WRAPS = ((0, 0), (TILE_PX, 0), (-TILE_PX, 0), (0, TILE_PX), (0, -TILE_PX))


@lru_cache(maxsize=12)
def chip_tile(palette: tuple[tuple[float, ...], ...]) -> F32:
    """One repeating tile of terrazzo: (1536, 1536, 3) float32 linear.

    `palette` is the cement's colour, then the chips'. Large chips are laid first, so that small
    ones fill the gaps, none over another.
    """
    rng = np.random.default_rng(0)
    canvas = np.empty((TILE_PX, TILE_PX, 3), np.float32)
    canvas[:] = palette[0]
    taken = np.zeros((TILE_PX, TILE_PX), np.uint8)
    for radius, count in ((46.0, 70), (27.0, 260), (14.0, 800), (6.0, 2200)):
        for _ in range(count):
            shape = _chip(rng, radius * rng.uniform(0.7, 1.3))
            center = rng.integers(0, TILE_PX, 2)
            color = np.array(palette[1 + int(rng.integers(0, len(palette) - 1))])
            _lay(canvas, taken, shape + center, color * rng.uniform(0.85, 1.12))
    return cv2.GaussianBlur(canvas, (0, 0), 0.8, borderType=cv2.BORDER_REFLECT_101)


def _chip(rng: np.random.Generator, radius: float) -> np.ndarray:
    """An angular pebble around the origin: (n, 2) pixels."""
    corners = int(rng.integers(5, 9))
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = radius * rng.uniform(0.62, 1.0, corners)
    shape = np.stack([np.cos(angle) * reach, np.sin(angle) * reach * rng.uniform(0.6, 1)], axis=1)
    turn = rng.uniform(0, np.pi)
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return shape @ rotate


def _lay(canvas: F32, taken: np.ndarray, shape: np.ndarray, color: np.ndarray) -> None:
    """Draws the chip where it meets no other, once for each edge that it wraps around."""
    corners = shape.astype(np.int32)
    low = np.clip(corners.min(0) - 3, 0, TILE_PX)
    high = np.clip(corners.max(0) + 3, 0, TILE_PX)
    if taken[low[1] : high[1], low[0] : high[0]].any():
        return
    for wrap in _WRAPS:
        moved = corners + wrap
        if (moved.max(0) < 0).any() or (moved.min(0) >= TILE_PX).any():
            continue
        cv2.fillConvexPoly(canvas, cv2.convexHull(moved), tuple(map(float, color)), cv2.LINE_AA)
        cv2.fillConvexPoly(taken, cv2.convexHull(moved), 255)
