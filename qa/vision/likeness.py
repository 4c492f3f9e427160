"""The product against its source, pixel for pixel: colour, structure, sharpness, exposure."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.errors import ScorerFailed
from content_engine.types import Severity
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.lab import delta_e2000, to_lab
from qa.vision.observed import Observed, Reading, extremes, fault, largest_part

_COLOUR_PX = 96
_STRUCTURE_PX = 256
_WINDOW_PX = 15
_TEXTURE_LEVELS = 4.0
_AGREES = 0.5
_FINEST = 0.75
_BLOWN = 252
_CRUSHED = 3


def colour_median(seen: Observed) -> Reading:
    """The median CIEDE2000 between product and source; 0 is best."""
    return _colour(seen, 50.0, "colour_shift")


def colour_p95(seen: Observed) -> Reading:
    """The 95th percentile of CIEDE2000 over the product; 0 is best."""
    return _colour(seen, 95.0, "colour_patch")


def _colour(seen: Observed, percentile: float, kind: str) -> Reading:
    difference, where = _difference(seen)
    value = float(np.percentile(difference[where], percentile))
    worst = where & (difference >= max(value, 1.0))
    _, (x, y, width, height) = largest_part(worst)
    step = seen.reference.rgb.shape[1] / difference.shape[1]
    box = seen.placed((x * step, y * step, width * step, height * step))
    message = f"colours differ from the source by ΔE {value:.1f} (percentile {percentile:.0f})"
    return Reading(
        value=value,
        evidence=fault(kind, message, severity=Severity.MAJOR, box=box, number=value),
    )


def _difference(seen: Observed) -> tuple[Numbers, Mask]:
    """CIEDE2000 in cells of 1 % of the product, and which of them are its own."""
    seen.found()
    factor = min(1.0, _COLOUR_PX / seen.reference.longer_side_px)
    size = (
        round(seen.reference.rgb.shape[1] * factor),
        round(seen.reference.rgb.shape[0] * factor),
    )
    one = cv2.resize(seen.source, size, interpolation=cv2.INTER_AREA)
    two = cv2.resize(seen.view, size, interpolation=cv2.INTER_AREA)
    where = _core(seen, size)
    return delta_e2000(to_lab(one), to_lab(two)), where


def structure(seen: Observed) -> Reading:
    """The share of the product whose drawing differs from the source's; 0 is best.

    Drawing: brightness in windows of 1/17 of the product that have texture in either picture; it
    differs where local correlation is below 0.5.
    """
    agrees, textured = _agreement(seen)
    differs = textured & (agrees < _AGREES)
    area, (x, y, width, height) = largest_part(differs)
    inside = float(_core(seen, _structure_size(seen)).sum())
    value = area / inside
    if area == 0:
        return Reading(value=0.0)
    step = seen.reference.rgb.shape[1] / agrees.shape[1]
    box = seen.placed((x * step, y * step, width * step, height * step))
    message = f"{value:.1%} of the product is drawn otherwise than in the source"
    return Reading(
        value=value,
        evidence=fault("structure", message, severity=Severity.MAJOR, box=box, number=value),
    )


def _structure_size(seen: Observed) -> tuple[int, int]:
    factor = min(1.0, _STRUCTURE_PX / seen.reference.longer_side_px)
    height, width = seen.reference.mask.shape
    return round(width * factor), round(height * factor)


def _core(seen: Observed, size: tuple[int, int]) -> Mask:
    """What can be compared, at another size. Raises ScorerFailed when nothing can."""
    core = cv2.resize(seen.core.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) == 255
    if not core.any():
        raise ScorerFailed("no part of the product is solid and large enough to compare")
    return core


def _agreement(seen: Observed) -> tuple[Numbers, Mask]:
    """Local correlation of brightness, and where there is texture to compare."""
    seen.found()
    size = _structure_size(seen)
    one, two = (_gray(image, size) for image in (seen.source, seen.view))
    weight = _core(seen, size).astype(np.float32)
    mass = np.maximum(_mean(weight), 1e-3)
    mean_1, mean_2 = _mean(one * weight) / mass, _mean(two * weight) / mass
    spread_1 = np.maximum(_mean(one * one * weight) / mass - mean_1**2, 0.0)
    spread_2 = np.maximum(_mean(two * two * weight) / mass - mean_2**2, 0.0)
    joint = _mean(one * two * weight) / mass - mean_1 * mean_2
    floor = (_TEXTURE_LEVELS / 2) ** 2
    agrees = (joint + floor) / (np.sqrt(spread_1 * spread_2) + floor)
    textured = np.maximum(spread_1, spread_2) > _TEXTURE_LEVELS**2
    return agrees, textured & (weight > 0) & (mass > 0.3)


def _gray(rgb: Pixels, size: tuple[int, int]) -> Numbers:
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _mean(image: Numbers) -> Numbers:
    return cv2.boxFilter(image, -1, (_WINDOW_PX, _WINDOW_PX), borderType=cv2.BORDER_REFLECT)


def sharpness(seen: Observed) -> Reading:
    """Fine contrast of the product against the source's at the same size; 1 as sharp, 0 gone.

    Both are brought to three quarters of the smaller of their sizes, where no resampling shows;
    measured on the strongest tenth of the source's
    edges, so that noise and plain areas do not count.
    """
    factor = _FINEST * min(1.0, seen.found().scale)
    height, width = seen.reference.mask.shape
    size = (max(16, round(width * factor)), max(16, round(height * factor)))
    one, two = (_steps(_gray(image, size)) for image in (seen.source, seen.view))
    where = _core(seen, size)
    edges = where & (one >= np.percentile(one[where], 90.0))
    value = min(1.0, float(two[edges].mean() / max(float(one[edges].mean()), 1e-3)))
    message = f"the product keeps {value:.0%} of the source's fine contrast"
    return Reading(
        value=value,
        evidence=fault(
            "blur", message, severity=Severity.MAJOR, box=seen.product_box(), number=value
        ),
    )


def _steps(gray: Numbers) -> Numbers:
    """Strength of the finest steps in brightness."""
    across = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=3)
    return cv2.magnitude(across, down)


def exposure(seen: Observed) -> Reading:
    """The share of the product newly burnt out or crushed against the source; 0 is best."""
    seen.found()
    lost = _lost(seen.view) & ~_lost(seen.source) & seen.core
    value = float(lost.sum()) / max(int(seen.core.sum()), 1)
    _, rect = largest_part(lost)
    if value == 0.0:
        return Reading(value=0.0)
    message = f"{value:.1%} of the product is burnt out or crushed, and is not in the source"
    return Reading(
        value=value,
        evidence=fault(
            "exposure", message, severity=Severity.MAJOR, box=seen.placed(rect), number=value
        ),
    )


def _lost(rgb: Pixels) -> Mask:
    lowest, highest = extremes(rgb)
    return (lowest >= _BLOWN) | (highest <= _CRUSHED)
