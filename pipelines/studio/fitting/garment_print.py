"""What is printed on a garment, and the colours it is drawn with beyond its own edges."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.garment_view import TorsoMarks
from pipelines.studio.fitting.mesh_curves import resample

LOOK_SIDE_PX = 320
APART_LIGHT, APART_HUE = 17.0, 11.0
"""How far in L* or in a*b* print lies from the cloth around it. Folds of white and blue cotton
reach 14 in L* and 7 in a*b* on six tees."""


ALL_OVER = 0.62
"""Share of chest width and of length from which marks are a pattern, which may follow the body."""

SHADE_MAX = 15.0
"""How far shading may move the cloth's own lightness; more is print."""


def find_print(rgba: np.ndarray, torso: TorsoMarks) -> tuple[int, int, int, int] | None:
    """The box (x0, y0, x1, y1) px around what is printed on the chest; None when nothing is."""
    scale = LOOK_SIDE_PX / max(rgba.shape[:2])
    small = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    alpha = np.maximum(small[..., 3:], 1e-3)
    lab = cv2.cvtColor(np.clip(small[..., :3] / alpha, 0, 1), cv2.COLOR_RGB2LAB)
    chest = _chest(torso, scale, small.shape[:2])
    if not chest.any():
        return None
    base = np.median(lab[chest], axis=0)
    off = lab - base
    shade = _around(lab[..., 0], chest)
    light = np.abs(off[..., 0] - np.clip(shade - base[0], -SHADE_MAX, SHADE_MAX))
    hue = np.hypot(off[..., 1], off[..., 2])
    coloured = (hue > APART_HUE) & chest
    # Shading has the cloth's own hue: where print has another, lightness is not asked.
    by_hue = np.count_nonzero(coloured) > 0.004 * np.count_nonzero(chest)
    marks = (coloured if by_hue else (light > APART_LIGHT) & chest).astype(np.uint8)
    joined = cv2.dilate(marks, np.ones((9, 9), np.uint8))
    count, labels, _, _ = cv2.connectedComponentsWithStats(joined)
    sizes = np.bincount(labels.ravel(), weights=marks.ravel(), minlength=count)
    sizes[0] = 0
    strong = marks & ((light > 1.4 * APART_LIGHT) | (hue > 1.2 * APART_HUE))
    sure = np.bincount(labels.ravel(), weights=strong.ravel(), minlength=count)
    big = (sizes > max(12.0, 0.0015 * chest.sum())) & (sure > 0.3 * sizes)
    kept = big[np.asarray(labels, np.int64)] & (marks > 0)
    if not kept.any():
        return None
    ys, xs = np.nonzero(kept)
    x0, x1 = (float(v) / scale for v in np.percentile(xs, (0.5, 99.5)))
    y0, y1 = (float(v) / scale for v in np.percentile(ys, (0.5, 99.5)))
    spare = 2 / scale
    if x1 - x0 > ALL_OVER * torso.chest_px and y1 - y0 > ALL_OVER * torso.length_px:
        return None
    return round(x0 - spare), round(y0 - spare), round(x1 + spare), round(y1 + spare)


def _around(light: np.ndarray, chest: np.ndarray) -> np.ndarray:
    """The lightness (H, W) of the cloth around each pixel: folds and shading, not print."""
    inside = chest.astype(np.float32)
    blurred = cv2.GaussianBlur(light * inside, (0, 0), 14)
    return blurred / np.maximum(cv2.GaussianBlur(inside, (0, 0), 14), 1e-3)


def _chest(torso: TorsoMarks, scale: float, shape: tuple[int, int]) -> np.ndarray:
    """The inner part of the front, (H, W) boolean, away from the seams."""
    rim = np.vstack([torso.neck, torso.side_right, torso.hem[::-1], torso.side_left[::-1]])
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(resample(rim, 300) * scale).astype(np.int32)], 1)
    mask[: round(float(torso.neck[:, 1].max() + 0.06 * torso.length_px) * scale)] = 0
    side = max(3, round(0.05 * torso.chest_px * scale) * 2 + 1)
    return cv2.erode(mask, np.ones((side, side), np.uint8)) > 0


def carried_on(rgba: np.ndarray) -> np.ndarray:
    """The garment's colours (H, W, 3) uint8 sRGB, carried on beyond its edges and into its holes.

    A mesh that reaches over the edge by a hair then finds cloth there, not the ground.
    """
    solid = cv2.erode((rgba[..., 3] > 0.98).astype(np.uint8), np.ones((3, 3), np.uint8))
    size = (rgba.shape[1] // 4 * 2, rgba.shape[0] // 4 * 2)
    inside = cv2.resize(solid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    masked = rgba[..., :3] * solid[..., None]
    colours = cv2.resize(masked, size, interpolation=cv2.INTER_AREA)
    layers: list[tuple[np.ndarray, np.ndarray]] = [(colours, inside)]
    while min(layers[-1][1].shape) > 8:
        colour, weight = layers[-1]
        layers.append((cv2.pyrDown(colour), cv2.pyrDown(weight)))
    filled, known = layers[-1]
    filled = filled / np.maximum(known, 1e-4)[..., None]
    for colour, weight in layers[-2::-1]:
        coarse = cv2.pyrUp(filled, dstsize=(weight.shape[1], weight.shape[0]))
        share = np.clip(weight * 4, 0, 1)[..., None]
        filled = coarse + share * (colour / np.maximum(weight, 1e-2)[..., None] - coarse)
    whole = cv2.resize(filled, (rgba.shape[1], rgba.shape[0]), interpolation=cv2.INTER_LINEAR)
    np.copyto(whole, masked, where=solid[..., None] > 0)
    return cv2.convertScaleAbs(whole, alpha=255.0)
