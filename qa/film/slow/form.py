"""A place's form at other moments, as flow from one moment shows it.

Its field says how each point lay off the way that the place's surroundings went.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from qa.film.places.maps import GRID
from qa.film.slow.carried import Glance, Steps, path, shown
from qa.vision.arrays import Mask, Numbers, Pixels

NEAR_STEPS = 3
"""Steps before now within which a bend may have been at its most."""

AHEAD_STEPS = 3
"""Steps after now that a form knows."""

# Source for the constants: 93 planted morphs and 131 clean clips (2026-11-23), see
# docs/video-judge.md; steps are eighths of a second.
_BACK_STEPS = 13
_RING_CELLS = 2
_GRAIN_PX = 4
_FITS = 2
_FIT_PX = 0.1
_NEARLY_ZERO = 1e-3 * np.eye(3, dtype=np.float32)
_NOTHING = np.zeros((0, 0), np.uint8)


@dataclass(slots=True, kw_only=True, eq=False)
class Form:
    """The place now and where it was: fields from now to other steps, each asked for once.

    `left` (levels after flow) by lag, in steps before now; negative lags are later.
    """

    steps: Steps
    now: Pixels
    at: int
    glances: dict[int, Glance]
    inner: Mask
    place: Pixels
    terms: Numbers
    flow: cv2.DISOpticalFlow = field(default_factory=lambda: _flow())
    left: dict[int, float] = field(default_factory=dict)
    bends: dict[int, Numbers | None] = field(default_factory=dict)

    @classmethod
    def of(cls, steps: Steps, here: Glance, size_px: tuple[int, int]) -> Form:
        """Nothing but the place as it is now."""
        height, width = steps.size_px
        ring = 2 * _RING_CELLS / GRID
        window = _whole(size_px[0] + ring * width), _whole(size_px[1] + ring * height)
        last = min(len(steps.frames) - 1, here.step + AHEAD_STEPS)
        ways = (max(0, here.step - _BACK_STEPS), last)
        glances = [there for end in ways if end != here.step for there in path(steps, here, end)]
        now, inner = shown(steps, here, window), _inner(window, size_px)
        return cls(
            steps=steps,
            now=now,
            at=here.step,
            glances={here.step - there.step: there for there in glances} if now.size else {},
            inner=inner,
            place=cv2.resize(inner.astype(np.uint8), window, interpolation=cv2.INTER_NEAREST),
            terms=_terms(inner.shape),
        )

    def bend(self, lag: int) -> Numbers | None:
        """(n, 2) px at half size: how the place's points lay off the way of its surroundings.

        None where the place is outside the picture or the shot.
        """
        if lag not in self.bends:
            self.bends[lag] = self._bend(lag)
        return self.bends[lag]

    def size(self, lag: int) -> float:
        """Root mean square length of that field, px."""
        bend = self.bend(lag)
        return 0.0 if bend is None else float(np.sqrt((bend**2).sum(axis=-1).mean()))

    def apart(self, lag: int) -> float:
        """Root mean square levels between the place now and then, as its surroundings carry it."""
        then = self._then(lag)
        return _levels(self.now, then, self.place) if then.size else 0.0

    def other_shades(self, lag: int) -> float:
        """How much of that difference stays when both are sorted by brightness, 0..1."""
        sorted_ = [np.sort(picture[self.place > 0]) for picture in (self.now, self._then(lag))]
        apart = cv2.norm(sorted_[0], sorted_[1], cv2.NORM_L2) / max(len(sorted_[0]), 1) ** 0.5
        return apart / max(self.apart(lag), 1e-3)

    def share(self, most: int, lag: int) -> tuple[float, float] | None:
        """How much of the field at `most` is there at `lag`, and how alike both are, −1..1."""
        whole, other = self.bend(most), self.bend(lag)
        if whole is None or other is None:
            return None
        common, own = float((whole * other).sum()), float((whole**2).sum()) + 1e-6
        return common / own, common / np.sqrt(own * (float((other**2).sum()) + 1e-6))

    def _bend(self, lag: int) -> Numbers | None:
        then = self._then(lag)
        if not then.size:
            return None
        ways = self.flow.calc(self.now, then, None)  # pyright: ignore[reportCallIssue, reportArgumentType]
        if 0 < lag <= NEAR_STEPS:
            self.left[lag] = _levels(self.now, _fetched(then, ways), self.place)
        size = self.inner.shape[::-1]
        coarse = cv2.resize(ways, size, interpolation=cv2.INTER_AREA)
        return _beside(coarse.reshape(-1, 2), self.terms, self.inner.ravel())

    def _then(self, lag: int) -> Pixels:
        there = self.glances.get(lag)
        return shown(self.steps, there, self.now.shape[::-1]) if there else _NOTHING


def _levels(now: Pixels, then: Pixels, place: Pixels) -> float:
    """Root mean square difference where the place is."""
    inside = max(1, cv2.countNonZero(place))
    return cv2.norm(now, then, cv2.NORM_L2, place) / inside**0.5


def _fetched(then: Pixels, ways: Numbers) -> Pixels:
    how = cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP
    return cv2.remap(then, ways, None, how, borderMode=cv2.BORDER_REPLICATE)  # pyright: ignore[reportCallIssue, reportArgumentType]


def _beside(ways: Numbers, terms: Numbers, inner: Mask) -> Numbers:
    """(n, 2): the ways inside, beyond the affine motion that the ring around follows.

    Source: iteratively reweighted least squares with Cauchy's weights (Holland, Welsch 1977).
    """
    there, ring = ways[~inner], terms[~inner]
    weights = np.ones((len(ring), 1), np.float32)
    motion = np.zeros((3, 2), np.float32)
    for _ in range(_FITS):
        weighed = ring * weights
        motion = np.linalg.solve(weighed.T @ weighed + _NEARLY_ZERO, weighed.T @ (there * weights))
        off = np.linalg.norm(there - ring @ motion, axis=1, keepdims=True)
        weights = 1 / (1 + (off / (np.median(off) + _FIT_PX)) ** 2)
    return ways[inner] - terms[inner] @ motion


def _terms(shape: tuple[int, ...]) -> Numbers:
    """(n, 3) of 1, across and down of each point, from −0.5 to 0.5."""
    down, across = np.mgrid[: shape[0], : shape[1]]
    columns = (np.ones(down.size), across.ravel() / shape[1] - 0.5, down.ravel() / shape[0] - 0.5)
    return np.stack(columns, axis=-1).astype(np.float32)


def _inner(whole_px: tuple[int, int], size_px: tuple[int, int]) -> Mask:
    """Which points of a grid over the whole window are the place itself."""
    across, down = (side // _GRAIN_PX for side in whole_px)
    x = np.abs(np.arange(across) + 0.5 - across / 2) * _GRAIN_PX < size_px[0] / 2
    y = np.abs(np.arange(down) + 0.5 - down / 2) * _GRAIN_PX < size_px[1] / 2
    return y[:, None] & x[None]


def _whole(side: float) -> int:
    return int(side) // _GRAIN_PX * _GRAIN_PX


def _flow() -> cv2.DISOpticalFlow:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow.setFinestScale(0)
    flow.setVariationalRefinementIterations(1)
    return flow
