"""A garment in a picture of a person who wears it: the body gives its landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.errors import Refused
from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.garment_print import carried_on, find_print
from pipelines.studio.fitting.garment_view import GarmentView, Sleeves, Style, TorsoMarks
from pipelines.studio.fitting.mesh_curves import resample
from pipelines.studio.fitting.sleeve import Armhole, worn_sleeve
from pipelines.studio.fitting.target import ARMPIT_T
from pipelines.studio.fitting.target_frame import Frame
from pipelines.studio.fitting.target_neck import shoulder_line, shoulder_tip
from pipelines.studio.fitting.target_torso import find_sides

HIDDEN_MAX = 0.05
"""Share of the front that arms or hair may hide: what is filled in there is only smooth. By eye on
twelve worn tops: up to 0.049 nothing is seen of it, from 0.068 on there are stains."""

SHORT_FROM_T, LONG_FROM_T = 0.3, 1.4
"""Where a worn sleeve ends on the arm (0 shoulder, 1 elbow, 2 wrist) to count as one, as long."""


def worn_top(rgb: np.ndarray, body: Body, *, kind: GarmentKind) -> GarmentView:
    """The top that the person in the (H, W, 3) uint8 picture wears.

    Raises Refused ("garment-view") when it is sleeveless, worn open, or hidden too much.
    """
    if body.worn.open_front:
        raise Refused("garment-view", "the garment is worn open, over another; show it closed")
    frame = Frame.of(body)
    torso = _torso(body, frame)
    sleeves = _sleeves(body)
    holes = {
        side: Armhole.at(tip, edge[0], chest_px=torso.chest_px, side=side)
        for side, tip, edge in (
            ("left", torso.shoulder_left, torso.side_left),
            ("right", torso.shoulder_right, torso.side_right),
        )
    }
    hidden = _hidden(body, torso)
    if hidden > HIDDEN_MAX:
        raise Refused(
            "garment-view",
            f"arms or hair hide {hidden:.0%} of the garment (at most {HIDDEN_MAX:.0%})",
        )
    cloth = _cloth(rgb, body)
    return GarmentView(
        kind=kind,
        style=Style.COLLAR if body.worn.high_collar else Style.TEE,
        sleeves=sleeves,
        rgba=cloth,
        texture=carried_on(cloth),
        outline=_outline(torso),
        torso=torso,
        sleeves_of={side: worn_sleeve(body, frame, side=side, hole=h) for side, h in holes.items()},
        worn=True,
        open_front=body.worn.open_front,
        print_box=find_print(cloth, torso),
        measures={"hidden": hidden},
    )


def _sleeves(body: Body) -> Sleeves:
    ends = [arm.worn_sleeve_t for arm in body.arms.values()]
    if min(ends) < SHORT_FROM_T:
        raise Refused("garment-view", "worn sleeveless tops can't be taken out of a picture yet")
    return Sleeves.LONG if min(ends) > LONG_FROM_T else Sleeves.SHORT


def _torso(body: Body, frame: Frame) -> TorsoMarks:
    sides = find_sides(body, frame)
    t = np.linspace(ARMPIT_T, body.worn.hem_t, 60)
    solid = (body.alpha >= 128) & (body.parts != Part.HAIR)
    tips = {side: shoulder_tip(body, frame, solid, side=side) for side in ("left", "right")}
    neck = _neck(body, frame)
    left = shoulder_line(frame, solid, neck[0], tips["left"])
    right = shoulder_line(frame, solid, neck[-1], tips["right"])
    side_left = frame.at(t, -sides.half_px("left", t))
    side_right = frame.at(t, sides.half_px("right", t))
    return TorsoMarks(
        neck=neck,
        shoulder_left=left[-1],
        shoulder_right=right[-1],
        side_left=side_left,
        side_right=side_right,
        hem=resample(np.array([side_left[-1], side_right[-1]]), 200),
        back=np.empty((0, 2)),
    )


def _neck(body: Body, frame: Frame) -> np.ndarray:
    """The worn neckline; where no skin shows above it, a shallow one at the neck's foot."""
    found = np.asarray(body.worn.neckline, float)
    if len(found) >= 8 and np.linalg.norm(found[-1] - found[0]) > 0.25 * frame.unit_px:
        return resample(found, 40)
    turn = np.linspace(0, np.pi, 40)
    across = -np.cos(turn) * 0.26 * frame.unit_px
    rise = -0.22 * frame.unit_px / frame.trunk_px
    return frame.at(rise + np.sin(turn) * 0.12 * frame.unit_px / frame.trunk_px, across)


def _outline(torso: TorsoMarks) -> np.ndarray:
    return np.vstack(
        [
            torso.neck,
            torso.shoulder_right[None],
            torso.side_right,
            torso.hem[::-1],
            torso.side_left[::-1],
            torso.shoulder_left[None],
        ]
    )


def _hidden(body: Body, torso: TorsoMarks) -> float:
    """The share of the front that shows something else than the top."""
    front = np.zeros(body.parts.shape, np.uint8)
    cv2.fillPoly(front, [np.rint(_outline(torso)).astype(np.int32)], 1)
    side = max(3, round(0.03 * torso.chest_px) * 2 + 1)
    front = cv2.erode(front, np.ones((side, side), np.uint8)) > 0
    return float(np.mean(body.parts[front] != Part.TOP)) if front.any() else 1.0


def _cloth(rgb: np.ndarray, body: Body) -> np.ndarray:
    """The top's pixels (H, W, 4) float32 premultiplied; the rim, where colours mix, left out."""
    top = ((body.parts == Part.TOP) & (body.alpha >= 200)).astype(np.uint8)
    side = max(3, round(0.012 * body.unit_px) * 2 + 1)
    alpha = cv2.erode(top, np.ones((side, side), np.uint8)).astype(np.float32)
    return np.dstack([rgb.astype(np.float32) / 255 * alpha[..., None], alpha])
