"""Local maps of a clip on a grid of 16×16 cells a frame, and how they are smoothed."""

from __future__ import annotations

import cv2
import numpy as np

from qa.vision.arrays import Numbers

GRID = 16


def cells(image: Numbers) -> Numbers:
    """The mean of an image (h, w) in each cell: (16, 16) float32."""
    return cv2.resize(image.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)


def smoothed(maps: Numbers) -> Numbers:
    """Each cell's mean over 3×3 cells, (n, 16, 16)."""
    return np.stack([cv2.blur(item, (3, 3), borderType=cv2.BORDER_REPLICATE) for item in maps])


def gathered(maps: Numbers) -> Numbers:
    """Each cell's sum over 3×3 cells and 3 frames, (n, 16, 16), nothing outside."""
    box = np.stack(
        [
            cv2.boxFilter(item, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
            for item in maps
        ]
    )
    around = np.pad(box, ((1, 1), (0, 0), (0, 0)))
    return around[:-2] + around[1:-1] + around[2:]
