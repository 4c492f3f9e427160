"""Pairs of surprises at one place, the place carried along where the whole view moves.

In a pan what is wrong crosses a third of the picture while it lasts: its onset and its end surprise
in different cells, and are one place all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from qa.film.places.maps import GRID, shared
from qa.film.places.patches import Cell
from qa.film.places.surprise import Surprise, widened
from qa.vision.arrays import Numbers

SMOOTH_FPS = 20.0
"""From so many frames a second on the view moves little from one to the next."""

# Source for the constants: 200 planted and 25 clean clips (2026-11-22), see docs/video-judge.md.
_LEAST = 1.3
_LONGEST_S = 1.7
_PAIRS = 8
_PAIRS_A_FRAME = 3
# How many frames before and after a pair are read of what `settled` gives.
_BESIDE_FRAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two surprises at one place: first wrong frame, first right one, the weaker surprise.

    `cell` is the place at the first right frame.
    """

    strength: float
    first: int
    after: int
    cell: Cell


def pairs(seen: Surprise, path: Numbers, fps: float) -> list[Pair]:
    """The strongest pairs of surprises at one place, at most three of a frame, strongest first.

    `path` is the way of the view (`view_path`).
    """
    sudden, wide = seen.sudden, widened(seen.sudden)
    lively = np.flatnonzero(sudden.reshape(len(sudden), -1).max(axis=1) >= _LEAST).tolist()
    reach = int(_LONGEST_S * fps)
    every = [
        pair
        for after in lively
        if (firsts := [first for first in lively if after - reach <= first < after])
        for pair in _ending(sudden, carried(wide, path, frames=firsts, to=after), after, firsts)
    ]
    kept: list[Pair] = []
    for pair in sorted(every, key=lambda pair: -pair.strength):
        same_first = sum(pair.first == other.first for other in kept)
        same_after = sum(pair.after == other.after for other in kept)
        if max(same_first, same_after) < _PAIRS_A_FRAME:
            kept.append(pair)
        if len(kept) == _PAIRS:
            break
    return kept


def view_path(seen: Surprise, fps: float) -> Numbers:
    """(n, 2): how many cells (across, down) the view has moved since the first frame.

    It stands still under 20 frames a second: what moves most is as often a thing there.
    """
    height, width = seen.frames.shape[1:]
    steps = np.median(seen.motion.reshape(len(seen.motion), -1, 2), axis=1)
    return (fps >= SMOOTH_FPS) * np.cumsum(steps, axis=0) * GRID / (width, height)


def settled(seen: Surprise, pair: Pair, path: Numbers) -> Surprise:
    """The same with the pair's place where it is at the first right frame, some frames around it.

    Nothing surprises outside the picture. The frames themselves and their motion stay as they are.
    """
    around = range(
        max(0, pair.first - _BESIDE_FRAMES), min(len(path), pair.after + _BESIDE_FRAMES + 1)
    )
    if not _ways(path, frames=around, to=pair.after).any():
        return seen
    sudden, residual = seen.sudden.copy(), seen.residual.copy()
    for maps in (sudden, residual):
        maps[around.start : around.stop] = carried(maps, path, frames=around, to=pair.after)
    return replace(seen, sudden=sudden, residual=residual)


def carried(maps: Numbers, path: Numbers, *, frames: range | list[int], to: int) -> Numbers:
    """(k, 16, 16) the maps of some frames, their places where they are at frame `to`."""
    ways = _ways(path, frames=frames, to=to)
    if not ways.any():
        return maps[frames]
    return np.stack([_moved(maps[at], way) for at, way in zip(frames, ways, strict=True)])


def _ways(path: Numbers, *, frames: range | list[int], to: int) -> Numbers:
    """(k, 2) whole cells that the view moved from each of the frames to another."""
    return np.rint(path[to] - path[frames]).astype(int)


def _moved(cells: Numbers, way: Numbers) -> Numbers:
    """The cells moved that many (across, down), 0 where nothing came."""
    moved = np.zeros_like(cells)
    columns, rows = (shared(GRID, moved=int(part)) for part in way)
    moved[rows[1], columns[1]] = cells[rows[0], columns[0]]
    return moved


def _ending(sudden: Numbers, wide: Numbers, after: int, firsts: list[int]) -> Iterator[Pair]:
    """The pairs that end at a frame, strong enough ones, in order of their first frames.

    `wide` is what surprised at the first frames, carried to that frame.
    """
    both = np.minimum(sudden[after], wide).reshape(len(firsts), -1)
    cells = both.argmax(axis=1)
    strengths = both[np.arange(len(firsts)), cells]
    for first, at, strength in zip(firsts, cells.tolist(), strengths.tolist(), strict=True):
        if strength >= _LEAST:
            yield Pair(strength=strength, first=first, after=after, cell=divmod(at, GRID))
