"""How much of another moment is mixed into a frame, place by place, its motion taken out.

What flow cannot fetch from the neighbour is held against each moment near: a double exposure mixes
the same share in wherever that moment shows something else; what flow fails at, it fails at here
and there, and by any share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from qa.film.places.surprise import warped
from qa.vision.arrays import Numbers, Pixels

# Source for the constants: 17 clean generated clips and ghosts put into those of them that move
# (2026-11-23), see docs/video-judge.md.
_SOFT_PX = (3, 3)
_COARSE_PX = (15, 15)
_BLOCK_PX = 16
_APART_LEVELS2 = 20.0
_FEWEST_BLOCKS = 20
_MOST_WEIGHT = 4.0
_QUANTILES = (0.5, 0.8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Each frame of a shot against what its neighbour on one side lets expect.

    `middle` (n, k) for each distance in frames: the share of that moment in the frame, its median
    over the blocks where that moment differs, weighed by how much; `upper` the same at the fourth
    fifth; 0 where fewer than 20 blocks differ. `left` (n,) mean square levels that flow cannot
    fetch.
    """

    middle: Numbers
    upper: Numbers
    left: Numbers


def shares(luma: Pixels, distances: Sequence[int]) -> tuple[Shares, Shares]:
    """A shot's frames against the one before (entering) and the one after (leaving).

    Luma (n, h, w) uint8. About 3.5 ms a frame of 57.6k px.
    """
    count = len(luma)
    entering, leaving = (
        Shares(
            middle=np.zeros((count, len(distances))),
            upper=np.zeros((count, len(distances))),
            left=np.zeros(count),
        )
        for _ in range(2)
    )
    window = _Window(luma, reach=max(abs(distance) for distance in distances))
    for at, flow in enumerate(_flows(luma), start=1):
        _measure(entering, at, window.expected(at - 1, -flow), window, distances)
        _measure(leaving, at - 1, window.expected(at, flow), window, distances)
    return entering, leaving


def misfit(frame: Numbers, neighbour: Pixels) -> Numbers:
    """(blocks,) mean square levels of a frame (h, w) 0..255 that flow cannot fetch from another."""
    shown = np.clip(frame, 0, 255).astype(np.uint8)
    flow = next(_flows([neighbour, shown]))
    left = cv2.blur(frame, _SOFT_PX) - warped(_soft(neighbour), -flow)
    return np.square(_blocks(_fine(left))).mean(axis=1)


class _Window:
    """Soft frames and the blocks of their fine contrast, of the few moments that are compared."""

    def __init__(self, luma: Pixels, *, reach: int) -> None:
        self._luma, self._reach = luma, reach
        self._held: dict[int, tuple[Numbers, Numbers]] = {}

    def blocks(self, at: int) -> Numbers:
        """(blocks, px) of that frame."""
        return self._of(at)[1]

    def expected(self, at: int, flow: Numbers) -> Numbers:
        """(blocks, px) of what the flow fetches from that frame."""
        return _blocks(_fine(warped(self._of(at)[0], flow)))

    def _of(self, at: int) -> tuple[Numbers, Numbers]:
        if at not in self._held:
            soft = _soft(self._luma[at])
            self._held[at] = soft, _blocks(_fine(soft))
            self._held.pop(at - 2 * self._reach - 2, None)
        return self._held[at]


def _soft(frame: Pixels) -> Numbers:
    return cv2.blur(frame.astype(np.float32), _SOFT_PX)


def _fine(picture: Numbers) -> Numbers:
    """The picture without what changes over 15 px: light, and things as a whole."""
    return picture - cv2.blur(picture, _COARSE_PX)


def _blocks(picture: Numbers) -> Numbers:
    """(blocks, 256) float32: the picture in squares of 16 px, what is left at its sides cut off."""
    rows, columns = (side // _BLOCK_PX for side in picture.shape)
    even = picture[: rows * _BLOCK_PX, : columns * _BLOCK_PX]
    split = even.reshape(rows, _BLOCK_PX, columns, _BLOCK_PX).transpose(0, 2, 1, 3)
    return split.reshape(rows * columns, -1)


def _flows(luma: Pixels | list[Pixels]) -> Iterator[Numbers]:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    empty = np.zeros((*luma[0].shape, 2), np.float32)
    for one, two in pairwise(luma):
        yield flow.calc(one, two, empty.copy())


def _measure(
    into: Shares, at: int, expected: Numbers, window: _Window, distances: Sequence[int]
) -> None:
    """Products of blocks with what is expected, and from them those of the differences to it."""
    near = [
        (column, window.blocks(at + distance))
        for column, distance in enumerate(distances)
        if 0 <= at + distance < len(into.left)
    ]
    here = window.blocks(at)
    own, with_here = _product(expected, expected), _product(expected, here)
    into.left[at] = float((_product(here, here) - 2.0 * with_here + own).mean())
    if not near:
        return
    along = np.stack([_product(other, expected) for _, other in near])
    apart = np.stack([_product(other, other) for _, other in near]) - 2.0 * along + own
    shared = np.stack([_product(other, here) for _, other in near]) - along - with_here + own
    columns = [column for column, _ in near]
    into.middle[at, columns], into.upper[at, columns] = _typical(shared, apart)


def _product(one: Numbers, two: Numbers) -> Numbers:
    """(blocks,) their mean product in each block."""
    return np.einsum("bp,bp->b", one, two) / one.shape[1]


def _typical(shared: Numbers, apart: Numbers) -> tuple[Numbers, ...]:
    """(k,) for each quantile: of shared over apart, (k, blocks), weighed by apart."""
    differs = apart > _APART_LEVELS2
    most = _MOST_WEIGHT * np.median(apart, axis=1, keepdims=True) + _APART_LEVELS2
    weights = np.where(differs, np.minimum(apart, most), 0.0)
    share = shared / np.maximum(apart, _APART_LEVELS2)
    order = np.argsort(share, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    known = differs.sum(axis=1) >= _FEWEST_BLOCKS
    rows = np.arange(len(share))
    places = [np.argmax(reached >= part * reached[:, -1:], axis=1) for part in _QUANTILES]
    return tuple(np.where(known, share[rows, order[rows, place]], 0.0) for place in places)
