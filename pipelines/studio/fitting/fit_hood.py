"""The meshes of a raised hood laid back: its cloth on both shoulders, from the rim to the seam."""

from __future__ import annotations

import numpy as np

from pipelines.studio.fitting.garment_view import TorsoMarks
from pipelines.studio.fitting.mesh import unfolded
from pipelines.studio.fitting.mesh_curves import joined, resample
from pipelines.studio.fitting.mesh_raster import Sheet
from pipelines.studio.fitting.target import TopTarget

ALONG, ACROSS = 25, 9
FOOT_AT = 0.42
"""Where along a lobe, from the rim's corner to the throat, it leaves the shoulder."""

RIM_INSET = 0.014
"""How far beside its edge the rim's cloth is taken, in chest widths: not the opening's dark."""

SEAM_BOW = 0.1
"""How far the seam bows away from the neck, in its own length."""

THROAT_WIDTH = 0.05
"""How wide the hood still is where both sides meet, in chest widths."""


def hood_sheets(marks: TorsoMarks, place: TopTarget) -> dict[str, Sheet]:
    """The two lobes, `hood-left` and `hood-right`: they lie on the torso."""
    shoulders, chest = place.shoulders, place.chest_px
    sheets = {}
    for side, sign in (("left", -1), ("right", 1)):
        left = side == "left"
        source = _lobe(
            _half_rim(marks.neck, left=left),
            marks.stand_left if left else marks.stand_right,
            right=np.array([sign, 0.0]),
            chest_px=marks.chest_px,
            inset_px=RIM_INSET * marks.chest_px,
        )
        target = _lobe(
            _half_rim(shoulders.neck, left=left),
            shoulders.stand_left if left else shoulders.stand_right,
            right=place.frame.right * sign,
            chest_px=chest,
            inset_px=0.0,
        )
        sheets[f"hood-{side}"] = unfolded(Sheet(source=source, target=target))
    return sheets


def _half_rim(rim: np.ndarray, *, left: bool) -> np.ndarray:
    """From the corner down to the throat."""
    along = rim if left else rim[::-1]
    return resample(along, 81)[:41]


def _lobe(
    rim: np.ndarray, stand: np.ndarray, *, right: np.ndarray, chest_px: float, inset_px: float
) -> np.ndarray:
    """The grid (ACROSS, ALONG, 2) from the rim to the outline and the seam; `right` is outwards."""
    down = np.array([-right[1], right[0]]) if right[0] > 0 else np.array([right[1], -right[0]])
    throat = rim[-1] + (down - 0.2 * right) * THROAT_WIDTH * chest_px
    share = np.linspace(0, 1, 30)[:, None]
    chord = throat - stand[-1]
    across = np.array([-chord[1], chord[0]])
    across = across * np.sign(across @ down)
    seam = stand[-1] + chord * share + across * SEAM_BOW * np.sin(np.pi * share)
    outer = joined([stand, seam], knots=(0.0, FOOT_AT, 1.0), count=ALONG)
    outer[0] += right * 0.01 * chest_px
    inner = resample(rim, ALONG)
    away = outer - inner
    inner = inner + away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6) * inset_px
    rows = np.linspace(0, 1, ACROSS)[:, None, None]
    return inner[None] * (1 - rows) + outer[None] * rows
