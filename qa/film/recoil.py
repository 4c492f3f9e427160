"""What a place's form did before it sprang back, as flow from the moment after shows it.

What was there a second before may have changed (a caption came, light, another side): likeness then
proves nothing. The form still does: the way every point of the place lay off, seen from the moment
after it sprang back, is one and the same field for half a second or more, and shrinks the farther
back one looks. What moves by itself, fades or is covered has no such field.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from qa.film.carried import Glance, Steps, path, shown
from qa.film.maps import GRID
from qa.vision.arrays import Mask, Numbers, Pixels

# Source for the constants: 93 planted morphs and 131 clean clips (2026-11-23), see
# docs/video-judge.md; steps are eighths of a second.
_RING_CELLS = 2
_GRAIN_PX = 4
_SPRUNG_STEPS, _QUICK_STEPS = 3, 2
_HELD_STEPS = 4
_FEWEST_HELD = 3
_GROWN_STEPS = (6, 10)
_AHEAD_STEPS = 3
_FITS = 2
_FIT_PX = 0.1
_NEARLY_ZERO = 1e-3 * np.eye(3, dtype=np.float32)
_NOTHING = np.zeros((0, 0), np.uint8)
_BEGUN = 0.25
# From 0 to 1: how alike the field stays (cosine), how far it bends (px at half size), and how much
# of it goes within two steps.
_ALIKE = (0.6, 0.85)
_BENT_PX = (0.5, 1.0)
_AT_ONCE = (0.7, 0.88)
# From 1 to 0: px no bend of a place reaches; what flow leaves of the difference, as a share and in
# levels; how much of the field is there a second before; the greatest step of its growth; how far
# the place bends afterwards, as a share; how far it had gone back meanwhile.
_TOO_FAR_PX = (5.0, 8.0)
_LEFT_SHARE = (0.5, 0.8)
_LEFT_LEVELS = (12.0, 22.0)
_LONG_BEFORE = (0.25, 0.55)
_ONE_STEP = (0.5, 0.8)
_UNREST = (0.4, 0.8)
_RELAPSE = (0.25, 0.45)
# How much of a difference other shades are: a bend moves what is there, a caption brings its own.
_OTHER_SHADES = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoil:
    """How surely a place sprang back from a bend, 0..1, and how many steps before it had begun."""

    weight: float
    steps_back: int


NO_RECOIL = Recoil(weight=0.0, steps_back=1)


def recoil(steps: Steps, here: Glance, size_px: tuple[int, int]) -> Recoil:
    """The recoil of a place of that (width, height) that has sprung back at `here.step`.

    About 15 flows of 60 px (1 ms each), one or none where the first look tells that it is no bend.
    """
    form = _Form.of(steps, here, size_px)
    near = [lag for lag in range(1, _SPRUNG_STEPS + 1) if form.apart(lag) > 0.0]
    first = max(near, key=form.apart, default=0)
    if not first or form.other_shades(first) > _OTHER_SHADES or not _followed(form, first):
        return NO_RECOIL
    most = max(near, key=form.size)
    weight = 1.0
    for told in (_bent, _followed, _at_once, _held, _calm, _grown):
        weight *= told(form, most)
        if not weight:
            return NO_RECOIL
    return Recoil(weight=weight, steps_back=_began(form, most))


def _bent(form: _Form, most: int) -> float:
    """1 where it lies off as far as bends do."""
    return _ramp(form.size(most), _BENT_PX) * _fall(form.size(most), _TOO_FAR_PX)


def _followed(form: _Form, lag: int) -> float:
    """1 where flow brings the place back to what it is now: nothing came, went or covered it."""
    form.bend(lag)
    left, apart = form.left[lag], form.apart(lag)
    return _fall(left / max(apart, 1e-3), _LEFT_SHARE) * _fall(left, _LEFT_LEVELS)


def _held(form: _Form, most: int) -> float:
    """1 where the place lay off the same way for half a second."""
    alike = [
        share[1]
        for lag in range(most + 1, most + 1 + _HELD_STEPS)
        if (share := form.share(most, lag))
    ]
    return _ramp(float(np.mean(alike)), _ALIKE) if len(alike) >= _FEWEST_HELD else 0.0


def _at_once(form: _Form, most: int) -> float:
    """1 where nearly all of it went in a quarter of a second; what moves on goes evenly."""
    much = {0: 0.0} | _much(form, most, range(1, most + _QUICK_STEPS))
    falls = [much[lag + _QUICK_STEPS] - much[lag] for lag in much if lag + _QUICK_STEPS in much]
    most_at_once = max([much.get(1, 0.0), *falls])
    if most_at_once <= _AT_ONCE[0]:
        return 0.0
    much |= _much(form, most, range(most + _QUICK_STEPS, most + _SPRUNG_STEPS + 1))
    whole = max(1.0, *(share for lag, share in much.items() if lag >= most))
    return _ramp(most_at_once / whole, _AT_ONCE)


def _much(form: _Form, most: int, lags: Iterable[int]) -> dict[int, float]:
    """How much of the field at `most` is there at each of the lags that are known."""
    return {lag: share[0] for lag in lags if (share := form.share(most, lag))}


def _grown(form: _Form, most: int) -> float:
    """1 where it came little by little, and a second before hardly anything was there."""
    lags = range(most, most + _GROWN_STEPS[1] + 1)
    shares = [share for lag in lags if (share := form.share(most, lag))]
    if len(shares) <= _GROWN_STEPS[0]:
        return 0.0
    least = min(much * max(alike, 0.0) for much, alike in shares[_GROWN_STEPS[0] :])
    much = np.clip([share[0] for share in shares], 0.0, 1.0)
    growth = float(np.diff(-much[: _GROWN_STEPS[1] - 1]).max())
    recent = much[: _GROWN_STEPS[0] + 1]
    relapse = float((recent - np.minimum.accumulate(recent)).max())
    return _fall(least, _LONG_BEFORE) * _fall(growth, _ONE_STEP) * _fall(relapse, _RELAPSE)


def _calm(form: _Form, most: int) -> float:
    """1 where the place keeps its form afterwards."""
    after = [form.size(-lag) for lag in range(1, _AHEAD_STEPS + 1) if form.bend(-lag) is not None]
    return _fall(max(after, default=0.0) / form.size(most), _UNREST)


def _began(form: _Form, most: int) -> int:
    """How many steps before now the place lay off less than a quarter of the way, the last time."""
    lag = most
    while (share := form.share(most, lag + 1)) and share[0] >= _BEGUN:
        lag += 1
    return lag + 1


@dataclass(slots=True, kw_only=True, eq=False)
class _Form:
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
    def of(cls, steps: Steps, here: Glance, size_px: tuple[int, int]) -> _Form:
        """Nothing but the place as it is now."""
        height, width = steps.size_px
        ring = 2 * _RING_CELLS / GRID
        window = _whole(size_px[0] + ring * width), _whole(size_px[1] + ring * height)
        back = _SPRUNG_STEPS + _GROWN_STEPS[1]
        last = min(len(steps.frames) - 1, here.step + _AHEAD_STEPS)
        ways = (max(0, here.step - back), last)
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
        if 0 < lag <= _SPRUNG_STEPS:
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


def _ramp(value: float, ends: tuple[float, float]) -> float:
    return float(np.interp(value, ends, (0.0, 1.0)))


def _fall(value: float, ends: tuple[float, float]) -> float:
    return 1.0 - _ramp(value, ends)
