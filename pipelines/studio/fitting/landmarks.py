"""The landmarks of a top seen from the front: shoulders, armpits, cuffs, hem, neck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from content_engine.errors import Refused
from pipelines.studio.fitting.garment_view import SleeveMarks, Sleeves, Style, TorsoMarks
from pipelines.studio.fitting.landmarks_hood import Hood, find_hood
from pipelines.studio.fitting.landmarks_neck import Neck, find_neck
from pipelines.studio.fitting.landmarks_outline import Outline, corners, cuff_corners
from pipelines.studio.fitting.mesh_curves import nearest, resample

FUSED_BELOW = 0.45
ARMPIT_AT = 0.38
"""An armpit below 0.45 of the height from shoulder to hem is where a hanging sleeve touches the
body: the true one is put at 0.38, where it lies on five tops whose sleeves stand off."""

LONG_FROM = 0.5
"""Sleeves longer than this share of the height from shoulder to hem are long ones: short ones
measure 0.2 to 0.38, long ones 0.75 and more on the ten tops of a catalog."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopMarks:
    """All that was found on a top: `torso`, `sleeves_of` and the style they show."""

    torso: TorsoMarks
    sleeves_of: Mapping[str, SleeveMarks]
    sleeves: Sleeves
    style: Style
    neck: Neck


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Half:
    """One side of the outline: `curve` from the top centre to the hem's corner.

    `notch` is where sleeve and body part in the picture, `armpit` where they part on the garment.
    """

    curve: np.ndarray
    hem: np.ndarray
    notch: np.ndarray
    armpit: np.ndarray
    tip: np.ndarray
    has_sleeve: bool


def top_marks(outline: Outline, light: np.ndarray) -> TopMarks:
    """The landmarks of an upright top; `light` (H, W) is its lightness.

    Raises Refused ("garment-view") when the outline is not that of a top from the front.
    """
    hem_left, hem_right = _hem_corners(outline)
    at_left, at_right = nearest(outline.points, hem_left), nearest(outline.points, hem_right)
    runs = {
        "left": (outline.points[: at_left + 1], hem_left, -1),
        "right": (np.roll(outline.points, -1, axis=0)[at_right:][::-1], hem_right, 1),
    }
    axis_x = float(hem_left[0] + hem_right[0]) / 2
    notches = {
        side: _notch(curve, axis_x=axis_x, side=sign, height=outline.box[3] - outline.box[1])
        for side, (curve, _, sign) in runs.items()
    }
    chest = (float(notches["left"][0]), float(notches["right"][0]))
    _check_chest(outline, chest)
    halves = {
        side: _half(outline, curve, hem=hem, notch=notches[side], chest=chest)
        for side, (curve, hem, _) in runs.items()
    }
    neck = find_neck(outline, light, chest=chest)
    hem_run = outline.points[min(at_left, at_right) : max(at_left, at_right) + 1]
    found = _assembled(halves, neck, hem=hem_run, outline=outline)
    hood = find_hood(outline, light, chest=chest)
    return found if hood is None else _hooded(found, hood)


def _hem_corners(outline: Outline) -> tuple[np.ndarray, np.ndarray]:
    """The outermost low points around the run of the lowest rows that holds the middle."""
    x0, y0, x1, y1 = outline.box
    height, width = y1 - y0, x1 - x0
    row = np.flatnonzero(outline.mask[int(y1 - 0.06 * height)])
    breaks = np.flatnonzero(np.diff(row) > 1)
    starts = np.concatenate([row[:1], row[breaks + 1]])
    ends = np.concatenate([row[breaks], row[-1:]])
    middle = (x0 + x1) / 2
    holds = (starts <= middle) & (ends >= middle)
    apart = np.minimum(np.abs(starts - middle), np.abs(ends - middle))
    run = int(np.argmin(np.where(holds, 0, apart)))
    points = outline.points
    low = points[
        (points[:, 1] > y1 - 0.14 * height)
        & (points[:, 0] >= starts[run] - 0.06 * width)
        & (points[:, 0] <= ends[run] + 0.06 * width)
    ]
    left = low[int(np.argmax(low[:, 1] - 1.2 * low[:, 0]))]
    return left, low[int(np.argmax(low[:, 1] + 1.2 * low[:, 0]))]


def _notch(curve: np.ndarray, *, axis_x: float, side: int, height: float) -> np.ndarray:
    """Where the sleeve parts from the body: the deepest point inside the chord sleeve–hem."""
    out = (curve[:, 0] - axis_x) * side
    extreme = int(np.argmax(out))
    below = curve[extreme:]
    chord = below[-1] - below[0]
    across = np.array([-chord[1], chord[0]]) / max(float(np.linalg.norm(chord)), 1e-6)
    inside = (below - below[0]) @ across
    inside *= np.sign((np.array([axis_x, below[:, 1].mean()]) - below[0]) @ across)
    deepest = below[int(np.argmax(inside))]
    near = np.linalg.norm(below - deepest, axis=1) < 0.08 * height
    return below[int(np.argmax(np.where(near, inside - 0.6 * below[:, 1], -np.inf)))]


def _check_chest(outline: Outline, chest: tuple[float, float]) -> None:
    x0, y0, x1, y1 = outline.box
    share = (chest[1] - chest[0]) / (x1 - x0)
    if not 0.25 < share < 1.0 or (y1 - y0) > 2.6 * (x1 - x0) or (x1 - x0) > 3.2 * (y1 - y0):
        raise Refused(
            "garment-view",
            f"the outline is not a top's from the front (chest {share:.0%} of the width, "
            f"{x1 - x0:.0f} × {y1 - y0:.0f} px); photograph it flat, alone, sleeves spread",
        )


def _half(
    outline: Outline,
    curve: np.ndarray,
    *,
    hem: np.ndarray,
    notch: np.ndarray,
    chest: tuple[float, float],
) -> _Half:
    width = chest[1] - chest[0]
    inwards = 1 if notch[0] < sum(chest) / 2 else -1
    tip_x = float(notch[0]) + 0.03 * width * inwards
    tip = np.array([tip_x, outline.top_at(tip_x)])
    length = hem[1] - tip[1]
    fused = notch[1] > tip[1] + FUSED_BELOW * length
    armpit = np.array([notch[0], tip[1] + ARMPIT_AT * length]) if fused else notch
    reach = float(np.max((notch[0] - curve[:, 0]) * inwards))
    return _Half(
        curve=curve, hem=hem, notch=notch, armpit=armpit, tip=tip, has_sleeve=reach > 0.1 * width
    )


def _assembled(
    halves: Mapping[str, _Half], neck: Neck, *, hem: np.ndarray, outline: Outline
) -> TopMarks:
    left, right = halves["left"], halves["right"]
    torso = TorsoMarks(
        neck=neck.curve(),
        shoulder_left=left.tip,
        shoulder_right=right.tip,
        side_left=_side(left),
        side_right=_side(right),
        hem=resample(hem if hem[0, 0] < hem[-1, 0] else hem[::-1], 200),
        back=_back(outline, neck),
    )
    with_sleeves = left.has_sleeve and right.has_sleeve
    sleeves_of = {side: _sleeve(half) for side, half in halves.items()} if with_sleeves else {}
    height = (left.hem[1] + right.hem[1] - left.tip[1] - right.tip[1]) / 2
    reach = [
        float(np.linalg.norm((one.outer[-1] + one.inner[-1] - one.outer[0] - one.inner[0]) / 2))
        for one in sleeves_of.values()
    ]
    long = bool(reach) and max(reach) > LONG_FROM * height
    return TopMarks(
        torso=torso,
        sleeves_of=sleeves_of,
        sleeves=Sleeves.LONG if long else Sleeves.SHORT if reach else Sleeves.NONE,
        style=neck.style,
        neck=neck,
    )


def _hooded(found: TopMarks, hood: Hood) -> TopMarks:
    """The marks with a hood's rim for a neckline."""
    torso = replace(
        found.torso,
        neck=hood.rim,
        back=hood.inside,
        stand_left=hood.left,
        stand_right=hood.right,
        raised=hood.raised,
    )
    neck = replace(found.neck, confidence=hood.confidence)
    return replace(found, torso=torso, style=Style.HOOD, neck=neck)


def _side(half: _Half) -> np.ndarray:
    """From the armpit, through the notch, to the hem's corner."""
    below = half.curve[nearest(half.curve, half.notch) :]
    edge = resample(below, 60)
    if np.linalg.norm(half.notch - half.armpit) > 8:
        edge = np.vstack([resample(np.array([half.armpit, half.notch]), 20)[:-1], edge])
    return edge


def _sleeve(half: _Half) -> SleeveMarks:
    """Upper and lower edge; where sleeve and body touch, the cut runs from armpit to notch."""
    start, notch = nearest(half.curve, half.tip), nearest(half.curve, half.notch)
    arc = half.curve[start : notch + 1]
    middle = (arc[0] + arc[-1]) / 2
    away = np.linalg.norm(arc - middle, axis=1).max()
    if away < LONG_FROM * (half.hem[1] - half.tip[1]):
        first, second = corners(arc, far_from=middle, reach=0.72)
    else:
        first, second = cuff_corners(arc, middle=middle)
    outer = half.curve[start : nearest(half.curve, first) + 1]
    inner = half.curve[nearest(half.curve, second) : notch + 1][::-1]
    if np.linalg.norm(half.notch - half.armpit) > 8:
        inner = np.vstack([resample(np.array([half.armpit, half.notch]), 20)[:-1], inner])
    return SleeveMarks(outer=resample(outer, 80), inner=resample(inner, 80))


def _back(outline: Outline, neck: Neck) -> np.ndarray:
    """The upper contour between the neck points."""
    x = np.linspace(neck.left[0], neck.right[0], 41)
    return np.stack([x, [outline.top_at(at) for at in x]], axis=1)
