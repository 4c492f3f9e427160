"""The garment's colours and drawing on the person beside those of its picture."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.palette import lab8, lab_of, ones_inside
from qa.fitting.register import Laid, placed, plain_stretch
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask, Numbers
from qa.vision.lab import delta_e2000
from qa.vision.observed import Reading, fault, largest_part

_CLUSTERS = 4
_LEAST_SHARE = 0.05
_TURNS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.5)
_FEWEST_PX = 120
_AGREES = 0.45
_FINEST_PX = 1.0
_NEAR_PRINT_PX, _OFF_EDGE_PX = 9, 21


def colour(seen: Worn, laid: Laid) -> Reading:
    """CIEDE2000 between garment and picture, of the colour cluster that is farthest off.

    Clusters are the picture's, 5 % of the garment or more; each is compared by medians over the
    places that registration says are the same.
    """
    core = cv2.erode(ones_inside(laid.inside), np.ones((7, 7), np.uint8)) > 0
    if core.sum() < _FEWEST_PX:
        return Reading(value=0.0)
    source, view = (
        lab_of(lab8(cv2.blur(image, (5, 5))))[core] for image in (laid.source, laid.view)
    )
    cv2.setRNGSeed(0)
    sample = np.ascontiguousarray(source * (0.5, 1, 1), np.float32)
    _, marks, _ = cv2.kmeans(sample, _CLUSTERS, None, _TURNS, 1, cv2.KMEANS_PP_CENTERS)  # pyright: ignore[reportArgumentType, reportCallIssue]
    worst, which = 0.0, 0
    for index in range(_CLUSTERS):
        own = marks[:, 0] == index
        if own.mean() < _LEAST_SHARE:
            continue
        away = delta_e2000(np.median(source[own], axis=0), np.median(view[own], axis=0))
        if float(away) > worst:
            worst, which = float(away), index
    there = np.zeros(core.shape, bool)
    there[core] = marks[:, 0] == which
    message = f"a colour of the garment is off by ΔE {worst:.1f}"
    box = placed(seen, laid, there)
    return Reading(
        value=worst,
        evidence=fault("colour", message, severity=Severity.MAJOR, box=box, number=worst),
    )


def drawing(seen: Worn, laid: Laid) -> Reading:
    """The share of the print that is not drawn as in the picture; 0 is best.

    Local correlation of brightness in windows of 17 px of 384 for the body; below 0.45 it differs.
    """
    near = _print_zone(laid)
    if near.sum() < _FEWEST_PX:
        return Reading(value=0.0)
    differs = near & (laid.agrees < _AGREES)
    value = float(differs.sum()) / float(near.sum())
    message = f"{value:.0%} of the print is not as in the garment's picture"
    box = placed(seen, laid, differs)
    return Reading(
        value=value,
        evidence=fault("print", message, severity=Severity.MAJOR, box=box, number=value),
    )


def sharpness(seen: Worn, laid: Laid) -> Reading:
    """Fine contrast of the print against the picture's at the result's size; 1 as sharp, 0 gone.

    Measured at the sharpest fifth of its edges, the finest pixel smoothed away in both: lines of a
    pixel lose contrast by every resampling.
    """
    near = _print_zone(laid)
    if near.sum() < _FEWEST_PX:
        return Reading(value=1.0)
    one, two = (
        _steps(cv2.GaussianBlur(image, (0, 0), _FINEST_PX)) for image in (laid.source, laid.view)
    )
    edges = near & (one >= np.percentile(one[near], 80.0))
    value = min(1.0, float(two[edges].mean()) / max(float(one[edges].mean()), 1e-3))
    message = f"the print keeps {value:.0%} of its fine contrast"
    box = placed(seen, laid, near)
    return Reading(
        value=value, evidence=fault("blur", message, severity=Severity.MAJOR, box=box, number=value)
    )


def bend(seen: Worn, laid: Laid) -> Reading:
    """How far the print is bent: its places' distance from the best plain stretch; 0 is best.

    P90 of the distance over the print's own size. A body's shape bends a large print by a few
    per cent. Beside the cloth's edge the flow knows no place along it.
    """
    core = cv2.erode(ones_inside(laid.inside), np.ones((_OFF_EDGE_PX, _OFF_EDGE_PX), np.uint8)) > 0
    near = laid.printed & core
    if near.sum() < _FEWEST_PX:
        return Reading(value=0.0)
    there = laid.to_result[near].astype(np.float64)
    away = np.linalg.norm(there - plain_stretch(near, laid.to_result)[1], axis=1)
    size = float(np.linalg.norm(there.std(axis=0))) * 2 + 1.0
    value = float(np.percentile(away, 90.0)) / size
    message = f"the print is bent by {value:.1%} of its size"
    box = placed(seen, laid, near)
    return Reading(
        value=value,
        evidence=fault("print", message, severity=Severity.MAJOR, box=box, number=value),
    )


def stretch(seen: Worn, laid: Laid) -> Reading:
    """How unlike the print is stretched along and across, P90 of the ratio; 1 is best.

    The ratio of the singular values of the map's derivative over the print. Plain cloth has
    nothing to follow but its wrinkles: its ratio is that of the one plain stretch over its middle.
    """
    where = laid.printed & laid.inside
    drawn = where.sum() >= _FEWEST_PX
    if not drawn:
        where = cv2.erode(ones_inside(laid.inside), np.ones((61, 61), np.uint8)) > 0
    if where.sum() < _FEWEST_PX:
        return Reading(value=1.0)
    if drawn:
        smooth = cv2.GaussianBlur(laid.to_result, (0, 0), 6.0)
        down, right = np.gradient(smooth, axis=(0, 1))
        matrices = np.stack([right[where], down[where]], axis=2)[::7]
    else:
        matrices = plain_stretch(where, laid.to_result)[0][None, :2]
    sizes = np.linalg.svd(matrices, compute_uv=False)
    value = float(np.percentile(sizes[:, 0] / np.maximum(sizes[:, 1], 1e-3), 90.0))
    message = f"the garment is stretched {value:.2f} times more one way than the other"
    box = placed(seen, laid, where)
    return Reading(
        value=value,
        evidence=fault("print", message, severity=Severity.MAJOR, box=box, number=value),
    )


def seams(seen: Worn, laid: Laid) -> Reading:
    """The longest hard edge in the garment that its picture lacks, in heights of the body.

    Tears, fold-overs and repeated strips end in such edges; light and folds of the body do not.
    """
    core = cv2.erode(ones_inside(laid.inside), np.ones((15, 15), np.uint8)) > 0
    one, two = (_steps(image) for image in (laid.source, laid.view))
    known = cv2.dilate(one, np.ones((9, 9), np.uint8))
    fresh = core & (two > _EDGE) & (two > 1.6 * known)
    joined = cv2.morphologyEx(ones_inside(fresh), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, marks, stats, _ = cv2.connectedComponentsWithStats(joined)
    if len(stats) < 2:
        return Reading(value=0.0)
    extent = np.hypot(stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT])
    best = 1 + int(extent.argmax())
    value = float(extent[best - 1]) / laid.inside.shape[0]
    message = f"a hard edge over {value:.0%} of the garment that its picture lacks"
    box = placed(seen, laid, marks == best)
    return Reading(
        value=value, evidence=fault("fold", message, severity=Severity.MAJOR, box=box, number=value)
    )


_EDGE = 60.0
_TEXTURE = 6.0
_FOREIGN = 0.2


def surface(seen: Worn, laid: Laid) -> Reading:
    """The largest textured part of the garment that is not as in its picture, of its area."""
    core = cv2.erode(ones_inside(laid.inside), np.ones((25, 25), np.uint8)) > 0
    differs = core & (laid.texture > _TEXTURE) & (laid.agrees < _FOREIGN)
    area, _ = largest_part(differs)
    value = area / max(float(laid.inside.sum()), 1.0)
    if area == 0:
        return Reading(value=0.0)
    message = f"{value:.1%} of the garment is drawn otherwise than in its picture"
    box = placed(seen, laid, differs)
    return Reading(
        value=value, evidence=fault("fold", message, severity=Severity.MAJOR, box=box, number=value)
    )


def _print_zone(laid: Laid) -> Mask:
    """Print and what is next to it, but not beside laces: they swing over it as they please."""
    near = cv2.dilate(
        ones_inside(laid.printed), np.ones((_NEAR_PRINT_PX, _NEAR_PRINT_PX), np.uint8)
    )
    return (near > 0) & laid.inside & ~laid.swung


def _steps(rgb: Numbers) -> Numbers:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    across, down = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    return cv2.magnitude(across, down)
