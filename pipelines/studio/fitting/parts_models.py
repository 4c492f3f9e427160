"""Colour models in Lab: how unlike a part each pixel is, in nats."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SAMPLES_MAX = 2400
COST_MAX = 22.0
"""Beyond this a colour is just "not it": more would let one stray pixel outvote its place.
Source: tryon.md §1.3."""

SEED = 7


@dataclass(frozen=True, slots=True, eq=False)
class _Blob:
    mean: np.ndarray
    whitening: np.ndarray
    offset: float
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class ColourModel:
    """A mixture of Gaussians in Lab."""

    blobs: tuple[_Blob, ...]

    def cost(self, lab: np.ndarray) -> np.ndarray:
        """Negative log likelihood (h, w) float32 of the nearest blob for (h, w, 3) Lab."""
        best = np.full(lab.shape[:2], np.inf, np.float32)
        for blob in self.blobs:
            turn = blob.whitening.T
            white = cv2.transform(lab, np.column_stack([turn, -turn @ blob.mean]))
            half = np.full((1, 3), 0.5, np.float32)
            far = cv2.transform(cv2.multiply(white, white), half) + np.float32(blob.offset)
            best = np.minimum(best, far)
        return best

    def without(self, other: ColourModel, *, limit: float, share_max: float) -> ColourModel:
        """The model without its small blobs whose middle `other` explains within `limit` nats."""
        means = np.array([[blob.mean for blob in self.blobs]], np.float32)
        alike = other.cost(means)[0] < limit
        kept = [
            blob
            for blob, same in zip(self.blobs, alike, strict=True)
            if not same or blob.share > share_max
        ]
        return ColourModel(tuple(kept)) if kept else self


SPREAD_MIN = 3.0
"""Least standard deviation of a blob in Lab. Source: tryon.md §1.3."""


def mixture(colours: np.ndarray, *, count: int, lightness_min: float = SPREAD_MIN) -> ColourModel:
    """The model of (n, 3) Lab colours in at most `count` blobs; `lightness_min` spreads their L."""
    step = max(1, len(colours) // SAMPLES_MAX)
    colours = np.ascontiguousarray(colours[::step], np.float32)
    count = max(1, min(count, len(colours) // 40))
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    _, labels, _ = cv2.kmeans(colours, count, None, stop, 1, cv2.KMEANS_PP_CENTERS)  # pyright: ignore[reportCallIssue, reportArgumentType]
    groups = [colours[labels[:, 0] == index] for index in range(count)]
    kept = [group for group in groups if len(group) >= 20] or [colours]
    floor = np.diag([lightness_min**2, SPREAD_MIN**2, SPREAD_MIN**2])
    return ColourModel(tuple(_blob(g, floor=floor, share=len(g) / len(colours)) for g in kept))


def skin_model(colours: np.ndarray, *, hands: np.ndarray) -> tuple[ColourModel, np.ndarray]:
    """A Gaussian about the (n, 3) Lab colours of a face and one about the hands'; the median.

    `hands` (m, 3) may be empty; colours of it far from the face's are left out.

    Outliers (brows, lips, light spots) are dropped; lightness is left wide so that exposure is
    tolerated, and hue narrow. Source of the numbers: tryon.md §1.3.
    """
    middle = np.median(colours, axis=0)
    near = (np.abs(colours - middle) < np.array([28, 12, 14])).all(axis=1)
    core = colours[near] if near.sum() > 30 else colours
    floor = np.diag([60.0, 6.0, 8.0])
    blobs = [_blob(core, floor=floor, share=1.0)]
    alike = hands[(np.abs(hands - middle) < np.array([40, 11, 14])).all(axis=1)]
    if len(alike) > 40:
        blobs.append(_blob(alike, floor=floor, share=0.7))
    return ColourModel(tuple(blobs)), np.median(core, axis=0).astype(np.float32)


def _blob(colours: np.ndarray, *, floor: np.ndarray, share: float) -> _Blob:
    spread = (np.cov(colours.T) if len(colours) > 3 else np.zeros((3, 3))) + floor
    inverse = np.linalg.inv(spread)
    offset = 0.5 * float(np.log(np.linalg.det(spread))) - float(np.log(share))
    return _Blob(
        colours.mean(axis=0).astype(np.float32),
        np.linalg.cholesky(inverse).astype(np.float32),
        offset,
        share,
    )
