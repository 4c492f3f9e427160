"""A hood on a body, laid back: its rim around the neck, its sides on the shoulders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.studio.fitting.garment_view import TorsoMarks
from pipelines.studio.fitting.mesh_curves import resample
from pipelines.studio.fitting.target_frame import Frame

RIM_BESIDE_U = 0.012
"""How far beside the neck the rim stands, in body units: a hood's front edges lie close."""

RIM_ABOVE_U = 0.075
"""How far above the shoulders' root the rim's corners stand: half-way up the neck."""

CORNER_BELOW_CHIN_U = -0.01
THROAT_BELOW_U = 0.015
"""The rim's lowest point lies so far below the line between the shoulder joints: in the dip
between the collar bones, where zips and laces close."""

RIM_BOW = 1.65
"""Power of the rim's form around a round neck: 1 two straight lines, 2 a parabola."""

SIDE_BOW, RAISED_BOW = 0.16, 0.26
"""How far the side bows out between corner and shoulder, in its own length: folded cloth."""

FEET_U = (0.3, 0.42)
"""Where the hood meets the shoulders, from the middle, in body units."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HoodPlace:
    """A hood's curves (n, 2) px on a body.

    `rim` runs left to right, `left` and `right` from its corners to the shoulders, `left_line` and
    `right_line` from there to the shoulders' tips.
    """

    rim: np.ndarray
    left: np.ndarray
    right: np.ndarray
    left_line: np.ndarray
    right_line: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Throat:
    """The neck between chin and shoulders: its place about the line between the joints, px.

    `half_px` is half its width; `root_px` how far above that line it grows out of the shoulders,
    `chin_px` how far above it the chin stands; `lean_px` how far the neck leans to the right.
    """

    half_px: float
    root_px: float
    chin_px: float
    lean_px: float


def hood_place(
    frame: Frame, lines: dict[str, np.ndarray], throat: Throat, *, marks: TorsoMarks
) -> HoodPlace:
    """Where a hood lies, given the `lines` (n, 2) of both shoulders from the neck to their tips."""
    unit = frame.unit_px
    half = throat.half_px + RIM_BESIDE_U * unit
    top = max(throat.chin_px - CORNER_BELOW_CHIN_U * unit, throat.root_px + 0.03 * unit)
    rise = min(throat.root_px + RIM_ABOVE_U * unit, top)
    corners = {
        side: frame.origin + frame.right * (throat.lean_px + sign * half) - frame.down * rise
        for side, sign in (("left", -1), ("right", 1))
    }
    share = np.linspace(0, 1, 40)[:, None]
    form = 1 - np.abs(1 - 2 * share) ** RIM_BOW
    aside = float(np.clip(np.sin(np.radians(frame.yaw_deg)), -0.5, 0.5)) * 0.3 * half
    chord = corners["left"] + (corners["right"] - corners["left"]) * share
    depth = rise + THROAT_BELOW_U * unit
    rim = chord + (frame.down * depth + frame.right * (aside - throat.lean_px)) * form
    sides, rest = {}, {}
    for side, sign in (("left", -1), ("right", 1)):
        wide = float(
            np.clip(_foot(marks, side) * frame.unit_px, FEET_U[0] * unit, FEET_U[1] * unit)
        )
        line = resample(lines[side], 60)
        away = (line - frame.origin) @ frame.right * sign
        at = int(np.clip(np.searchsorted(away, wide + sign * throat.lean_px), 4, 50))
        bow = RAISED_BOW if marks.raised else SIDE_BOW
        out = frame.right * sign - frame.down
        sides[side] = _bowed(corners[side], line[at], out=out, bow=bow)
        rest[side] = line[at:]
    return HoodPlace(
        rim=rim,
        left=sides["left"],
        right=sides["right"],
        left_line=rest["left"],
        right_line=rest["right"],
    )


def _foot(marks: TorsoMarks, side: str) -> float:
    """How far from the middle the hood stands on the shoulder, in chest widths."""
    feet = marks.stand_left[-1], marks.stand_right[-1]
    middle = (marks.side_left[0] + marks.side_right[0]) / 2
    foot = feet[0] if side == "left" else feet[1]
    return float(abs(foot[0] - middle[0]) / marks.chest_px)


def _bowed(corner: np.ndarray, foot: np.ndarray, *, out: np.ndarray, bow: float) -> np.ndarray:
    """From the corner to the foot, bowed outwards, (24, 2)."""
    share = np.linspace(0, 1, 24)[:, None]
    chord = foot - corner
    across = np.array([-chord[1], chord[0]])
    across = across * np.sign(across @ out)
    return corner + chord * share + across * bow * np.sin(np.pi * share) ** 0.8
