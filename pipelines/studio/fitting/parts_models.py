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


@dataclass(frozen=True, slots=True, eq=False)
class ColourModel:
    """A mixture of Gaussians in Lab."""

    blobs: tuple[_Blob, ...]

    def cost(self, lab: np.ndarray) -> np.ndarray:
        """Negative log likelihood (h, w) float32 of the nearest blob for (h, w, 3) Lab."""
        flat = lab.reshape(-1, 3)
        best = np.full(len(flat), np.inf, np.float32)
        for blob in self.blobs:
            white = (flat - blob.mean) @ blob.whitening
            best = np.minimum(best, 0.5 * np.einsum("ij,ij->i", white, white) + blob.offset)
        return best.reshape(lab.shape[:2])


def mixture(colours: np.ndarray, *, count: int, spread_min: float = 3.0) -> ColourModel:
    """The model of (n, 3) Lab colours in at most `count` blobs of at least `spread_min` each."""
    step = max(1, len(colours) // SAMPLES_MAX)
    colours = np.ascontiguousarray(colours[::step], np.float32)
    count = max(1, min(count, len(colours) // 40))
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    _, labels, _ = cv2.kmeans(colours, count, None, stop, 1, cv2.KMEANS_PP_CENTERS)  # pyright: ignore[reportCallIssue, reportArgumentType]
    groups = [colours[labels[:, 0] == index] for index in range(count)]
    kept = [group for group in groups if len(group) >= 20] or [colours]
    floor = np.diag([spread_min**2] * 3)
    return ColourModel(tuple(_blob(g, floor=floor, share=len(g) / len(colours)) for g in kept))


def skin_model(colours: np.ndarray) -> tuple[ColourModel, np.ndarray]:
    """One Gaussian about the (n, 3) Lab colours of a face, and its median.

    Outliers (brows, lips, light spots) are dropped; lightness is left wide so that exposure is
    tolerated, and hue narrow. Source of the numbers: tryon.md §1.3.
    """
    middle = np.median(colours, axis=0)
    near = (np.abs(colours - middle) < np.array([28, 12, 14])).all(axis=1)
    core = colours[near] if near.sum() > 30 else colours
    blob = _blob(core, floor=np.diag([60.0, 6.0, 8.0]), share=1.0)
    return ColourModel((blob,)), np.median(core, axis=0).astype(np.float32)


def _blob(colours: np.ndarray, *, floor: np.ndarray, share: float) -> _Blob:
    spread = (np.cov(colours.T) if len(colours) > 3 else np.zeros((3, 3))) + floor
    inverse = np.linalg.inv(spread)
    offset = 0.5 * float(np.log(np.linalg.det(spread))) - float(np.log(share))
    return _Blob(
        colours.mean(axis=0).astype(np.float32),
        np.linalg.cholesky(inverse).astype(np.float32),
        offset,
    )
