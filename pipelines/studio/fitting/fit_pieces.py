"""A garment on a body: the values that `fit` makes and that are composed into the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from content_engine.types import GarmentKind
from pipelines.studio.fitting.garment_view import Style


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """One warped part, in the pixels of the working photo.

    `name` is `back` (inner back, collar or hood: behind neck and hair), `torso`, `hood-left`,
    `hood-right` (a raised hood laid down on the torso), `sleeve-left`, `sleeve-right`, `leg-left`,
    `leg-right`, `skirt` or `head`. `rgba` is (h, w, 4) float32 0..1 sRGB, premultiplied, with
    anti-aliased edges; `box_px` is its (x0, y0, x1, y1) in the photo.
    """

    name: str
    rgba: np.ndarray
    box_px: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SleeveTarget:
    """One sleeve's place: curves (n, 2) px from the shoulder to the cuff.

    `end_t` is where the cuff lies on the arm: 0 shoulder, 1 elbow, 2 wrist.
    """

    outer: np.ndarray
    inner: np.ndarray
    axis: np.ndarray
    end_t: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """Where the garment goes on this body: curves of (n, 2) px points in the working photo.

    `neck` runs from the left to the right neck point along the front neckline, `hem` from left to
    right, `side_left` and `side_right` from the armpit to the hem (for trousers from the waist to
    the cuff). A curve that the garment does not have is empty, (0, 2). `sleeves` holds `left` and
    `right` (as seen in the picture) where there are sleeves. `covers` is (H, W) uint8 0..255: what
    of the photo lies under the garment.
    """

    neck: np.ndarray
    hem: np.ndarray
    side_left: np.ndarray
    side_right: np.ndarray
    covers: np.ndarray
    sleeves: Mapping[str, SleeveTarget] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A garment fitted to a body: `pieces` back to front, the place they took, what it cost.

    `measures`: `folds.<piece>` share of mesh cells that fold over, `print.anisotropy` 90th
    percentile of the ratio of the two local scales inside the print (1: letters keep their shape),
    `print.bend` how far a straight line of the print bows, in its own lengths, `stretch` the body's
    chest width over the one the garment's own proportions suggest, `hem_t` where the hem lies on
    the body's axis (0 shoulders, 1 hips).
    """

    kind: GarmentKind
    layer: int
    style: Style
    pieces: tuple[Piece, ...]
    target: Target
    measures: Mapping[str, float] = field(default_factory=dict)
