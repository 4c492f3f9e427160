"""A fringe beside or along the new outline: what is left of another ground, or of the old cloth."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.edges import Outline, rim
from qa.fitting.palette import lab8, lab_of, ones_inside
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Reading, fault

_FRINGE = 10.0
_PLAIN, _RIM_OFF = 6.0, 16.0
_FEWEST_POINTS = 50
_OFFSETS = np.array([-13, -11, *range(-6, 2), 2.5, 3.5, 4.5, 9, 10, 11], np.float32)
_CLOTH, _RIM, _INNER = slice(0, 2), slice(2, 10), 5
_OUTER, _GROUND = slice(10, 13), slice(13, 16)
_AGAINST, _LESS_SURE = 12.0, 0.4


def halo(found: Outline) -> Reading:
    """The share of the garment's outline with a fringe beside or along it; 0 is best.

    Beside: 2.5 to 4.5 px out the colour is still off the background's 9 to 11 px out. Along: 3 px
    in it is far off the cloth's 11 to 13 px in, where the cloth is plain. A line: L* goes from the
    cloth's away from the ground's by 12 before it reaches it; a rim's shade does so too in places,
    so a share of it counts 0.4 (90 good results up to 0.37 of 1, fringes on light cloth 0.58 and
    more; 2026-11-22).
    """
    points, normals = _outline_points(found)
    if len(points) < _FEWEST_POINTS:
        return Reading(value=0.0)
    colours = _profiles(found, points, normals)
    plain = np.linalg.norm(colours[:, 0] - colours[:, 1], axis=1) < _PLAIN
    sure = max(float(plain.sum()), 0.2 * len(points))
    outer, inner, line = _fringed_outside(colours), _off_cloth(colours), _lined(colours)
    shares = [
        (float(outer.mean()), outer),
        (float((plain & inner).sum()) / sure, plain & inner),
        (_LESS_SURE * float((plain & line).sum()) / sure, plain & line),
    ]
    value, fringe = max(shares, key=lambda share: share[0])
    message = f"a fringe along {value:.0%} of the garment's outline"
    box = None
    if fringe.any():
        rect = cv2.boundingRect(points[fringe].astype(np.float32)[:, None])
        box = found.box(rect)
    return Reading(
        value=value, evidence=fault("halo", message, severity=Severity.MAJOR, box=box, number=value)
    )


def _profiles(found: Outline, points: Numbers, normals: Numbers) -> Numbers:
    """(n, offsets, 3) CIELAB across the outline, from inside to outside."""
    spots = points[:, None] + normals[:, None] * _OFFSETS[None, :, None]
    seen = cv2.remap(
        found.rgb,
        np.ascontiguousarray(spots[..., 0]),
        np.ascontiguousarray(spots[..., 1]),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return lab_of(lab8(seen))


def _fringed_outside(colours: Numbers) -> Mask:
    beyond = colours[:, _GROUND]
    ground = beyond.mean(axis=1)
    flat = np.linalg.norm(beyond[:, 0] - beyond[:, 2], axis=1) < _FRINGE / 2
    away = np.linalg.norm(colours[:, _OUTER] - ground[:, None], axis=2).min(axis=1)
    return flat & (away > _FRINGE)


def _off_cloth(colours: Numbers) -> Mask:
    cloth = colours[:, _CLOTH].mean(axis=1)
    return np.linalg.norm(colours[:, _INNER] - cloth, axis=1) > _RIM_OFF


def _lined(colours: Numbers) -> Mask:
    """Where L* turns back on its way from cloth to ground."""
    cloth, ground = (colours[:, part, 0].mean(axis=1) for part in (_CLOTH, _GROUND))
    lighter = np.where(ground >= cloth, 1.0, -1.0)[:, None]
    way = np.column_stack([cloth, colours[:, _RIM, 0]]) * lighter
    return (np.maximum.accumulate(way, axis=1) - way).max(axis=1) > _AGAINST


def _outline_points(found: Outline) -> tuple[Numbers, Numbers]:
    """(n, 2) points of the outline where a garment meets the background, and outward normals."""
    soft = cv2.GaussianBlur(found.now.astype(np.float32), (0, 0), 2.0)
    beside = cv2.dilate(ones_inside(found.dressed), np.ones((5, 5), np.uint8)) > 0
    rows, columns = np.nonzero(rim(found.now) & beside)
    across, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    normals = -np.column_stack([across[rows, columns], down[rows, columns]])
    length = np.linalg.norm(normals, axis=1)
    kept = length > 1e-3
    points = np.column_stack([columns, rows]).astype(np.float32)
    return points[kept], (normals[kept] / length[kept, None]).astype(np.float32)
