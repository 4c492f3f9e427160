"""The product's outline: a fringe around it (halo), and parts of it that are gone."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import Severity, Shot
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.lab import delta_e2000, to_lab
from qa.vision.observed import Observed, Reading, extremes, fault, largest_part
from qa.vision.reference import Reference

_INWARD, _OUTWARD = 10, 12
_FAR = (15.0, 19.0)
_SAMPLES = 700
_LEAST_CONTOUR = 0.04
_SAME_PRODUCT = 10.0
_SAME_GROUND = 4.0
_BACKDROP_LIKE = 7.0
_NEEDED = 80
_PHOTO_SOFTNESS = 1.0
_BRIGHTER = 3.0
_GRAINS = 2.5
_ROOM_PX = 20.0
_FOOT = 0.06
_RUNS = 24
_GONE_RADIUS = 0.012
_WHITE_FROM = 250
_TONED_BELOW = 238
_SEEN_ALPHA = 64


def halo(seen: Observed) -> Reading:
    """The width of the fringe around the product, in 1600ths of the frame; a clean edge has 1.

    Across the outline, a pixel belongs to the product when it looks as in the source and the source
    does not show its backdrop there; to the ground when it looks like the ground further out.
    Whatever is neither is fringe; an edge that the source's enlargement softens counts less. The
    foot of a packshot, where its shadow lies, is left out; in a scene only what is brighter than
    the ground and its grain is fringe. The value is the upper quartile over 24 stretches, less the
    pixel by which a lens softens an edge on plain ground that no given alpha has cut.

    Source of that pixel: 16 good packshots of photos with a ground measured 1.2 to 2.8, 12 of
    photos with alpha 0.3 to 1.8 (2026-11-22).
    """
    edge = _profile(seen)
    if edge is None:
        return Reading(value=0.0)
    points, widths = edge
    runs = np.array_split(np.arange(len(points)), _RUNS)
    means = np.array([float(np.mean(widths[run])) for run in runs])
    lens = seen.reference.backdrop is not None and seen.spec.shot is not Shot.SCENE
    softness = _PHOTO_SOFTNESS if lens else 0.0
    value = max(0.0, float(np.percentile(means, 75.0)) - softness)
    worst = points[runs[int(means.argmax())]]
    (x0, y0), (x1, y1) = worst.min(axis=0), worst.max(axis=0)
    reach = 12.0 / seen.found().scale
    box = seen.placed((x0 - reach, y0 - reach, x1 - x0 + 2 * reach, y1 - y0 + 2 * reach))
    message = f"a fringe of {value:.1f} px (of 1600) runs along the product's outline"
    return Reading(
        value=value,
        evidence=fault("halo", message, severity=Severity.MAJOR, box=box, number=value),
    )


def _profile(seen: Observed) -> tuple[Numbers, Numbers] | None:
    """Points of the outline (n, 2) in reference pixels and the fringe at each, (n,) in steps.

    None where too little of the outline can be judged.
    """
    place = seen.found()
    points, normals = _outline(seen.reference)
    if len(points) < _NEEDED:
        return None
    scale = place.scale
    step = max(1.0, max(seen.frame_px) / 1600.0) * max(1.0, seen.product_scale)
    depths = np.arange(-_INWARD, _OUTWARD + 1) * step
    source = to_lab(_sampled(seen.reference.rgb, points, normals, depths / scale))
    own = _is_product(seen, points, normals, depths / scale, source)
    there = points @ place.matrix[:, :2].T + place.matrix[:, 2]
    found = to_lab(_sampled(seen.rgb, there, normals, depths))
    further = to_lab(_sampled(seen.rgb, there, normals, np.linspace(*_FAR, 4) * step))
    far = further.mean(axis=1, keepdims=True)
    product = own & (delta_e2000(found, source) < _SAME_PRODUCT)
    ground = delta_e2000(found, far) < _SAME_GROUND
    usable = product[:, :3].any(axis=1) & ground[:, -4:].any(axis=1) & _judged(seen, there)
    if usable.sum() < _NEEDED:
        return None
    fringe = ~product & ~ground
    if seen.spec.shot is Shot.SCENE:
        grain = float(np.std((further - far)[usable, :, 0]))
        fringe &= found[..., 0] > far[..., 0] + _BRIGHTER + _GRAINS * grain
    return points[usable], fringe[usable].sum(axis=1)


def _judged(seen: Observed, points: Numbers) -> Mask:
    """Points whose surroundings tell of a fringe: inside the frame, not at a packshot's foot."""
    width, height = seen.frame_px
    room = np.minimum(points, np.array([width, height]) - points).min(axis=1)
    inside = np.asarray(room > _ROOM_PX)
    if seen.spec.shot is not Shot.PACKSHOT or not seen.spec.shadow:
        return inside
    foot = seen.product_box()[3] * height - _FOOT * max(width, height)
    return inside & (points[:, 1] < foot)


def _is_product(
    seen: Observed,
    points: Numbers,
    normals: Numbers,
    depths: Numbers,
    source: Numbers,
) -> Mask:
    """Where the source shows the product rather than its backdrop, (n, depths) bool."""
    if seen.reference.backdrop is None:
        mask = np.repeat(seen.reference.mask[..., None].astype(np.uint8) * 255, 3, axis=2)
        return _sampled(mask, points, normals, depths)[..., 0] > 127
    backdrop = to_lab(_sampled(seen.reference.backdrop, points, normals, depths))
    return delta_e2000(source, backdrop) > _BACKDROP_LIKE


def _outline(reference: Reference) -> tuple[Numbers, Numbers]:
    """Points along the product's outlines and their outward unit normals, (n, 2) each."""
    mask = cv2.GaussianBlur(reference.mask.astype(np.float32), (0, 0), 2.0)
    contours, _ = cv2.findContours(
        (mask > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    least = _LEAST_CONTOUR * max((len(contour) for contour in contours), default=0)
    parts = [contour[:, 0] for contour in contours if len(contour) >= least]
    if not parts:
        return np.zeros((0, 2)), np.zeros((0, 2))
    points = np.concatenate(parts).astype(int)
    points = points[:: max(1, len(points) // _SAMPLES)]
    slope_x, slope_y = cv2.Sobel(mask, cv2.CV_32F, 1, 0), cv2.Sobel(mask, cv2.CV_32F, 0, 1)
    normals = -np.stack([slope_x, slope_y], axis=-1)[points[:, 1], points[:, 0]]
    lengths = np.linalg.norm(normals, axis=1)
    steep = lengths > 1e-3
    return points[steep].astype(np.float64), (normals[steep] / lengths[steep, None])


def _sampled(image: Pixels, points: Numbers, normals: Numbers, depths: Numbers) -> Pixels:
    """The image's colours along the normals, (n, depths, 3) uint8."""
    spots = (points[:, None] + normals[:, None] * depths[None, :, None]).astype(np.float32)
    return cv2.remap(
        image, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def clipped(seen: Observed) -> Reading:
    """The largest missing part of the product, as a share of it; 0 is best.

    Missing: outside the frame, or empty ground where the source shows the product. A product that
    touches the frame's edge where its source does not end counts by the length of the touch.
    """
    gone = _gone(seen)
    radius = max(1, round(_GONE_RADIUS * seen.reference.longer_side_px))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    opened = cv2.morphologyEx(np.pad(gone.astype(np.uint8), radius), cv2.MORPH_OPEN, kernel)
    area, (x, y, width, height) = largest_part(opened[radius:-radius, radius:-radius] > 0)
    share = area / seen.reference.area_px
    touch, side = _touch(seen)
    if max(share, touch) == 0.0:
        return Reading(value=0.0)
    if share >= touch:
        message = f"{share:.1%} of the product is missing"
        box = seen.placed((x, y, width, height))
    else:
        message = f"the product runs into the {side} edge of the frame"
        box = seen.product_box()
    value = max(share, touch)
    return Reading(
        value=value,
        evidence=fault("clipped", message, severity=Severity.MAJOR, box=box, number=value),
    )


def _gone(seen: Observed) -> Mask:
    """Where the source shows the product and the picture shows none, in reference pixels."""
    place, mask = seen.found(), seen.reference.mask
    gone = mask & ~seen.present
    if seen.spec.shot is Shot.PACKSHOT:
        toned = _tells(seen.reference) & (extremes(seen.reference.rgb)[0] < _TONED_BELOW)
        gone |= mask & toned & (extremes(seen.view)[0] >= _WHITE_FROM)
    if seen.spec.shot is Shot.CUTOUT and seen.alpha is not None:
        size = (mask.shape[1], mask.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        alpha = cv2.warpAffine(seen.alpha, place.matrix, size, flags=flags)
        gone |= mask & _tells(seen.reference) & (alpha < _SEEN_ALPHA)
    return gone


def _tells(reference: Reference) -> Mask:
    """Where the source looks unlike its backdrop: elsewhere the mask itself may be wrong."""
    if reference.backdrop is None:
        return np.ones(reference.mask.shape, bool)
    difference = np.abs(to_lab(reference.rgb) - to_lab(reference.backdrop)).sum(axis=2)
    return difference > _BACKDROP_LIKE


def _touch(seen: Observed) -> tuple[float, str]:
    """The longest touch of a frame edge where the source does not cut, and its side."""
    if seen.spec.shot is not Shot.PACKSHOT:
        return 0.0, ""
    drawn = seen.drawn & seen.expected
    runs = {
        "left": drawn[:, 0],
        "right": drawn[:, -1],
        "top": drawn[0],
        "bottom": drawn[-1],
    }
    cut = seen.reference.cut_sides
    lengths = {side: float(run.mean()) for side, run in runs.items() if side not in cut}
    side = max(lengths, key=lambda name: lengths[name], default="")
    return (lengths[side], side) if side else (0.0, "")
