"""Grain and sharpness: the garment made as noisy and as sharp as the photo around it."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.layers import Scene
from pipelines.studio.fitting.layers_masks import grown

FINE_PX = 1.2
"""Sigma below which detail counts as grain, px of the working photo."""

TO_SIGMA = 1.4826
"""From the median absolute deviation to a Gaussian's sigma."""

GRAIN_MAX = 0.012
"""More grain than 3 of 255 levels is no camera's at this size but cloth. House limit."""

BLUR_STEP_PX = 1.0
BLUR_MAX_PX = 2.5

PRINTED_SHARE = 0.97
"""Edges from this quantile of the gradients on are the sharpest: letters, lashes."""


def grain_of(photo: np.ndarray, where: np.ndarray) -> float:
    """The sigma of the fine noise of a (h, w, 3) float32 picture in a (h, w) bool region, 0..1."""
    if np.count_nonzero(where) < 400:
        return 0.0
    light = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    fine = (light - cv2.GaussianBlur(light, (0, 0), FINE_PX))[::2, ::2]
    return float(TO_SIGMA * np.median(np.abs(fine[where[::2, ::2]])))


def grain(scene: Scene, where: np.ndarray, *, own: float, seed: int = 3) -> np.ndarray:
    """What to add to the picture there, (h, w) float32: the photo's grain beyond `own`.

    Measured on the person, whose skin and cloth have been through the same lens as the rest.
    """
    person = grown(scene.alpha > 0.95, -scene.px(0.03))
    wanted = min(grain_of(scene.photo, person), GRAIN_MAX)
    missing = float(np.sqrt(max(wanted**2 - own**2, 0.0)))
    if missing < 0.0008:
        return np.zeros(scene.shape, np.float32)
    noise = np.random.default_rng(seed).standard_normal(scene.shape, np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.7)
    return noise * (missing / float(noise.std())) * where


def blur_of(photo: np.ndarray, where: np.ndarray) -> float:
    """The sigma in px with which the sharpest edges of a region are blurred, 0.4 at the least.

    Blurred once more, a sharp edge loses most of its gradient and a soft one little: the ratio
    tells the sigma. Source: Zhuo and Sim 2011, "Defocus map estimation from a single image", eq. 5.
    """
    light = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    first, again = _gradient(light), _gradient(cv2.GaussianBlur(light, (0, 0), BLUR_STEP_PX))
    inside = first[where]
    if inside.size < 400:
        return 0.4
    edges = where & (first >= max(float(np.quantile(inside, PRINTED_SHARE)), 0.02))
    if np.count_nonzero(edges) < 50:
        return 0.4
    ratio = float(np.median(first[edges] / np.maximum(again[edges], 1e-4)))
    return float(np.clip(BLUR_STEP_PX / np.sqrt(max(ratio**2 - 1, 1e-3)), 0.4, BLUR_MAX_PX))


def softer(rgba: np.ndarray, *, own_px: float, wanted_px: float) -> np.ndarray:
    """Premultiplied (h, w, 4) pixels blurred from one sigma to another; sharper ones stay."""
    if wanted_px <= own_px + 0.15:
        return rgba
    return cv2.GaussianBlur(rgba, (0, 0), float(np.sqrt(wanted_px**2 - own_px**2)))


def _gradient(light: np.ndarray) -> np.ndarray:
    return cv2.magnitude(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
