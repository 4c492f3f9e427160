"""What the judge knows of a garment: its picture alone, cut out and measured by the judge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.errors import ScorerFailed
from qa.fitting.hanging import hooded, laces, swinging_card
from qa.fitting.palette import Palette, joined, lab8, lab_of, ones_inside, palette
from qa.vision.arrays import Mask, Numbers, Pixels

LONGER_SIDE_PX = 640
"""The garment's own longer side at which the judge looks at it."""

_OPAQUE = 200
_HEM_ROWS = (0.55, 0.95)
_SHOULDER_REACH = 0.34
_CLEAR = 0.1
_PRINT_AWAY = 4.5
_PRINT_LEAST = 0.002
_FEWEST_PX = 400
_TIGHTENING = (6.0, 3.5, 3.0)
_CLOTH_FLOOR = (36.0, 2.0, 2.0)
_COLLAR_REACH, _COLLAR_DEEP, _HOOD_DEEP = 0.3, 0.16, 0.26
_BESIDE_PRINT = 0.04


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GarmentTruth:
    """A garment's picture cropped to it.

    `rgb` (h, w, 3) uint8, `mask` (h, w) bool, `palette` of its colours; `body_px` (x0, y0, x1, y1)
    the box of its body without sleeves; `length` shoulder to hem and `sleeve` from the shoulder's
    tip to the cuff, both in widths of the body; `print_mask` (h, w) bool where drawn or written on;
    `collar` (h, w) bool what lies above the front neckline: the inner back with its label; `tag`
    (h, w) bool what swings before the garment: a card that is none of it, a hood's laces.
    """

    rgb: Pixels
    mask: Mask
    palette: Palette
    body_px: tuple[float, float, float, float]
    length: float
    sleeve: float
    print_mask: Mask
    collar: Mask
    tag: Mask

    @property
    def printed(self) -> float:
        """How much of the garment is print, 0..1."""
        return float(self.print_mask.sum()) / max(float(self.mask.sum()), 1.0)


def garment_truth(rgb: Pixels, mask: Mask) -> GarmentTruth:
    """What a garment's picture says; `mask` (h, w) bool is where the garment is in it.

    Raises ScorerFailed when there is no garment in the mask.
    """
    rgb, mask = _cropped(rgb, mask)
    body, length, sleeve = _measures(mask)
    lab = lab_of(lab8(rgb))
    inner = cv2.erode(ones_inside(mask), np.ones((5, 5), np.uint8)) > 0
    drawn = _print(lab, inner)
    hood = hooded(mask, body)
    collar, tag = _collar(mask.shape, body, hood=hood), swinging_card(drawn, body)
    if hood:
        tag |= laces(drawn, collar, body)
    cloth = palette(lab[inner & ~drawn], clusters=4, spread=(6.0, 3.0, 3.0))
    return GarmentTruth(
        rgb=rgb,
        mask=mask,
        palette=joined(cloth, palette(lab[drawn], clusters=4, spread=(6.0, 4.0, 4.0))),
        body_px=body,
        length=length,
        sleeve=sleeve,
        print_mask=_on_the_front(drawn, mask & ~collar & ~tag, body),
        collar=collar,
        tag=tag,
    )


def _cropped(rgb: Pixels, mask: Mask) -> tuple[Pixels, Mask]:
    """The largest part of the mask, cropped with a margin, at the judge's size."""
    _, marks, stats, _ = cv2.connectedComponentsWithStats(ones_inside(mask))
    if len(stats) < 2:
        raise ScorerFailed("nothing stands out in the garment's picture; look at it")
    best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, width, height, _ = (int(number) for number in stats[best])
    rows, columns = slice(max(0, y - 4), y + height + 4), slice(max(0, x - 4), x + width + 4)
    part = (marks[rows, columns] == best).astype(np.uint8)
    factor = min(1.0, LONGER_SIDE_PX / max(width, height))
    size = (max(8, round(part.shape[1] * factor)), max(8, round(part.shape[0] * factor)))
    small = cv2.resize(np.ascontiguousarray(rgb[rows, columns]), size, interpolation=cv2.INTER_AREA)
    return small, cv2.resize(part * 255, size, interpolation=cv2.INTER_AREA) > _OPAQUE


def _measures(mask: Mask) -> tuple[tuple[float, float, float, float], float, float]:
    """The body's box; shoulder to hem and shoulder tip to cuff in widths of the body."""
    rows = np.flatnonzero(mask.any(axis=1))
    top, bottom = float(rows[0]), float(rows[-1])
    tall = max(bottom - top, 8.0)
    centre = _middle(mask, round(bottom - 0.08 * tall))
    runs = [_run(mask, round(top + share * tall), centre) for share in np.linspace(*_HEM_ROWS, 20)]
    found = [run for run in runs if run is not None]
    if not found:
        raise ScorerFailed("the garment's body is not found in its picture; look at it")
    widths = np.array([right - left for left, right in found])
    narrow = float(np.percentile(widths, 25))
    centre = float(np.median([left + right for left, right in found])) / 2
    shoulder = _shoulder_row(mask, centre, narrow)
    left, right = centre - narrow / 2, centre + narrow / 2
    reach = [
        _reach(mask, edge, shoulder, side, width=narrow) for edge, side in ((left, -1), (right, 1))
    ]
    box = (left, shoulder, right, bottom)
    return box, (bottom - shoulder) / narrow, float(np.median(reach)) / narrow


def _middle(mask: Mask, row: int) -> float:
    columns = np.flatnonzero(mask[min(row, mask.shape[0] - 1)])
    return float(columns.mean()) if len(columns) else mask.shape[1] / 2


def _run(mask: Mask, row: int, centre: float) -> tuple[float, float] | None:
    """The ends of the run of the row that holds the centre."""
    line = mask[min(row, mask.shape[0] - 1)]
    column = min(max(round(centre), 0), len(line) - 1)
    if not line[column]:
        return None
    gaps = np.flatnonzero(~line)
    left = gaps[gaps < column].max(initial=-1) + 1
    right = gaps[gaps > column].min(initial=len(line))
    return float(left), float(right)


def _shoulder_row(mask: Mask, centre: float, width: float) -> float:
    """The row of the shoulders' tops, midway between neck and sleeve; a hood is above it."""
    tops = []
    for side in (-1, 1):
        column = min(max(round(centre + side * _SHOULDER_REACH * width), 0), mask.shape[1] - 1)
        rows = np.flatnonzero(mask[:, column])
        if len(rows):
            tops.append(float(rows[0]))
    return max(tops, default=0.0)


def _reach(mask: Mask, edge: float, shoulder: float, side: int, *, width: float) -> float:
    """How far the sleeve's farthest pixel is from the shoulder's tip."""
    rows, columns = np.nonzero(mask)
    beyond = (columns - edge) * side > _CLEAR * width
    if not beyond.any():
        return 0.0
    far = np.hypot(columns[beyond] - edge, rows[beyond] - shoulder)
    return float(np.percentile(far, 99.0))


def _print(lab: Numbers, inner: Mask) -> Mask:
    """Where the garment is drawn or written on: off its cloth's colour, folds aside.

    Cloth is the garment's main colour with the spread that its own folds give it: along them L*,
    a* and b* change together, across them hardly at all.
    """
    colours = lab[inner]
    if len(colours) < _FEWEST_PX:
        return np.zeros(inner.shape, bool)
    kept, centre, inverse = colours, np.zeros(3, np.float32), np.eye(3, dtype=np.float32)
    for limit in _TIGHTENING:
        centre = np.median(kept, axis=0)
        inverse = np.linalg.inv(np.cov(kept.T) + np.diag(_CLOTH_FLOOR))
        away = colours - centre
        kept = colours[np.einsum("ij,ij->i", away @ inverse, away) < limit**2]
        if len(kept) < _FEWEST_PX:
            return np.zeros(inner.shape, bool)
    away = (lab - centre).reshape(-1, 3)
    far = np.einsum("ij,ij->i", away @ inverse, away).reshape(inner.shape)
    drawn = ones_inside(inner & (far > _PRINT_AWAY**2))
    drawn = cv2.morphologyEx(drawn, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    if float(drawn.sum()) < _PRINT_LEAST * float(inner.sum()):
        return np.zeros(inner.shape, bool)
    return drawn > 0


def _collar(shape: tuple[int, ...], body: tuple[float, float, float, float], *, hood: bool) -> Mask:
    """What the wearer's neck hides of a garment that lies flat: half an ellipse at its neck.

    A hood's mouth hangs deeper, and lies otherwise on each neck.

    Crew necks of the pictures of 2026-11-22 reach 0.07 to 0.12 widths of the body below the
    shoulders, and the highest print begins at 0.23.
    """
    left, top, right, _ = body
    wide = right - left
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    across = (columns - (left + right) / 2) / (_COLLAR_REACH * wide)
    below = np.maximum(rows - top, 0.0) / ((_HOOD_DEEP if hood else _COLLAR_DEEP) * wide)
    return across**2 + below**2 < 1.0


def _on_the_front(drawn: Mask, front: Mask, body: tuple[float, float, float, float]) -> Mask:
    """What is drawn inside the trunk, off its edges: sleeves and sides are shadowed, no print."""
    left, top, right, bottom = body
    edge = _BESIDE_PRINT * (right - left)
    trunk = np.zeros(front.shape, np.uint8)
    rows = slice(max(0, round(top)), max(0, round(bottom - edge)))
    columns = slice(max(0, round(left + edge)), max(0, round(right - edge)))
    trunk[rows, columns] = front[rows, columns]
    inside = cv2.distanceTransform(ones_inside(front), cv2.DIST_L2, 3) > edge
    kept = drawn & inside & (trunk > 0)
    least = _PRINT_LEAST * float(front.sum())
    return kept if float(kept.sum()) >= least else np.zeros(front.shape, bool)
