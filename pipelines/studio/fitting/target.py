"""Where a top goes on a body: neckline, shoulders, sides, hem and sleeves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Body
from pipelines.studio.fitting.fit_pieces import SleeveTarget
from pipelines.studio.fitting.garment_view import GarmentView, Sleeves, TorsoMarks
from pipelines.studio.fitting.mesh_curves import smooth
from pipelines.studio.fitting.sleeve import Armhole, sleeve_cuts, sleeve_target
from pipelines.studio.fitting.target_frame import Frame
from pipelines.studio.fitting.target_neck import Shoulders, find_shoulders
from pipelines.studio.fitting.target_torso import STATIONS, Sides, draped, find_sides

ARMPIT_T = 0.27
"""Where the armhole ends on the trunk; 0.29 for long sleeves, which are cut deeper."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopTarget:
    """A top's place: curves of (n, 2) px, the sides from the armpit to the hem's corner."""

    frame: Frame
    shoulders: Shoulders
    seams: Mapping[str, np.ndarray]
    side_left: np.ndarray
    side_right: np.ndarray
    hem: np.ndarray
    sleeves: Mapping[str, SleeveTarget]
    hem_t: float
    measured_sides: float

    @property
    def chest_px(self) -> float:
        """The width between the armpits."""
        return float(np.linalg.norm(self.side_right[0] - self.side_left[0]))


def top_target(body: Body, view: GarmentView, marks: TorsoMarks, *, ease: float) -> TopTarget:
    """Where the top goes; `ease` is what it stands off more, in body units, over other clothes."""
    frame = Frame.of(body)
    sides = find_sides(body, frame)
    shoulders = find_shoulders(body, frame, marks=marks, style=view.style)
    long = view.sleeves is Sleeves.LONG
    armpit_t = ARMPIT_T + (0.02 if long else 0.0)
    hem_t = _hem_t(body, frame, sides, marks=marks, long=long)
    edges = {
        side: _side(frame, sides, side=side, span=(armpit_t, hem_t), view=view, ease=ease)
        for side in ("left", "right")
    }
    chest = float(np.linalg.norm(edges["right"][0] - edges["left"][0]))
    cut = sleeve_cuts(view.sleeves_of, chest_px=marks.chest_px, sleeves=view.sleeves)
    holes = {
        side: Armhole.at(line[-1], edges[side][0], chest_px=chest, side=side)
        for side, line in (("left", shoulders.left), ("right", shoulders.right))
    }
    found = (
        {s: sleeve_target(body, frame, side=s, hole=hole, cut=cut) for s, hole in holes.items()}
        if cut is not None
        else {}
    )
    return TopTarget(
        frame=frame,
        shoulders=shoulders,
        seams={side: hole.seam for side, hole in holes.items()},
        side_left=edges["left"],
        side_right=edges["right"],
        hem=_hem(frame, edges["left"][-1], edges["right"][-1]),
        sleeves=found,
        hem_t=hem_t,
        measured_sides=min(sides.measured.values()),
    )


def _side(
    frame: Frame,
    sides: Sides,
    *,
    side: str,
    span: tuple[float, float],
    view: GarmentView,
    ease: float,
) -> np.ndarray:
    """The cloth's edge (40, 2) px from the armpit to the hem: the body's, hollows bridged."""
    t = np.linspace(span[0], span[1], 40)
    long = view.sleeves is Sleeves.LONG
    looseness = 0.55 if long or view.kind is GarmentKind.OUTER else 0.4
    half = draped(sides.half_px(side, t), looseness=looseness)
    half = smooth(half, 1.5) + (0.012 * (2.2 if long else 1.0) + ease) * frame.unit_px
    return frame.at(t, half if side == "right" else -half)


def _hem_t(body: Body, frame: Frame, sides: Sides, *, marks: TorsoMarks, long: bool) -> float:
    """Where the hem lies: the garment's own length, or just below the worn hem where that is near.

    Size is unknown from pictures, and covering what is worn looks better than inventing what
    lay under it.
    """
    middle = STATIONS.searchsorted(0.35)
    chest = float(sides.left_px[middle] + sides.right_px[middle])
    natural = marks.length_px / marks.chest_px * chest / frame.trunk_px - 0.12
    natural = float(np.clip(natural, 1.0 if long else 0.95, 1.15 if long else 1.25))
    worn = body.worn.hem_t
    hem = natural
    if 0 < worn < natural:
        hem = max(worn + 0.02, min(natural, worn + 0.08)) if natural - worn < 0.25 else natural
    elif natural <= worn < natural + 0.42:
        hem = worn + 0.015
    bottom = (body.alpha.shape[0] - 1 - frame.origin[1]) / max(frame.down[1] * frame.trunk_px, 1.0)
    return float(min(np.clip(hem, 0.9, 1.6), bottom + 0.03))


def _hem(frame: Frame, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The hem (40, 2) px: it hangs a little lower in the middle, as a ring seen from above."""
    share = np.linspace(0, 1, 40)[:, None]
    sag = 0.03 * frame.unit_px * np.sin(np.pi * share)
    return left + (right - left) * share + frame.down * sag
