"""Light: the worn cloth's folds carried over, the form's shading, shadows where things touch."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.layers import Scene, soft
from pipelines.studio.fitting.layers_masks import disc, grown

FOLDS_PX_U = (0.006, 0.07)
"""The band of folds, as Gaussian sigmas in body units: 2.2 and 26 px at U = 370 px.
Source: research/tryon, 1.8, as are the shares and limits below.
"""
FOLDS_SHARE, FOLDS_LIMITS = 0.75, (0.82, 1.15)
BROAD_SHARE, BROAD_LIMITS = 0.5, (0.80, 1.12)
SAME_CLOTH_AB, SAME_CLOTH_L = 9.0, 16.0
"""Colour clusters nearer than this in a, b and in L are one cloth in light and shade."""

BLACK_L, GREY_L = 8.0, 30.0
"""Below the first, cloth carries noise and no light; from the second on, all of it."""

SEAM_U, SEAM_DARK = (0.006, 0.03), 0.1
"""A seam's stitches are evened out by that sigma, it is as wide as twice the second at most, both
in body units, and so much darker than the cloth beside it. Source: by eye, a ruched top (wt05)."""

CLUSTERS = 4
SAMPLE = 5000


def carried_light(scene: Scene, worn: np.ndarray, *, share: float) -> np.ndarray:
    """The worn cloth's light as a gain (h, w) float32 about 1, flat where `worn` is not.

    `worn` (h, w) bool is the cloth. Each colour of it is compared with its own median, so that
    pockets, stripes and prints are not carried over. `share` 0..1 of the gain is taken.
    """
    core = grown(worn, -2)
    if share == 0 or np.count_nonzero(core) < 0.05 * scene.unit_px**2:
        return np.ones(scene.shape, np.float32)
    size = (max(1, scene.shape[1] // 2), max(1, scene.shape[0] // 2))
    small = cv2.resize(scene.photo, size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(core.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    gain = _gain(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), mask, unit_px=scene.unit_px / 2)
    full = cv2.resize(gain, (scene.shape[1], scene.shape[0]), interpolation=cv2.INTER_LINEAR)
    inside = soft(grown(worn, -3), max(2.0, 0.011 * scene.unit_px))
    return (1 + (full - 1) * inside * share).astype(np.float32)


def _gain(lab: np.ndarray, mask: np.ndarray, *, unit_px: float) -> np.ndarray:
    ratio, weight = _against_own_colour(lab, mask)
    weight[_seams(ratio, weight, unit_px=unit_px)] = 0
    fine, broad = (max(0.5, units * unit_px) for units in FOLDS_PX_U)
    folds, wide = _mean_within(ratio, weight, fine), _mean_within(ratio, weight, broad)
    trust = soft(weight, max(1.0, 0.011 * unit_px))
    folded = _beyond(folds / wide - 1, _texture(ratio, weight, fine))
    near = np.clip(1 + folded * FOLDS_SHARE * trust, *FOLDS_LIMITS)
    far = np.clip(1 + (wide - 1) * BROAD_SHARE * trust, *BROAD_LIMITS)
    gain = near * far
    return (gain / np.median(gain[mask])).astype(np.float32)


def _seams(ratio: np.ndarray, weight: np.ndarray, *, unit_px: float) -> np.ndarray:
    """Thin lines much darker than the cloth on both sides: seams are no folds. (h, w) bool."""
    even = cv2.GaussianBlur(np.where(weight > 0, ratio, 1), (0, 0), max(0.5, SEAM_U[0] * unit_px))
    filled = cv2.morphologyEx(even, cv2.MORPH_CLOSE, disc(max(1, round(SEAM_U[1] * unit_px))))
    return grown(filled - even > SEAM_DARK, 1)


def _against_own_colour(lab: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L over the median L of its own cloth, and how much that is worth: both (h, w) float32."""
    light = lab[..., 0]
    ratio, weight = np.ones(light.shape, np.float32), np.zeros(light.shape, np.float32)
    at = np.flatnonzero(mask.ravel())
    cloth = _cloths(lab.reshape(-1, 3)[at])
    values = light.ravel()[at]
    for name in np.unique(cloth):
        own = at[cloth == name]
        if len(own) < 0.03 * len(at):
            continue
        base = float(np.median(values[cloth == name]))
        ratio.ravel()[own] = (light.ravel()[own] + 8) / (base + 8)
        alone = np.zeros(mask.shape, np.uint8)
        alone.ravel()[own] = 1
        alone = cv2.erode(alone, np.ones((3, 3), np.uint8))
        weight[alone > 0] = np.clip((base - BLACK_L) / (GREY_L - BLACK_L), 0.08, 1)
    return np.clip(ratio, 0.5, 1.6), weight


def _cloths(pixels: np.ndarray) -> np.ndarray:
    """The number of each Lab pixel's cloth: colour clusters, those of light and shade as one."""
    weighted = pixels * np.array([0.6, 1, 1], np.float32)
    sample = np.ascontiguousarray(weighted[:: max(1, len(weighted) // SAMPLE)])
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.3)
    cv2.setRNGSeed(0)
    guess = np.zeros((len(sample), 1), np.int32)
    _, _, centres = cv2.kmeans(sample, CLUSTERS, guess, stop, 2, cv2.KMEANS_PP_CENTERS)
    name = list(range(CLUSTERS))
    for one in range(CLUSTERS):
        for other in range(one):
            apart = np.abs(centres[one] - centres[other])
            if np.hypot(*apart[1:]) < SAME_CLOTH_AB and apart[0] / 0.6 < SAME_CLOTH_L:
                name[one] = name[other]
    far = ((weighted[:, None] - centres[None]) ** 2).sum(-1)
    return np.array(name)[far.argmin(1)]


def _texture(ratio: np.ndarray, weight: np.ndarray, sigma_px: float) -> float:
    """What the cloth's own texture leaves of itself in a mean of that sigma.

    White noise of sigma s keeps s / (2 sqrt(pi) sigma); melange and knit, whose grain is longer
    than a pixel, three times that.
    """
    fine = np.abs(ratio - cv2.GaussianBlur(ratio, (0, 0), 1.0))[weight > 0]
    if not fine.size:
        return 0.0
    return 3 * 1.4826 * float(np.median(fine)) / (2 * np.sqrt(np.pi) * max(sigma_px, 0.5))


def _beyond(change: np.ndarray, floor: float) -> np.ndarray:
    """The change shrunk towards 0 by the floor: what is smaller than that is no fold."""
    return np.sign(change) * np.maximum(np.abs(change) - floor, 0)


def _mean_within(field: np.ndarray, weight: np.ndarray, sigma_px: float) -> np.ndarray:
    return (soft(field * weight, sigma_px) + 1e-4) / (soft(weight, sigma_px) + 1e-4)


def form_shade(alpha: np.ndarray, *, radius_px: float, amount: float) -> np.ndarray:
    """The gain (h, w) of a rounded form: `amount` darker at its outline, 1 from the radius on."""
    size = (max(1, alpha.shape[1] // 2), max(1, alpha.shape[0] // 2))
    small = (cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) > 0.5).astype(np.uint8)
    framed = cv2.copyMakeBorder(small, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inside = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    edge = np.clip(1 - 2 * inside / max(radius_px, 1.0), 0, 1)
    gain = cv2.GaussianBlur((1 - amount * edge**1.6).astype(np.float32), (0, 0), 1.5)
    return cv2.resize(gain, (alpha.shape[1], alpha.shape[0]), interpolation=cv2.INTER_LINEAR)


def lit(rgba: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Premultiplied (h, w, 4) pixels under a gain (h, w); above 1 they near white, unclipped."""
    alpha = np.maximum(rgba[..., 3:], 1e-4)
    colours = rgba[..., :3] / alpha
    by = gain[..., None]
    brighter = 1 - (1 - colours) * np.clip(2 - by, 0.6, 1)
    shaded = np.where(by <= 1, colours * by, brighter)
    out = rgba.copy()
    out[..., :3] = np.clip(shaded, 0, 1) * rgba[..., 3:]
    return out


def shadow_of(
    caster: np.ndarray, *, sigma_px: float, shift_px: tuple[float, float], amount: float
) -> np.ndarray:
    """How much light (h, w) 0..1 a thing takes from what lies behind it, beside its outline."""
    size = (max(1, caster.shape[1] // 2), max(1, caster.shape[0] // 2))
    small = cv2.resize(caster, size, interpolation=cv2.INTER_AREA)
    shift = np.array([[1, 0, shift_px[0] / 2], [0, 1, shift_px[1] / 2]], np.float32)
    moved = soft(cv2.warpAffine(small, shift, size), sigma_px / 2)
    full = cv2.resize(moved, (caster.shape[1], caster.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.clip(full * (1 - caster), 0, 1) * amount
