"""The landmarks of trousers, shorts and skirts laid flat."""

from __future__ import annotations

import numpy as np

from content_engine.errors import Refused
from pipelines.studio.fitting.garment_view import LowerMarks
from pipelines.studio.fitting.landmarks_outline import Outline, mirrored
from pipelines.studio.fitting.mesh_curves import lengths, nearest, resample

MIRRORED_MIN, DETOUR_MAX = 0.57, 1.3
"""Measured on six worn jeans: two that look right on others have 0.59 and 0.77, and 1.19 at most;
of four that don't, each fails one of the two."""

LEGS_FROM = 0.1
"""A notch at the bottom deeper than this share of the height parts two legs; a skirt's hem rises
by less."""


def lower_marks(outline: Outline) -> LowerMarks:
    """The landmarks of an upright lower garment.

    Raises Refused ("garment-view") when the outline is not that of one from the front.
    """
    x0, y0, x1, y1 = outline.box
    height, width = y1 - y0, x1 - x0
    points = outline.points
    if not 0.35 < height / width < 4:
        raise Refused(
            "garment-view",
            f"an outline of {width:.0f} × {height:.0f} px is no trousers or skirt from the front",
        )
    high = points[points[:, 1] < y0 + 0.16 * height]
    left = high[int(np.argmax(-high[:, 1] - 1.2 * high[:, 0]))]
    right = high[int(np.argmax(-high[:, 1] + 1.2 * high[:, 0]))]
    corners = _bottom_corners(points, y1 - 0.14 * height)
    at = {name: nearest(points, point) for name, point in corners.items()}
    at_left, at_right = nearest(points, left), nearest(points, right)
    waist = np.vstack([points[: at_left + 1][::-1], points[at_right:][::-1]])
    outer = {
        "left": resample(points[at_left : at["left"] + 1], 80),
        "right": resample(points[at["right"] : at_right + 1][::-1], 80),
    }
    between = points[at["left"] : at["right"] + 1]
    crotch = int(np.argmin(between[:, 1] + 0.3 * np.abs(between[:, 0] - (left + right)[0] / 2)))
    if y1 - between[crotch, 1] < LEGS_FROM * height:
        return LowerMarks(waist=resample(waist, 60), outer=outer, inner={})
    return LowerMarks(
        waist=resample(waist, 60),
        outer=outer,
        inner={
            "left": _inner(between[: crotch + 1][::-1], y1 - 0.1 * height),
            "right": _inner(between[crotch:], y1 - 0.1 * height),
        },
    )


def check_lower(marks: LowerMarks, outline: Outline) -> None:
    """Raises Refused ("garment-view") unless both halves hang alike and nothing bites into them."""
    doubts = {
        "its halves differ": (mirrored(outline.mask > 0), MIRRORED_MIN, 1.0),
        "its waist is not straight": (_detour(marks.waist), 1.0, DETOUR_MAX),
        "something covers its sides": (
            max(_detour(edge) for edge in marks.outer.values()),
            1.0,
            DETOUR_MAX,
        ),
    }
    if not marks.is_skirt:
        left, right = (float(lengths(marks.inner[side])[-1]) for side in ("left", "right"))
        doubts["one leg is bent or hidden"] = (left / max(right, 1.0), 0.8, 1.25)
    for what, (value, least, most) in doubts.items():
        if not least - 1e-6 <= value <= most:
            raise Refused(
                "garment-view",
                f"{what} ({value:.2f}, {least:g} to {most:g} will do); show it straight from the "
                "front, legs side by side",
            )


def _detour(curve: np.ndarray) -> float:
    """The curve's length over the distance of its ends."""
    return float(lengths(curve)[-1] / max(float(np.linalg.norm(curve[-1] - curve[0])), 1e-6))


def _bottom_corners(points: np.ndarray, below: float) -> dict[str, np.ndarray]:
    """The outermost low points on either side."""
    low = points[points[:, 1] > below]
    middle = (points[:, 0].min() + points[:, 0].max()) / 2
    found = {}
    for side, sign in (("left", -1.0), ("right", 1.0)):
        own = low[(low[:, 0] - middle) * sign > 0]
        if len(own) < 3:
            raise Refused(
                "garment-view", "the garment does not hang straight: no two lower corners"
            )
        found[side] = own[int(np.argmax(own[:, 1] + 1.2 * sign * own[:, 0]))]
    return found


def _inner(leg: np.ndarray, below: float) -> np.ndarray:
    """The inner leg (60, 2) from the crotch to the cuff's inner corner."""
    low = np.flatnonzero(leg[:, 1] > below)
    if low.size == 0:
        return resample(leg, 60)
    inwards = np.sign(leg[0, 0] - leg[low, 0].mean())
    corner = low[int(np.argmax(leg[low, 1] + 1.2 * inwards * leg[low, 0]))]
    return resample(leg[: corner + 1], 60)
