"""Local maps of a clip on a grid of 16×16 cells a frame, and how they are smoothed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from qa.vision.arrays import Numbers

GRID = 16


def cells(image: Numbers) -> Numbers:
    """The mean of an image (h, w) in each cell: (16, 16) float32.

    Two small products: a third of the time of shrinking it, which goes by fractions of pixels.
    """
    height, width = image.shape
    return _shares(height) @ image.astype(np.float32, copy=False) @ _shares(width).T


def cells_of_both(flow: Numbers) -> Numbers:
    """`cells` of both parts of a flow (h, w, 2) float32: (16, 16, 2), in two thirds of the time."""
    height, width, parts = flow.shape
    rows = (_shares(height) @ flow.reshape(height, -1)).reshape(GRID, width, parts)
    return np.stack([rows[..., part] @ _shares(width).T for part in range(parts)], axis=-1)


def median_of(values: Numbers) -> Numbers:
    """np.median(values, axis=0), in a tenth of its time for a few dozen rows; one row at least."""
    ordered = np.sort(values, axis=0)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@lru_cache(maxsize=16)
def _shares(side: int) -> Numbers:
    """(16, side) float32: how much of each of 16 equal parts of a side each pixel is."""
    edges = np.linspace(0, side, GRID + 1)[:, None]
    pixels = np.arange(side)
    shared = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    shares = (np.clip(shared, 0, 1) * (GRID / side)).astype(np.float32)
    shares.flags.writeable = False
    return shares


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


def medians_around(maps: Numbers, *, reach: int, fewest: int, own: int = 1) -> Numbers:
    """(n, 16, 16): the median of the maps from `own` to `reach` frames before and after each.

    Infinite where fewer than `fewest` stand around. All full windows are sorted at once, plane by
    plane: a twentieth of the time of one median after the other.
    """
    count = len(maps)
    medians = np.full_like(maps, np.inf)
    steps = [step for step in range(-reach, reach + 1) if abs(step) >= own]
    full = range(reach, count - reach if len(steps) >= fewest else 0)
    if full:
        medians[full.start : full.stop] = middle(
            [maps[full.start + step : full.stop + step] for step in steps]
        )
    for index in (index for index in range(count) if index not in full):
        near = [index + step for step in steps if 0 <= index + step < count]
        if len(near) >= fewest:
            medians[index] = np.median(maps[near], axis=0)
    return medians


def middle(planes: list[Numbers]) -> Numbers:
    """The median of equally shaped planes, element by element; a fifth of sorting's time."""
    order = ranked(planes)
    half = len(order) // 2
    return order[half] if len(order) % 2 else (order[half - 1] + order[half]) / 2


def ranked(planes: Sequence[Numbers]) -> list[Numbers]:
    """As many planes of the same shape, each element's values in order, the least first.

    Source: odd-even transposition sort, Knuth, The Art of Computer Programming 3, 5.3.4.
    """
    order = list(planes)
    for turn in range(len(order)):
        for at in range(turn % 2, len(order) - 1, 2):
            low, high = order[at], order[at + 1]
            order[at], order[at + 1] = np.minimum(low, high), np.maximum(low, high)
    return order


def shared(side: int, *, moved: int) -> tuple[slice, slice]:
    """What of a side of the one and of the other lies on the other, the second moved so far."""
    moved = max(-side, min(side, moved))
    return slice(max(0, -moved), side - max(0, moved)), slice(max(0, moved), side + min(0, moved))
