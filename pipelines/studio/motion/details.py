"""What is worth a close look on a product: prints, labels, lids, handles, each as a region."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.beyond import extended
from pipelines.studio.parts import connected
from pipelines.studio.scenes.arrays import F32, U8

BODY_SHARE = 0.25
"""A colour is the product's own, not a detail's, from this share of it on."""

CONTRAST_MIN = 14.0
"""Least distance in CIELAB (lightness halved: folds are no details) of a detail from the product's
colours. By eye on the catalogs of Saleor, Sylius and the samples, 2026-11-23, as all below."""

JOINS = ((0.035, 0.035), (0.05, 0.012))
"""Marks nearer than these shares of the product, across and down, are one detail; where all would
be one, those nearer than the next: lines of letters."""

AREA_MIN, SIDE_MAX = 0.0015, 0.85
"""Least area of a detail in shares of the product's; most of its box's longer side in shares of the
product's sides: beyond it a pattern is the product itself."""

HOLE_MIN = 0.004
"""Least share of the product that a handle's opening has."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detail:
    """One detail: its `region` (H, W) bool, its box (x0, y0, x1, y1) in pixels, its weight 0..1.

    The weights of all details of a product sum to 1.
    """

    region: np.ndarray
    box: tuple[int, int, int, int]
    weight: float


def details_of(rgb: U8, mask: np.ndarray) -> list[Detail]:
    """The details of the product that `mask` (H, W) bool shows in a small (H, W, 3) sRGB picture.

    The strongest first; none for a plain product, or one that is all pattern.
    """
    size = max(_sides(mask))
    inner = cv2.erode(mask.astype(np.uint8), _disc(0.025 * size)) > 0
    if inner.sum() < 50:
        return []
    contrast = _contrast(rgb, inner, size)
    marked = inner & (contrast > max(CONTRAST_MIN, 3 * float(np.median(contrast[inner]))))
    found = [*_marks(marked, contrast, mask, size), *_handles(mask, size)]
    total = sum(weight for _, weight in found)
    ready = [
        Detail(region=region, box=box_of(region), weight=weight / total) for region, weight in found
    ]
    return sorted(ready, key=lambda each: -each.weight)


def _contrast(rgb: U8, inner: np.ndarray, size: float) -> F32:
    """How far each pixel is from the product's own colours, or from those around it."""
    reached = extended(rgb, np.where(inner, 255, 0).astype(np.uint8))
    lab = cv2.cvtColor(reached.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab = lab * np.array([0.5, 1.0, 1.0], np.float32)
    own = _own_colours(lab[inner])
    apart = np.min([np.linalg.norm(lab - colour, axis=2) for colour in own], axis=0)
    side = 2 * round(0.09 * size) + 1
    bytes_ = np.clip(lab + np.array([0, 128, 128], np.float32), 0, 255).astype(np.uint8)
    around = cv2.medianBlur(bytes_, side).astype(np.float32) - np.array([0, 128, 128], np.float32)
    near = np.linalg.norm(lab - around, axis=2)
    return np.maximum(apart, near).astype(np.float32)


def _own_colours(lab: F32) -> F32:
    """The colours (n, 3) of which the product mostly is, the commonest first."""
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    count = min(4, len(lab))
    start = np.empty((len(lab), 1), np.int32)
    _, labels, colours = cv2.kmeans(lab, count, start, stop, 1, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels.ravel(), minlength=count) / len(lab)
    order = [index for index in np.argsort(-shares) if shares[index] >= BODY_SHARE]
    return colours[order or [int(np.argmax(shares))]]


def _marks(
    marked: np.ndarray, contrast: F32, mask: np.ndarray, size: float
) -> list[tuple[np.ndarray, float]]:
    """Prints and labels: what differs, joined across gaps, smaller ones where it would be all."""
    wide, high = _sides(mask)
    found, left = [], marked
    for across, down in JOINS:
        joined = cv2.morphologyEx(
            left.astype(np.uint8), cv2.MORPH_CLOSE, _disc(across * size, down * size)
        )
        parts, areas = connected(joined)
        pattern = np.zeros_like(left)
        for index in range(1, len(areas)):
            region = (parts == index) & left
            share = region.sum() / mask.sum()
            if share < AREA_MIN:
                continue
            x0, y0, x1, y1 = box_of(region)
            if max((x1 - x0) / wide, (y1 - y0) / high) > SIDE_MAX:
                pattern |= region
            else:
                found.append((region, float(np.sqrt(share) * contrast[region].mean())))
        left = pattern
    return found


def _handles(mask: np.ndarray, size: float) -> list[tuple[np.ndarray, float]]:
    """What goes round an opening in the product: a handle, a loop."""
    parts, areas = connected(~mask, connectivity=4)
    edge = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    whole = mask.astype(np.uint8)
    thin = mask & (cv2.morphologyEx(whole, cv2.MORPH_OPEN, _disc(0.06 * size)) == 0)
    found = []
    for index in range(1, len(areas)):
        share = areas[index] / mask.sum()
        if index in edge or share < HOLE_MIN:
            continue
        hole = (parts == index).astype(np.uint8)
        around = (cv2.dilate(hole, _disc(0.07 * size)) > 0) & thin
        if not around.any():
            continue
        found.append((around, float(np.sqrt(share) * 12.0)))
    return found


def _sides(mask: np.ndarray) -> tuple[int, int]:
    x0, y0, x1, y1 = box_of(mask)
    return x1 - x0, y1 - y0


def box_of(region: np.ndarray) -> tuple[int, int, int, int]:
    """The smallest box (x0, y0, x1, y1) in pixels around what is set in a mask (H, W) bool."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _disc(radius_px: float, down_px: float | None = None) -> np.ndarray:
    wide, high = (2 * max(1, round(each)) + 1 for each in (radius_px, down_px or radius_px))
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, high))
