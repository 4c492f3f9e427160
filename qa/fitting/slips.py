"""Slips: the cloth on both sides of a level line lies farther apart than in its picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from content_engine.types import Severity
from qa.fitting.palette import ones_inside
from qa.fitting.register import Laid, placed, plain_stretch, seen_through, unshaded
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Reading, fault

_BAND_PX = 12
_FARTHEST_PX, _LEAST_PX = 14, 3
_NEARBY_PX, _COARSE = 20.0, 4
_FINEST_PX = 1.6
_BRIGHTEST = 40.0
_NOISE = 0.5
_WIDE = 0.4


def slip(seen: Worn, laid: Laid) -> Reading:
    """How much better the cloth fits its picture when it may slip along a level line; 0 is best.

    A body bends cloth slowly, so a smooth map takes the picture to it; what is left is `slipped`.
    """
    there = _smooth_map(laid)
    view = seen_through(seen.full, there, seen.full.shape[0] / seen.rgb.shape[0])
    inside = laid.inside & ~laid.swung & _dressed(seen, there)
    value, row, step = slipped(view, source=laid.source, inside=inside)
    line = np.zeros(laid.inside.shape, bool)
    line[row] = laid.inside[row]
    jump = abs(step) * _per_px(laid) / seen.unit_px
    message = f"the cloth slips by {jump:.1%} of shoulder width along a line"
    box = placed(seen, laid, line)
    return Reading(
        value=value, evidence=fault("fold", message, severity=Severity.MAJOR, box=box, number=value)
    )


def slipped(view: Pixels, *, source: Pixels, inside: Mask) -> tuple[float, int, int]:
    """What a slip explains, the row that it lies at, and its px to the right.

    `view` and `source` (h, w, 3) uint8 sRGB, `inside` (h, w) bool where both show the cloth. A band
    of 12 px above a line and one below it are laid on the source, each at its own best place of 14
    px to either side: the value is what two places explain more than one, over what both leave.
    Steps under 3 px are none, nor are lines over less than 0.4 of the cloth's width.
    Source of all five: 100 good results and 91 planted ones (2026-11-22), see `tryon.slip`.
    """
    weight = inside.astype(np.float32)
    one, two = (_drawing(image, weight) for image in (source, view))
    gains, steps = _gains(_misfits(one, two, weight), weight.sum(axis=1))
    line = int(gains.argmax())
    return float(gains[line]), line + _BAND_PX, int(steps[line])


def _smooth_map(laid: Laid) -> Numbers:
    """(h, w, 2): where the frame lies in the result by what the flow says around each place.

    The drawing that agrees counts most: the flow knows no place where nothing is drawn.
    """
    some = np.zeros_like(laid.inside)
    some[::_COARSE, ::_COARSE] = laid.inside[::_COARSE, ::_COARSE]
    fit, _ = plain_stretch(some, laid.to_result)
    rows, columns = np.mgrid[: laid.inside.shape[0], : laid.inside.shape[1]].astype(np.float32)
    plain = np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ fit.astype(np.float32)
    known = np.maximum(laid.agrees, 0.0) ** 2 * np.minimum(laid.texture, 20.0) + 0.3
    known = (known * laid.inside).astype(np.float32)
    away = _around((laid.to_result - plain) * known[..., None])
    return plain + away / np.maximum(_around(known), 1e-3)[..., None]


def _dressed(seen: Worn, there: Numbers) -> Mask:
    """Where the smooth map meets cloth, off its edges: no finger before it, no wall."""
    cloth = ones_inside(seen.dressed) * 255
    met = cv2.remap(cloth, there[..., 0], there[..., 1], cv2.INTER_LINEAR) > 127
    return cv2.erode(ones_inside(met), np.ones((5, 5), np.uint8)) > 0


def _around(image: Numbers) -> Numbers:
    """The mean around each place, made at a quarter of the size."""
    height, width = image.shape[:2]
    size = max(1, width // _COARSE), max(1, height // _COARSE)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), _NEARBY_PX / _COARSE)
    return cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR)


def _drawing(image: Pixels, weight: Numbers) -> Numbers:
    """What is drawn, in grey levels around 0: neither light, nor the finest grain, nor glare."""
    smooth = cv2.GaussianBlur(unshaded(image, weight), (0, 0), _FINEST_PX)
    return np.clip(smooth, -_BRIGHTEST, _BRIGHTEST)


def _misfits(one: Numbers, two: Numbers, weight: Numbers) -> Numbers:
    """(h, 29): the squared differences of each row with the other's, 14 px left to 14 px right."""
    wide = cv2.copyMakeBorder(two, 0, 0, _FARTHEST_PX, _FARTHEST_PX, cv2.BORDER_REPLICATE)
    places = sliding_window_view(wide, 2 * _FARTHEST_PX + 1, axis=1)
    squares = sliding_window_view(wide * wide, 2 * _FARTHEST_PX + 1, axis=1)
    own = (weight * one * one).sum(axis=1)[:, None]
    both = np.einsum("yx,yxd->yd", weight * one, places)
    return own - 2 * both + np.einsum("yx,yxd->yd", weight, squares)


def _gains(misfits: Numbers, mass: Numbers) -> tuple[Numbers, Numbers]:
    """For each line: what two places explain beyond one, and how far apart they are, px.

    `misfits` (h, n) squared levels of each row at each place; `mass` (h,) px of cloth.
    """
    above, below = _bands(misfits)
    less, more = _bands(mass[:, None])
    first, second = above.argmin(axis=1), below.argmin(axis=1)
    apart = above.min(axis=1) + below.min(axis=1)
    gain = (above + below).min(axis=1) - apart
    steps = second - first
    last = misfits.shape[1] - 1
    kept = (np.abs(steps) >= _LEAST_PX) & (np.abs(steps) <= _FARTHEST_PX)
    kept &= (np.minimum(first, second) > 0) & (np.maximum(first, second) < last)
    kept &= np.minimum(less, more)[:, 0] > _WIDE * mass.max(initial=1.0) * _BAND_PX
    noise = _NOISE * (less + more)[:, 0] + 1e-6
    return np.where(kept, gain / (apart + noise), 0.0), steps


def _bands(rows: Numbers) -> tuple[Numbers, Numbers]:
    """The sums of 12 rows above each line, and of 12 below it, (h - 24, n) each."""
    sums = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    middle = sums[_BAND_PX:-_BAND_PX]
    return middle - sums[: -2 * _BAND_PX], sums[2 * _BAND_PX :] - middle


def _per_px(laid: Laid) -> float:
    """Px of the working picture that a step across the frame is, at the median."""
    return float(np.median(np.linalg.norm(np.diff(laid.to_result[::_COARSE], axis=1), axis=2)))
