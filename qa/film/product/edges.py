"""The product's edge in a still: strips read across the outline that its photo's mask has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from qa.film.sight import Sight, placed_points
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.lab import to_lab
from qa.vision.reference import Reference

PLACES = 128
"""Places round the outline at which it is looked for."""

REACH = 40
"""Steps that a strip goes in and out from the outline."""

STEP = 1.0 / 128
"""One step, as a share of the product's size (the square root of its area)."""

# Source: the masks of 29 products (2026-11-23): a fiftieth of the product smooths the steps between
# pixels and keeps its corners.
_SMOOTHING = 0.02
_DENSE = 2048
_OUTWARD_PX = 3.0
_PHOTOS_KEPT = 32
_HELD = 16


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outline:
    """The outline of a photo's product in reference pixels.

    `points` and `normals` (n, 2): places evenly round it, normals of length 1 outward; `size_px`
    the square root of the product's area; `length` the outline's, in sizes; `photo`
    (3, 2 × 40 + 1, n) float32 CIELAB, the photo across it, from inside to outside.
    """

    points: Numbers
    normals: Numbers
    size_px: float
    length: float
    photo: Numbers

    def across(self, steps: Numbers) -> Numbers:
        """(len(steps), n, 2) reference pixels that lie that many steps outward of each place."""
        outward = steps[:, None, None] * STEP * self.size_px
        return self.points[None] + self.normals[None] * outward


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Strip:
    """One still read across the outline.

    `lab` (3, 2 × 40 + 1, n) float32 CIELAB, from inside to outside; `held` (n,) bool, where the
    frame holds the strip up to 16 steps in and out.
    """

    sight: Sight
    outline: Outline
    lab: Numbers
    held: Mask


@lru_cache(maxsize=_PHOTOS_KEPT)
def outline_of(reference: Reference) -> Outline:
    """The outline of the reference's mask: its longest, small steps smoothed out."""
    drawn = reference.mask.astype(np.uint8)
    outlines, _ = cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(outlines, key=cv2.contourArea)[:, 0, :].astype(np.float64)
    size = float(np.sqrt(reference.area_px))
    dense, length = _even(longest)
    smooth = _smoothed(dense, round(_SMOOTHING * size * _DENSE / length))
    along = np.roll(smooth, -1, axis=0) - np.roll(smooth, 1, axis=0)
    normals = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    every = _DENSE // PLACES
    points, normals = dense[::every], normals[::every]
    side = -1.0 if _inside(drawn, points + _OUTWARD_PX * normals) > 0.5 else 1.0
    bare = Outline(
        points=points,
        normals=side * normals,
        size_px=size,
        length=length / size,
        photo=np.empty(0, np.float32),
    )
    return replace(bare, photo=_across(reference.rgb, bare, np.eye(2, 3)))


def strip_of(sight: Sight, still: Pixels, outline: Outline) -> Strip:
    """The still across the outline, averaged where a step is more than a pixel."""
    placed = _placed(outline, sight.matrix)
    height, width = still.shape[:2]
    held = np.all((placed >= 0) & (placed <= (width - 1, height - 1)), axis=2)
    middle = np.all(held[REACH - _HELD : REACH + _HELD + 1], axis=0)
    lab = _across(still, outline, sight.matrix)
    return Strip(sight=sight, outline=outline, lab=lab, held=middle)


def _placed(outline: Outline, matrix: Numbers) -> Numbers:
    """(2 × 40 + 1, n, 2) pixels of a picture that lie across the outline."""
    steps = np.arange(-REACH, REACH + 1, dtype=np.float64)
    flat = outline.across(steps).reshape(-1, 2)
    return placed_points(flat, matrix).reshape(len(steps), PLACES, 2)


def _across(picture: Pixels, outline: Outline, matrix: Numbers) -> Numbers:
    """(3, 2 × 40 + 1, n) float32 CIELAB of a picture across the outline that the map places."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    read = _read(picture, _placed(outline, matrix), px_a_step=scale * STEP * outline.size_px)
    return np.ascontiguousarray(np.moveaxis(to_lab(read), 2, 0))


def _read(still: Pixels, placed: Numbers, *, px_a_step: float) -> Pixels:
    """The still at those places; only what lies round them is softened."""
    x, y = placed[..., 0], placed[..., 1]
    height, width = still.shape[:2]
    left, top = (
        int(np.clip(each.min() - 2, 0, end - 2)) for each, end in ((x, width), (y, height))
    )
    right, bottom = (int(each.max()) + 3 for each in (x, y))
    part = still[top : max(bottom, top + 2), left : max(right, left + 2)]
    spread = round(px_a_step)
    soft = cv2.blur(part, (spread, spread)) if spread > 1 else part
    across, down = (x - left).astype(np.float32), (y - top).astype(np.float32)
    return cv2.remap(soft, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _even(points: Numbers) -> tuple[Numbers, float]:
    """2048 points evenly along the closed line, and its length."""
    steps = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    length = float(steps.sum())
    at = np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    wanted = np.arange(_DENSE) * length / _DENSE
    even = [np.interp(wanted, at, points[:, axis], period=length) for axis in (0, 1)]
    return np.stack(even, axis=1), length


def _smoothed(points: Numbers, spread: int) -> Numbers:
    """The closed line, smoothed by a Gaussian of that many points."""
    if spread < 1:
        return points
    reach = 3 * spread
    kernel = cv2.getGaussianKernel(2 * reach + 1, spread)[:, 0]
    closed = np.concatenate([points[-reach:], points, points[:reach]])
    return np.stack([np.convolve(closed[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)


def _inside(drawn: Pixels, points: Numbers) -> float:
    """The share of the points that lies in the mask."""
    height, width = drawn.shape
    x, y = np.clip(np.rint(points).astype(int), 0, (width - 1, height - 1)).T
    return float(drawn[y, x].mean())
