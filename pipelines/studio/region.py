"""Which side of the outline each pixel lies on: a colour-model cut at reduced size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.backdrop import HUE_MIN, Backdrop, model_backdrop
from pipelines.studio.parts import connected

WORK_SIDE_PX = 400
"""Longer side for the colour-model cut: 0.3 s of CPU; the outline is refined at full size later."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """Where the product is, at work size, and what lies behind it.

    `mask` is (h, w) uint8, 1 inside, 0 outside. `ground` is the plain background's modelled colour,
    (h, w, 3) float32 sRGB 0..255, or None where the background is not plain.
    """

    mask: np.ndarray
    ground: np.ndarray | None


def find_region(rgb: np.ndarray, *, prior: np.ndarray) -> Region:
    """The product's region at work size.

    `rgb` is the photo (H, W, 3) sRGB, `prior` the network's guess stretched over it, 0..1.
    Source: Rother, Kolmogorov, Blake 2004, "GrabCut"; seeds from the guess and the backdrop.
    """
    scale = min(1.0, WORK_SIDE_PX / max(rgb.shape[:2]))
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    guess = cv2.resize(prior, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR)
    backdrop = model_backdrop(small, prior=guess)
    shadow = _shadow(guess, backdrop)
    labels = _seeds(guess, backdrop, shadow)
    if not {cv2.GC_FGD, cv2.GC_BGD} <= set(np.unique(labels).tolist()):
        return Region(mask=(guess > 0.5).astype(np.uint8), ground=None)
    # grabCut seeds its colour clusters from this thread's generator: same photo, same region.
    cv2.setRNGSeed(0)
    calm = cv2.bilateralFilter(small, 5, 20, 3)
    empty = np.zeros((1, 65), np.float64), np.zeros((1, 65), np.float64)
    cv2.grabCut(calm, labels, (0, 0, 1, 1), *empty, 2, cv2.GC_INIT_WITH_MASK)
    region = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    if not backdrop.plain:
        return Region(mask=_tidy(_calm(region, guess), guess, shadow), ground=None)
    ground = np.clip(cv2.cvtColor(backdrop.surface, cv2.COLOR_Lab2RGB) * 255, 0, 255)
    return Region(
        mask=_open_holes(_tidy(region, guess, shadow), guess, backdrop, shadow),
        ground=ground,
    )


def _shadow(guess: np.ndarray, backdrop: Backdrop) -> np.ndarray:
    """The ground that its hue gives away as ground, however dark: (h, w) bool, plain ones only."""
    if not backdrop.plain:
        return np.zeros(guess.shape, bool)
    product = (guess > 0.95) | _unseen_glass(guess, backdrop)
    tinted = product & (backdrop.chroma > max(HUE_MIN, 3 * backdrop.spread))
    deep = cv2.erode(product.astype(np.uint8), _disc(4)) > 0
    # Within the network's guess only what tinted parts surround: a white cuff lies outside them.
    return backdrop.in_shadow(guess, sure=tinted | deep) & (_hull(tinted) | (guess < 0.9))


def _hull(mask: np.ndarray) -> np.ndarray:
    """The mask's convex hull, (h, w) bool."""
    filled = np.zeros(mask.shape, np.uint8)
    points = cv2.findNonZero(mask.astype(np.uint8))
    if points is not None:
        cv2.fillConvexPoly(filled, cv2.convexHull(points), [1])
    return filled > 0


def _seeds(guess: np.ndarray, backdrop: Backdrop, shadow: np.ndarray) -> np.ndarray:
    labels = np.full(guess.shape, cv2.GC_PR_BGD, np.uint8)
    labels[guess > 0.4] = cv2.GC_PR_FGD
    # The network's outline is good to 2 px; only a plain backdrop is a better witness than that.
    reach, depth = (6, 2) if backdrop.plain else (2, 2)
    labels[cv2.dilate((guess > 0.08).astype(np.uint8), _disc(reach)) == 0] = cv2.GC_BGD
    if backdrop.plain:
        different = cv2.morphologyEx(
            backdrop.looks_different.astype(np.uint8), cv2.MORPH_OPEN, _disc(1)
        )
        labels[(different > 0) & (guess > 0.05)] = cv2.GC_PR_FGD
        labels[backdrop.looks_behind & (guess < 0.6)] = cv2.GC_BGD
        labels[backdrop.is_other & (guess > 0.03)] = cv2.GC_FGD
    labels[cv2.erode((guess > 0.9).astype(np.uint8), _disc(depth)) > 0] = cv2.GC_FGD
    labels[shadow] = cv2.GC_BGD
    if backdrop.plain:
        labels[_unseen_glass(guess, backdrop)] = cv2.GC_FGD
    return labels


def _unseen_glass(guess: np.ndarray, backdrop: Backdrop) -> np.ndarray:
    """Dark tinted pieces that the network takes for shadow, though they hang on the product."""
    parts, areas = connected(backdrop.is_dark_glass)
    near = cv2.dilate((guess > 0.6).astype(np.uint8), _disc(6))
    keep = (_means(parts, near, areas.size) > 0.15) & (areas > 60)
    keep[0] = False
    return np.take(keep, parts)


def _tidy(region: np.ndarray, guess: np.ndarray, shadow: np.ndarray) -> np.ndarray:
    """Without stray islands and pinholes. An island stays when it is large or surely product."""
    parts, areas = connected(region)
    means = _means(parts, guess, areas.size)
    keep = (areas >= 0.04 * areas[1:].max(initial=1)) | ((areas > 30) & (means > 0.6))
    keep &= means > 0.2
    keep[0] = False
    region = np.take(keep, parts)
    holes, sizes = connected(~region, connectivity=4)
    fill = (sizes < 40) | (_means(holes, guess, sizes.size) > 0.5)
    fill &= ~_touching_edge(holes, sizes.size)
    fill &= ~((sizes > 6) & (_means(holes, shadow, sizes.size) > 0.4))
    fill[0] = True  # piece 0 is the region itself
    return np.take(fill, holes).astype(np.uint8)


def _calm(region: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """With the outline drawn towards the network's smooth one, against nibbles of the backdrop."""
    between = 0.35 * region.astype(np.float32) + 0.65 * guess
    return (cv2.GaussianBlur(between, (0, 0), 1.2) > 0.5).astype(np.uint8)


def _open_holes(
    region: np.ndarray, guess: np.ndarray, backdrop: Backdrop, shadow: np.ndarray
) -> np.ndarray:
    """With holes opened where the very background shows through (a handle, a loop)."""
    # A hole is judged whole: with the part of it that is already known as ground.
    pieces, sizes = connected(shadow)
    enclosed = np.take(~_touching_edge(pieces, sizes.size), pieces) & shadow
    through = (backdrop.is_behind & ((region > 0) | enclosed)).astype(np.uint8)
    through = cv2.morphologyEx(through, cv2.MORPH_OPEN, _disc(2))
    parts, areas = connected(through, connectivity=4)
    hole = (areas > 60) & (_means(parts, guess, areas.size) < 0.9)
    hole[0] = False
    opened = cv2.dilate(np.take(hole, parts).astype(np.uint8), _disc(1))
    return region & (1 - opened)


def _means(parts: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    sums = np.bincount(parts.ravel(), weights=values.ravel(), minlength=count)
    return sums / np.maximum(np.bincount(parts.ravel(), minlength=count), 1)


def _touching_edge(parts: np.ndarray, count: int) -> np.ndarray:
    edge = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    return np.bincount(edge, minlength=count) > 0


def _disc(radius_px: int) -> np.ndarray:
    side = 2 * radius_px + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)
