"""How the new outline wobbles: where cloth ends and background begins, to parts of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.edges import Outline
from qa.fitting.palette import lab8, lab_of, ones_inside
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Reading, fault

_REACH_PX, _STEP_PX, _ENDS = 8.0, 0.5, 4
_CONTRAST, _PLAIN = 11.0, 7.0
_SMOOTH_PX, _BROAD_PX = 3.0, 7.0
_FEWEST_POINTS = 120
_MOST_PX = 4.0
_STRETCH_PX = 61


@dataclass(frozen=True, slots=True, eq=False)
class _Rim:
    """Points (n, 2) of an outline in their order, where cloth really ends there, and how surely.

    `off_px` (n,) is that end's distance from the point, outwards; `sure` (n,) bool.
    """

    points: Numbers
    off_px: Numbers
    sure: Mask


def jagged(found: Outline) -> Reading:
    """How far the garment's end strays from a smooth line along the outline, px of 1024; 0 is best.

    The end is where colours cross from the cloth's to the background's; only plain cloth before a
    background of another colour is measured. The root of the mean square over all that is sure.
    """
    rims = [_ended(found, points) for points in _outlines(found)]
    if sum(int(rim.sure.sum()) for rim in rims) < _FEWEST_POINTS:
        return Reading(value=0.0)
    strays = [np.where(rim.sure, _strays(rim), 0.0) for rim in rims]
    stray, sure = np.concatenate(strays), np.concatenate([rim.sure for rim in rims])
    points = np.concatenate([rim.points for rim in rims])
    value = float(np.sqrt(np.mean(np.square(stray[sure]))))
    worst = points[sure & (np.abs(stray) >= np.percentile(np.abs(stray[sure]), 60.0))]
    message = f"the garment's outline wobbles by {value:.2f} px of 1024 all along"
    box = found.box(cv2.boundingRect(worst.astype(np.float32)[:, None]))
    return Reading(
        value=value, evidence=fault("edge", message, severity=Severity.MAJOR, box=box, number=value)
    )


def _outlines(found: Outline) -> list[Numbers]:
    """The smoothed outline's points, (n, 2) px each piece, in their order."""
    soft = cv2.GaussianBlur(found.now.astype(np.float32), (0, 0), _SMOOTH_PX)
    pieces, _ = cv2.findContours(ones_inside(soft > 0.5), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(piece[:, 0], np.float32) for piece in pieces if len(piece) > 2 * _STRETCH_PX]


def _ended(found: Outline, points: Numbers) -> _Rim:
    """Where the cloth ends along an outline, from the colours across it."""
    points = _along(points, 2.0)
    ahead = np.roll(points, -3, axis=0) - np.roll(points, 3, axis=0)
    outward = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-3)
    outward *= _turned(found, points, outward)
    steps = np.arange(-_REACH_PX, _REACH_PX + _STEP_PX / 2, _STEP_PX, dtype=np.float32)
    spots = (points[:, None] + outward[:, None] * steps[None, :, None]).astype(np.float32)
    lab = lab_of(lab8(cv2.remap(found.rgb, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR)))
    cloth, ground = lab[:, :_ENDS].mean(axis=1), lab[:, -_ENDS:].mean(axis=1)
    across = ground - cloth
    size = np.maximum((across * across).sum(axis=1), 1.0)
    share = np.clip(((lab - cloth[:, None]) * across[:, None]).sum(axis=2) / size[:, None], 0, 1)
    off_px = (1.0 - share).sum(axis=1) * _STEP_PX - _REACH_PX
    plain = lab[:, : 2 * _ENDS].std(axis=1).max(axis=1) < _PLAIN
    plain &= lab[:, -2 * _ENDS :].std(axis=1).max(axis=1) < _PLAIN
    sure = (np.sqrt(size) > _CONTRAST) & plain & _of_cloth(found, points)
    return _Rim(points, off_px.astype(np.float32), sure & (np.abs(off_px) < _MOST_PX))


def _along(points: Numbers, sigma: float) -> Numbers:
    """A closed line's points smoothed along it."""
    wide = np.concatenate([points[-12:], points, points[:12]]).astype(np.float32)
    return cv2.GaussianBlur(wide[:, None], (1, 25), 0, sigmaY=sigma)[12:-12, 0]


def _turned(found: Outline, points: Numbers, outward: Numbers) -> float:
    """1 where the normals point out of the person, -1 where they point in."""
    height, width = found.now.shape
    there = np.rint(points + 4 * outward).astype(int).clip(0, (width - 1, height - 1))
    return -1.0 if found.now[there[:, 1], there[:, 0]].mean() > 0.5 else 1.0


def _of_cloth(found: Outline, points: Numbers) -> Mask:
    """Which points lie beside a garment, and not at the picture's edge."""
    height, width = found.now.shape
    near = cv2.dilate(ones_inside(found.dressed), np.ones((7, 7), np.uint8)) > 0
    x, y = np.rint(points).astype(int).T
    edge = int(_REACH_PX)
    inside = (x > edge) & (y > edge) & (x < width - 1 - edge) & (y < height - 1 - edge)
    return inside & near[y.clip(0, height - 1), x.clip(0, width - 1)]


def _strays(rim: _Rim) -> Numbers:
    """(n,) how far each end is from the mean of the sure ones around it along the outline."""
    weight = rim.sure.astype(np.float32)
    around = [
        cv2.GaussianBlur(np.tile(each, 3)[:, None], (1, 61), 0, sigmaY=_BROAD_PX)[
            len(each) : 2 * len(each), 0
        ]
        for each in (rim.off_px * weight, weight)
    ]
    return rim.off_px - around[0] / np.maximum(around[1], 0.3)
