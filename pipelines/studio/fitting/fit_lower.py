"""The meshes of trousers, shorts and skirts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.studio.fitting.fit_top import TopSheets
from pipelines.studio.fitting.garment_view import LowerMarks
from pipelines.studio.fitting.mesh import patch, unfolded
from pipelines.studio.fitting.mesh_curves import joined, resample
from pipelines.studio.fitting.mesh_raster import Sheet
from pipelines.studio.fitting.target_lower import LowerPlace

ROWS, ACROSS = 37, 13
CROTCH_ROW = 0.28
"""The share of a leg's rows above the crotch."""


def lower_sheets(marks: LowerMarks, place: LowerPlace) -> TopSheets:
    """The meshes that carry a lower garment to its place: `skirt`, or one leg after the other."""
    magnification = place.waist_px / float(np.linalg.norm(marks.waist[-1] - marks.waist[0]))
    if marks.is_skirt:
        sheet = Sheet(
            source=_skirt(marks.waist, marks.outer), target=_skirt(place.waist, place.outer)
        )
        sheets = {"skirt": unfolded(sheet)}
    else:
        sheets = {
            f"leg-{side}": unfolded(
                Sheet(
                    source=_leg(marks.waist, marks.outer, marks.inner, side=side),
                    target=_leg(place.waist, place.outer, place.inner, side=side),
                )
            )
            for side in ("left", "right")
        }
    return TopSheets(sheets=sheets, magnification=magnification)


def _skirt(waist: np.ndarray, outer: Mapping[str, np.ndarray]) -> np.ndarray:
    left, right = (resample(outer[side], ROWS) for side in ("left", "right"))
    share = np.linspace(0, 1, 25)[:, None]
    width = float(np.linalg.norm(right[-1] - left[-1]))
    hem = left[-1] * (1 - share) + right[-1] * share
    hem = hem + np.array([0.0, 0.03 * width]) * np.sin(np.pi * share)
    return patch(resample(waist, 25), hem, left, right)


def _leg(
    waist: np.ndarray,
    outer: Mapping[str, np.ndarray],
    inner: Mapping[str, np.ndarray],
    *,
    side: str,
) -> np.ndarray:
    """Rows from the outer edge to the centre line and the inner leg, a hair beyond the centre."""
    middle = resample(waist, 41)[20]
    centre = np.stack([middle, inner[side][0]])
    split = _level(outer[side], inner[side][0])
    a = joined(
        [outer[side][: split + 1], outer[side][split:]], knots=(0, CROTCH_ROW, 1), count=ROWS
    )
    b = joined([centre, inner[side]], knots=(0, CROTCH_ROW, 1), count=ROWS)
    share = np.linspace(0, 1, ACROSS)[None, :, None]
    grid = a[:, None] * (1 - share) + b[:, None] * share
    beyond = np.where(np.linspace(0, 1, ROWS)[:, None] < CROTCH_ROW, 0.03, 0.0)
    half = resample(waist, 41)[:21] if side == "left" else resample(waist, 41)[20:][::-1]
    sag = resample(half, ACROSS) - grid[0]
    fade = (1 - np.linspace(0, 1, ROWS)[:, None, None]) ** 6
    grid = grid + sag[None] * fade
    return np.concatenate([grid, (grid[:, -1] + (grid[:, -1] - a) * beyond)[:, None]], axis=1)


def _level(curve: np.ndarray, point: np.ndarray) -> int:
    """The index of the curve's point at the height of the given one."""
    return int(np.clip(np.searchsorted(curve[:, 1], point[1]), 2, len(curve) - 3))
