"""Colours of a thing as a few Gaussian clusters in CIELAB, and what a pixel costs under them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from qa.vision.arrays import Mask, Numbers, Pixels

COST_MOST = 22.0
"""A pixel that costs more is simply foreign. Source: research 2026-11, tryon section 1.3."""

_SAMPLES = 3000
_FEWEST = 40
_TURNS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.5)
_STEP = 2


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Palette:
    """`means` (k, 3) float32 CIELAB, `precisions` (k, 3, 3), `offsets` (k,): nats of each cluster.

    `shares` (k,) is how much of the thing each cluster is.
    """

    means: Numbers
    precisions: Numbers
    offsets: Numbers
    shares: Numbers

    def costs(self, colours: Numbers) -> Numbers:
        """Nats of (n, 3) CIELAB colours under the nearest cluster, (n,) float32, at most 22."""
        best = np.full(len(colours), COST_MOST, np.float32)
        for mean, precision, offset in zip(self.means, self.precisions, self.offsets, strict=True):
            away = colours - mean
            cost = 0.5 * np.einsum("ij,ij->i", away @ precision, away) + offset
            np.minimum(best, cost, out=best)
        return best


NOTHING = Palette(
    means=np.zeros((0, 3), np.float32),
    precisions=np.zeros((0, 3, 3), np.float32),
    offsets=np.zeros(0, np.float32),
    shares=np.zeros(0, np.float32),
)
"""The colours of a thing that is not in the picture: every pixel is foreign."""


def joined(one: Palette, other: Palette) -> Palette:
    """The clusters of both, each with the cost that it has in its own."""
    return Palette(
        means=np.concatenate([one.means, other.means]),
        precisions=np.concatenate([one.precisions, other.precisions]),
        offsets=np.concatenate([one.offsets, other.offsets]),
        shares=np.concatenate([one.shares, other.shares]) / 2,
    )


def palette(colours: Numbers, *, clusters: int, spread: tuple[float, float, float]) -> Palette:
    """The clusters of (n, 3) CIELAB colours; `spread` is the least deviation in L*, a*, b*.

    `NOTHING` where there are fewer than 40 colours. Deterministic.
    """
    if len(colours) < _FEWEST:
        return NOTHING
    step = max(1, len(colours) // _SAMPLES)
    sample = np.ascontiguousarray(colours[::step], np.float32)
    cv2.setRNGSeed(0)
    wanted = max(1, min(clusters, len(sample) // _FEWEST))
    _, marks, _ = cv2.kmeans(sample, wanted, None, _TURNS, 2, cv2.KMEANS_PP_CENTERS)  # pyright: ignore[reportArgumentType, reportCallIssue]
    groups = [sample[marks[:, 0] == index] for index in range(wanted)]
    return _fitted([group for group in groups if len(group) >= _FEWEST // 2], spread=spread)


def _fitted(groups: list[Numbers], *, spread: tuple[float, float, float]) -> Palette:
    if not groups:
        return NOTHING
    floor = np.diag(np.square(np.asarray(spread, np.float32)))
    shares = np.array([len(group) for group in groups], np.float32)
    shares /= shares.sum()
    covariances = [np.cov(group.T).astype(np.float32) + floor for group in groups]
    widths = np.array([0.5 * np.log(np.linalg.det(each)) for each in covariances], np.float32)
    return Palette(
        means=np.array([group.mean(axis=0) for group in groups], np.float32),
        precisions=np.array([np.linalg.inv(each) for each in covariances], np.float32),
        offsets=(widths - np.log(shares)).astype(np.float32),
        shares=shares,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Colours:
    """A picture's different colours once each: `each` (n, 3) CIELAB, `where` (H, W) index."""

    each: Numbers
    where: Numbers

    def costs(self, of: Palette) -> Numbers:
        """Nats of every pixel under a palette, (H, W) float32, at most 22."""
        return of.costs(self.each)[self.where]


def colours_of(lab: Pixels) -> Colours:
    """The different colours of a (H, W, 3) uint8 OpenCV-Lab picture, in steps of two levels.

    A photo of 200,000 pixels has some 10,000 of them: costs are computed once for each.
    """
    fine = (lab // _STEP).astype(np.int32)
    side = 256 // _STEP
    codes = (fine[..., 0] * side + fine[..., 1]) * side + fine[..., 2]
    there = np.zeros(side**3, bool)
    there[codes.ravel()] = True
    known = np.flatnonzero(there)
    place = np.zeros(side**3, np.int32)
    place[known] = np.arange(len(known), dtype=np.int32)
    levels = np.stack([known // side**2, known // side % side, known % side], axis=1)
    each = levels.astype(np.float32) * _STEP + (_STEP - 1) / 2
    return Colours(each=(each - _LAB_ZERO) * _LAB_SCALE, where=place[codes])


def lab8(rgb: Pixels) -> Pixels:
    """OpenCV's eight-bit Lab of (H, W, 3) uint8 sRGB."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)


def lab_of(lab: Pixels) -> Numbers:
    """CIELAB float32 of OpenCV's eight-bit Lab, (H, W, 3)."""
    return cv2.transform(lab.astype(np.float32), _LAB_OF_BYTES)


def lengths_of(vectors: Numbers) -> Numbers:
    """(H, W) float32: the length of each vector of (H, W, 3) float32. Five times `norm`'s speed."""
    return cv2.sqrt(cv2.transform(cv2.multiply(vectors, vectors), _SUM))


_LAB_ZERO = np.array((0.0, 128.0, 128.0), np.float32)
_LAB_SCALE = np.array((100 / 255, 1.0, 1.0), np.float32)
_LAB_OF_BYTES = np.column_stack([np.diag(_LAB_SCALE), -_LAB_ZERO * _LAB_SCALE]).astype(np.float32)
_SUM = np.ones((1, 3), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """A picture along whose edges other maps are smoothed.

    `gray` (H, W) float32 0..1, its `mean` in windows of `size`, and `share` 1 / (variance +
    softness) there. Source: He, Sun, Tang (2010), Guided Image Filtering.
    """

    gray: Numbers
    mean: Numbers
    share: Numbers
    size: tuple[int, int]

    def smoothed(self, cost: Numbers) -> Numbers:
        """The costs (H, W) smoothed along the guide's edges, (H, W) float32."""
        cost = cost.astype(np.float32, copy=False)
        mean_cost = cv2.boxFilter(cost, -1, self.size)
        joint = cv2.boxFilter(self.gray * cost, -1, self.size) - self.mean * mean_cost
        slope = joint * self.share
        level = mean_cost - slope * self.mean
        return cv2.boxFilter(slope, -1, self.size) * self.gray + cv2.boxFilter(level, -1, self.size)


def guide_of(rgb: Pixels, *, radius: int, softness: float) -> Guide:
    """The guide that a (H, W, 3) uint8 picture's brightness is."""
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    size = (2 * radius + 1, 2 * radius + 1)
    mean = cv2.boxFilter(gray, -1, size)
    spread = cv2.boxFilter(gray * gray, -1, size) - mean * mean
    return Guide(gray, mean, 1.0 / (spread + softness), size)


def ones_inside(mask: Mask) -> Pixels:
    """The mask as uint8 0 or 1, which OpenCV takes."""
    return mask.astype(np.uint8)
