"""The meshes of a top: torso, sleeves, and what is seen behind the neck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pipelines.studio.fitting.fit_hood import hood_sheets
from pipelines.studio.fitting.garment_view import GarmentView, TorsoMarks
from pipelines.studio.fitting.mesh import COLUMNS, ROWS, keep_print, patch, turned, unfolded
from pipelines.studio.fitting.mesh_curves import armhole, at_shares, joined, lengths, resample
from pipelines.studio.fitting.mesh_raster import Sheet
from pipelines.studio.fitting.target import TopTarget

ARMHOLE_SHARE = 0.3
"""The armhole's share of a torso mesh's side: where the sleeve is sewn on."""

SLEEVE_ACROSS = 13
CUFF_BOW = 0.07
"""How far a cuff's middle reaches below its corners, in cuff widths: a ring seen 8° from level."""

FOOT_SHARE = 0.55
"""Where a hood meets the shoulder on a mesh's upper edge, between the tip and the rim's corner."""

BACK_RISE_U = 0.02
"""How far a hood's back rises above its rim's corners behind the neck, in body units. Source: by
eye on five turned heads, beside whose necks 0.05 stands up like a loose piece."""

BACK_UNDER_U = (0.06, 0.02)
"""So far out and down a hood's back goes on under its sides, in body units: no gap between."""

SEAM_ROWS = 3
"""Rows of a sleeve's mesh that lie under the seam, on the torso: they fade in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopSheets:
    """Meshes by piece name, back to front; `fades` (rows, columns) are opacities of some.

    `magnification` is the photo's px for one px of the garment's picture.
    """

    sheets: Mapping[str, Sheet]
    fades: Mapping[str, np.ndarray] = field(default_factory=dict)
    magnification: float = 1.0


def top_sheets(view: GarmentView, marks: TorsoMarks, place: TopTarget) -> TopSheets:
    """The meshes that carry a top from its picture to its place."""
    torso = _torso(view, marks, place)
    sheets = {"back": _back(marks, place)} if len(marks.back) else {}
    sheets["torso"] = torso
    if marks.raised:
        sheets |= hood_sheets(marks, place)
    fades = {}
    for side, target in place.sleeves.items():
        source = view.sleeves_of[side]
        sheets[f"sleeve-{side}"] = sleeve_sheet(
            (source.outer, source.inner), (target.outer, target.inner), seam=_seam(torso, side)
        )
        fade = np.ones(sheets[f"sleeve-{side}"].target.shape[:2])
        fade[:SEAM_ROWS] = np.linspace(0, 1, SEAM_ROWS + 1)[:-1, None]
        fades[f"sleeve-{side}"] = fade
    return TopSheets(
        sheets=sheets,
        fades=fades,
        magnification=place.chest_px / marks.chest_px,
    )


def _torso(view: GarmentView, marks: TorsoMarks, place: TopTarget) -> Sheet:
    knot = (marks.neck[0, 0] - marks.shoulder_left[0]) / (
        marks.shoulder_right[0] - marks.shoulder_left[0]
    )
    knot = float(np.clip(knot, 0.2, 0.38))
    foot = (FOOT_SHARE * knot,) if marks.has_hood else ()
    upper = (0.0, *foot, knot, 1 - knot, *(1 - at for at in foot), 1.0)
    sides = (0.0, ARMHOLE_SHARE, 1.0)
    seams = source_seams(marks)
    shoulders = place.shoulders
    source = patch(
        joined(_upper_edge(marks), knots=upper, count=COLUMNS),
        resample(marks.hem, COLUMNS),
        joined([seams["left"], marks.side_left], knots=sides, count=ROWS),
        joined([seams["right"], marks.side_right], knots=sides, count=ROWS),
    )
    stands = [shoulders.stand_left[::-1]], [shoulders.stand_right]
    before, after = stands if marks.has_hood else ([], [])
    edge = [shoulders.left[::-1], *before, shoulders.neck, *after, shoulders.right]
    target = patch(
        joined(edge, knots=upper, count=COLUMNS),
        resample(place.hem, COLUMNS),
        joined([place.seams["left"], place.side_left], knots=sides, count=ROWS),
        joined([place.seams["right"], place.side_right], knots=sides, count=ROWS),
    )
    frame = place.frame
    shift = float(np.clip(np.sin(np.radians(frame.yaw_deg)), -0.5, 0.5)) * 0.3 * place.chest_px / 2
    target = turned(target, towards=frame.right, shift_px=shift)
    sheet = unfolded(Sheet(source=source, target=target))
    return sheet if view.print_box is None else keep_print(sheet, view.print_box)


def _upper_edge(marks: TorsoMarks) -> list[np.ndarray]:
    """Shoulder, neckline, shoulder in the garment's picture; a hood's sides between them."""
    root_left, root_right = marks.roots
    before, after = ([marks.stand_left[::-1]], [marks.stand_right]) if marks.has_hood else ([], [])
    return [
        np.array([marks.shoulder_left, root_left]),
        *before,
        marks.neck,
        *after,
        np.array([root_right, marks.shoulder_right]),
    ]


def source_seams(marks: TorsoMarks) -> dict[str, np.ndarray]:
    """The armholes' seams in the garment's picture."""
    return {
        "left": armhole(
            marks.shoulder_left, marks.side_left[0], chest_px=marks.chest_px, inwards=1.0
        ),
        "right": armhole(
            marks.shoulder_right, marks.side_right[0], chest_px=marks.chest_px, inwards=-1.0
        ),
    }


def _seam(torso: Sheet, side: str) -> Sheet:
    """The torso's columns along the armhole, the innermost first: the sleeve starts on them."""
    rows = round(ARMHOLE_SHARE * (ROWS - 1)) + 1
    columns = range(SEAM_ROWS, -1, -1) if side == "left" else range(-1 - SEAM_ROWS, 0)
    at = np.array(list(columns))
    found = []
    for grid in (torso.source, torso.target):
        strips = [resample(grid[:rows, column], SLEEVE_ACROSS) for column in at]
        found.append(np.stack(strips))
    return Sheet(source=found[0], target=found[1])


def sleeve_sheet(
    source: tuple[np.ndarray, np.ndarray],
    target: tuple[np.ndarray, np.ndarray],
    *,
    seam: Sheet,
) -> Sheet:
    """The mesh of a tube between an outer and an inner edge, its first rows on the torso's mesh.

    There both meshes agree point for point, so that the sleeve can fade in without a seam.
    """
    return unfolded(
        Sheet(
            source=_ruled(*source, seam=seam.source),
            target=_rounded(_ruled(*target, seam=seam.target)),
        )
    )


def _rounded(grid: np.ndarray) -> np.ndarray:
    """The tube with its cuff bowed outwards along the arm, as a ring around it looks."""
    cuff = grid[-1, -1] - grid[-1, 0]
    run = (grid[-1] - grid[-3]).mean(axis=0)
    run = run / max(float(np.linalg.norm(run)), 1e-6)
    bow = np.sin(np.pi * np.linspace(0, 1, grid.shape[1])) * CUFF_BOW * np.linalg.norm(cuff)
    near = np.linspace(0, 1, grid.shape[0]) ** 6
    return grid + near[:, None, None] * bow[None, :, None] * run


def _ruled(outer: np.ndarray, inner: np.ndarray, *, seam: np.ndarray) -> np.ndarray:
    """The seam's rows, then rows across the tube that straighten from the seam's curve.

    The outer edge is the longer one: rows fan out at the armpit, then run square to the tube.
    """
    rows = 28
    longer = float(lengths(outer)[-1] / max(lengths(inner)[-1], 1e-6))
    slow = float(np.clip(2 - longer, 0.25, 1.0))
    along = np.linspace(0, 1, rows)
    a, b = resample(outer, rows), at_shares(inner, slow * along + (1 - slow) * along**2)
    share = np.linspace(0, 1, SLEEVE_ACROSS)[None, :, None]
    grid = a[:, None] * (1 - share) + b[:, None] * share
    bend = seam[-1] - grid[0]
    fade = (1 - np.linspace(0, 1, rows)[:, None, None]) ** 2
    return np.concatenate([seam[:-1], grid + bend[None] * fade])


def _back(marks: TorsoMarks, place: TopTarget) -> Sheet:
    """What is seen behind the neckline: inner back, standing collar, or the hood laid down."""
    count = 25
    front_s = resample(marks.neck, 201)[3:-3]
    front_t = resample(place.shoulders.neck, 201)[3:-3]
    front_s, front_t = resample(front_s, count), resample(front_t, count)
    across = np.linspace(0.015, 0.985, count)[:, None]
    arch = np.sin(np.pi * across)
    left_s, right_s = marks.neck[0], marks.neck[-1]
    left_t, right_t = place.shoulders.neck[0], place.shoulders.neck[-1]
    width = float(np.linalg.norm(right_s - left_s))
    down = place.frame.down
    if marks.has_hood:
        upper_s = resample(marks.back, count)
        upper_t = left_t + (right_t - left_t) * across
        upper_t -= down * arch * BACK_RISE_U * place.frame.unit_px
        under = _under_sides(place, across)
        upper_t, front_t = upper_t + under, front_t + under
    else:
        hang = float(np.clip((marks.back[18:23, 1].mean() - (left_s[1] + right_s[1]) / 2), 0, None))
        hang = min(hang, 0.6 * float(marks.neck[:, 1].max() - left_s[1]))
        upper_s = left_s + (right_s - left_s) * across + arch * np.array([0.0, hang])
        shrink = float(np.linalg.norm(right_t - left_t)) / width
        upper_t = left_t + (right_t - left_t) * across + down * arch * hang * shrink * 0.6
    share = np.linspace(0, 1, 8)[:, None, None]
    return unfolded(
        Sheet(
            source=upper_s[None] * (1 - share) + front_s[None] * share,
            target=upper_t[None] * (1 - share) + front_t[None] * share,
        )
    )


def _under_sides(place: TopTarget, across: np.ndarray) -> np.ndarray:
    """How far a hood's back (n, 1) from 0 to 1 `across` is moved under its sides: (n, 2) px."""
    sided = 2 * across - 1
    near = np.abs(sided) ** 6
    out, low = BACK_UNDER_U
    way = place.frame.right * np.sign(sided) * out + place.frame.down * low
    return way * near * place.frame.unit_px
