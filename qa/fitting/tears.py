"""Tears and fold-overs: lines whose two sides do not go on, but would if one were shifted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.outside import upper_index
from qa.fitting.palette import ones_inside
from qa.fitting.register import Laid, plain_stretch
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Reading, fault, share_box

_FINE_PX = 25
_LEAST_PX, _MOST_PX = 3, 12
_FLOOR = 2.0
_CANDIDATES, _NEAR_ROWS = 4, 8
_WIDE, _OVERLAP, _FAR_OFF = 0.6, 0.5, 1e6
_TRUNK, _ARM = 0.6, (0.3, 3.0)


@dataclass(frozen=True, slots=True, eq=False)
class Cloth:
    """Brightness freed of shade, (h, w) float32, and where it is cloth, (h, w) bool."""

    fine: Numbers
    mask: Mask


def tear(seen: Worn, laid: Laid) -> Reading:
    """How much better a line's two sides go on when shifted along it; 0 is best.

    For every row and column of the garment's trunk: the squared difference of the drawing on both
    sides as it is, less that at the best shift of 3 to 12 px of 512, over the latter and the
    grain. A print's own lines do so too: what the garment's picture has around there is taken off.
    """
    index = upper_index(seen)
    if index is None:
        return Reading(value=0.0)
    view, source = _both(seen, laid, index)
    worst, place, down = 0.0, 0, True
    for upright in (True, False):
        value, row = worst_line(*(each if upright else _turned(each) for each in (view, source)))
        if value > worst:
            worst, place, down = value, row, upright
    message = f"the cloth is torn along a line: shifted, its sides fit {worst:.1f} times better"
    x, y, width, height = cv2.boundingRect(ones_inside(view.mask))
    rect = (x, place - 8, width, 16) if down else (place - 8, y, 16, height)
    box = share_box(rect, seen.rgb.shape[1::-1])
    return Reading(
        value=worst,
        evidence=fault("fold", message, severity=Severity.MAJOR, box=box, number=worst),
    )


def _both(seen: Worn, laid: Laid, index: int) -> tuple[Cloth, Cloth]:
    """The garment's trunk in the result, and its picture laid where the trunk is."""
    _, across = seen.along
    arms = np.zeros(seen.person.shape, bool)
    for side in (0, 1):
        arms |= seen.person.stance.arm_mask(seen.person.shape, side, span=_ARM)
    trunk = seen.region(index) & ~arms & (np.abs(across) < _TRUNK)
    mask = cv2.erode(ones_inside(trunk), np.ones((5, 5), np.uint8)) > 0
    fit = plain_stretch(laid.inside, laid.to_result)[0].T.astype(np.float32)
    there = cv2.warpAffine(laid.source, fit, seen.rgb.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return cloth_of(seen.rgb, mask), cloth_of(there, mask)


def cloth_of(rgb: Pixels, mask: Mask) -> Cloth:
    """The drawing of (h, w, 3) uint8 sRGB where the mask is, shade broader than 25 px taken off."""
    gray, weight = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), mask.astype(np.float32)
    size = (_FINE_PX, _FINE_PX)
    mass = np.maximum(cv2.boxFilter(weight, -1, size), 0.04)
    return Cloth((gray - cv2.boxFilter(gray * weight, -1, size) / mass) * weight, mask)


def _turned(cloth: Cloth) -> Cloth:
    return Cloth(np.ascontiguousarray(cloth.fine.T), np.ascontiguousarray(cloth.mask.T))


def worst_line(view: Cloth, source: Cloth) -> tuple[float, int]:
    """(score, row) of the row that is most a tear, beyond what the picture has near it."""
    height = view.mask.shape[0]
    counts = view.mask.sum(axis=1)
    wide = counts > _WIDE * np.percentile(counts[counts > 0], 80.0) if counts.any() else counts > 0
    wide[:3] = wide[-3:] = False
    rows = np.flatnonzero(wide)
    if len(rows) < 4 * _NEAR_ROWS:
        return 0.0, 0
    apart = _as_it_is(view, rows)
    chosen = rows[np.argsort(apart - cv2.blur(apart[:, None], (1, 31))[:, 0])[-_CANDIDATES:]]
    scores = _scores(view, chosen)
    best, place = 0.0, 0
    for row, score in zip(chosen.tolist(), scores.tolist(), strict=True):
        near = np.arange(max(3, row - _NEAR_ROWS), min(height - 3, row + _NEAR_ROWS + 1))
        beyond = score - float(_scores(source, near).max(initial=0.0)) if score > best else 0.0
        if beyond > best:
            best, place = beyond, row
    return best, place


def _sides(cloth: Cloth, rows: Numbers) -> tuple[Numbers, Numbers, Mask, Mask]:
    """The two rows above and the two below each row, with where both are cloth."""
    fine, mask = cloth.fine, cloth.mask
    above, below = (fine[rows - 2] + fine[rows - 1]) / 2, (fine[rows + 1] + fine[rows + 2]) / 2
    return above, below, mask[rows - 2] & mask[rows - 1], mask[rows + 1] & mask[rows + 2]


def _as_it_is(cloth: Cloth, rows: Numbers) -> Numbers:
    above, below, one, two = _sides(cloth, rows)
    both = one & two
    return ((above - below) ** 2 * both).sum(axis=1) / np.maximum(both.sum(axis=1), 1)


def _scores(cloth: Cloth, rows: Numbers) -> Numbers:
    above, below, one, two = _sides(cloth, rows)
    whole = np.maximum((one & two).sum(axis=1), 1)

    def apart(shift: int) -> Numbers:
        both = one & np.roll(two, -shift, axis=1)
        count = both.sum(axis=1)
        off = ((above - np.roll(below, -shift, axis=1)) ** 2 * both).sum(axis=1)
        return np.where(count > _OVERLAP * whole, off / np.maximum(count, 1), _FAR_OFF)

    here = np.min([apart(shift) for shift in (-1, 0, 1)], axis=0)
    far = [side * shift for shift in range(_LEAST_PX, _MOST_PX + 1) for side in (-1, 1)]
    best = np.minimum(np.min([apart(shift) for shift in far], axis=0), here)
    return (here - best) / (best + _FLOOR)
