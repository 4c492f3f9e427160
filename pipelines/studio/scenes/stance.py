"""How the product of a cut-out stands: where it touches the floor, from how high it was seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32, U8

# A foot is every part of the lower outline that ends within this share of the product's longer
# side above its lowest point: bases seen from above curve by less, handles and straps by more.
FOOT_SHARE = 0.10
# An outline that misses the ellipse by more than this share of its bulge is no round base. On the
# sample catalogs round bases miss by 0.01-0.06 of it, the soles of shoes by 0.09-0.12.
MISS_MAX = 0.07
# A sole seen from an angle goes on as long as the outline climbs no steeper than this (rows a
# column) and no higher than this share of the longer side.
SOLE_STEEPEST, SOLE_SHARE = 0.8, 0.3
# Below this a base is called flat: a circle seen from under 3 degrees.
ROUND_MIN_PITCH_DEG = 3.0
# Photographs of standing things from higher than this are rare: the outline is something else.
ROUND_MAX_PITCH_DEG = 35.0
# A silhouette that fills this share of its box is a slab: a book, a card, a box seen head on.
SLAB_SHARE = 0.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """Where a cut-out meets the floor, in its own pixels (v down, 0 at the top).

    `outline` (W,) float32 is the lowest opaque row of each column, `foot` (W,) float32 0..1 how
    surely that column touches the floor. `bend_px` is how far a round base's front bulges below
    its middle, 0 for flat bases. `left_px`..`right_px` is the base. `pitch_deg` is the angle the
    photo was taken from, None when the base does not tell. `depth_px` is the guessed thickness.
    """

    outline: F32
    foot: F32
    left_px: float
    right_px: float
    bend_px: float
    pitch_deg: float | None
    depth_px: float

    @property
    def middle_px(self) -> float:
        """The base's middle column."""
        return (self.left_px + self.right_px) / 2


def read_stance(alpha: U8) -> Stance:
    """The stance of a trimmed cut-out; `alpha` (H, W) uint8 with at least one opaque pixel."""
    solid = alpha > 127
    height, width = alpha.shape
    outline = np.where(solid.any(0), height - np.argmax(solid[::-1], axis=0), 0).astype(np.float32)
    lowest = float(outline.max())
    reach = FOOT_SHARE * max(height, width)
    left, right = _base_run(outline, lowest - reach)
    bend, pitch = _bend(outline, left, right)
    if pitch is None:
        touching = np.flatnonzero(outline >= lowest - 0.5 * reach)
        left, right = float(touching[0]), float(touching[-1] + 1)
    front = _front(width, left=left, right=right, lowest=lowest, bend=bend)
    foot = np.clip((outline - (front - reach)) / (0.5 * reach), 0.0, 1.0).astype(np.float32)
    foot = np.maximum(foot, _sole(outline, lowest=lowest, reach=SOLE_SHARE * max(height, width)))
    slab = solid.mean() > SLAB_SHARE
    depth = _depth_px(solid, base=right - left, is_round=pitch is not None, is_slab=bool(slab))
    return Stance(
        outline=outline,
        foot=foot,
        left_px=left,
        right_px=right,
        bend_px=bend,
        pitch_deg=pitch,
        depth_px=depth,
    )


def _base_run(outline: F32, threshold: float) -> tuple[float, float]:
    """The first and last+1 column of the widest run of columns that reach the floor."""
    low = np.concatenate([[False], outline >= threshold, [False]])
    edges = np.flatnonzero(np.diff(low.astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    widest = int(np.argmax(ends - starts))
    return float(starts[widest]), float(ends[widest])


def _front(width: int, *, left: float, right: float, lowest: float, bend: float) -> F32:
    """The row of the base's front edge at each column: level, or an ellipse's lower half."""
    t = (np.arange(width) + 0.5 - (left + right) / 2) / max((right - left) / 2, 1.0)
    return lowest - bend + bend * np.sqrt(np.clip(1 - t**2, 0.0, 1.0))


def _sole(outline: F32, *, lowest: float, reach: float) -> F32:
    """How surely each column belongs to a sole: the outline followed outwards from its low point.

    1 at the low point, fading to 0 at `reach` rows above it; 0 from the first steep step on.
    """
    middle = int(np.argmax(outline))
    window = max(1, len(outline) // 60)
    smooth = cv2.blur(outline[None, :], (2 * window + 1, 1), borderType=cv2.BORDER_REPLICATE)[0]
    steep = np.abs(np.diff(smooth, prepend=smooth[:1])) > SOLE_STEEPEST
    steep |= np.abs(np.diff(outline, prepend=outline[:1])) > window
    left = np.flatnonzero(steep[:middle])
    right = np.flatnonzero(steep[middle + 1 :])
    start = int(left[-1]) + 1 if len(left) else 0
    stop = middle + 1 + int(right[0]) if len(right) else len(outline)
    sole = np.zeros(len(outline), np.float32)
    sole[start:stop] = np.clip((smooth[start:stop] - lowest + reach) / (0.35 * reach), 0.0, 1.0)
    return sole


def _bend(outline: F32, left: float, right: float) -> tuple[float, float | None]:
    """The bulge of a round base (px) and the pitch it tells (degrees), or (0, None).

    A circle seen from pitch p is an ellipse with axes a and a·sin p: its front is fitted to the
    outline by least squares. Source: orthographic projection of a circle.
    """
    columns = np.arange(left, right, dtype=np.float64)
    half = (right - left) / 2
    if half < 4:
        return 0.0, None
    t = (columns + 0.5 - (left + right) / 2) / half
    inner = np.abs(t) < 0.92
    arc = np.sqrt(1 - t[inner] ** 2)
    design = np.stack([arc, np.ones_like(arc)], axis=1)
    rows = outline[columns[inner].astype(int)]
    fitted = np.linalg.lstsq(design, rows, rcond=None)[0]
    bend = float(fitted[0])
    miss = float(np.abs(design @ fitted - rows).mean())
    pitch = math.degrees(math.asin(min(max(bend / half, 0.0), 1.0)))
    if not ROUND_MIN_PITCH_DEG <= pitch <= ROUND_MAX_PITCH_DEG or miss > MISS_MAX * bend:
        return 0.0, None
    return bend, pitch


def _depth_px(solid: np.ndarray, *, base: float, is_round: bool, is_slab: bool) -> float:
    """A guess at the product's thickness in pixels of its front view."""
    if is_round:
        return base
    if is_slab:
        return 0.07 * min(solid.shape)
    return min(0.5 * base, 0.6 * solid.shape[0])
