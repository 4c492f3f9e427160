"""The arms: where they are, how far the worn sleeve reaches, what of the torso they cover."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.studio.fitting.body import Arm, Part, Point, Side
from pipelines.studio.fitting.body_frame import ELBOWS, SHOULDERS, SIDES, WRISTS, Frame

BARE_BELOW = 0.32
"""A sleeve that ends above this (0 shoulder, 1 elbow) is none: the first place looked at is 0.3,
beyond the shoulder's own cloth."""


def arms_of(frame: Frame, *, parts: np.ndarray, scale: float) -> Mapping[Side, Arm]:
    """Both arms from the small parts map; points are divided by `scale` into full-size px."""
    return {side: _arm(side, frame=frame, parts=parts, scale=scale) for side in SIDES}


def _arm(side: Side, *, frame: Frame, parts: np.ndarray, scale: float) -> Arm:
    sleeve = _sleeve_end(side, frame=frame, parts=parts)

    def full(point: np.ndarray) -> Point:
        return float(point[0] / scale), float(point[1] / scale)

    return Arm(
        shoulder=full(frame.at(SHOULDERS[side])),
        elbow=full(frame.at(ELBOWS[side])),
        wrist=full(frame.at(WRISTS[side])),
        hand_end=full(frame.hand_end(side)),
        worn_sleeve_t=sleeve,
        bare=sleeve < BARE_BELOW,
        before_torso=before_torso(side, frame=frame),
        visibility=float(min(frame.points[ELBOWS[side], 3], frame.points[WRISTS[side], 3])),
    )


def _sleeve_end(side: Side, *, frame: Frame, parts: np.ndarray) -> float:
    """The first place along the arm that is mostly skin; 2.0 when none is."""
    for place in np.linspace(0.3, 2.0, 35):
        window = _window(parts, arm_point(side, place, frame=frame), 0.05 * frame.unit_px)
        if window.size and np.mean(window == Part.SKIN) > 0.5:
            return 0.0 if place < BARE_BELOW else float(place)
    return 2.0


def arm_point(side: Side, place: float, *, frame: Frame) -> np.ndarray:
    """The point at `place` along the arm: 0 shoulder, 1 elbow, 2 wrist."""
    elbow = frame.at(ELBOWS[side])
    if place <= 1:
        shoulder = frame.at(SHOULDERS[side])
        return shoulder + (elbow - shoulder) * place
    return elbow + (frame.at(WRISTS[side]) - elbow) * (place - 1)


def before_torso(side: Side, *, frame: Frame) -> float:
    """The share of the torso that forearm and hand lie over. Source: tryon.md §3."""
    torso = frame.torso(shoulder=0.9, hip=1.1, top=0.05, bottom=0.95)
    limb = frame.forearm(side, (0.10, 0.08)) | frame.hand(side, (0.09, 0.09))
    return float((torso & limb).sum() / max(int(torso.sum()), 1))


def _window(parts: np.ndarray, point: np.ndarray, radius: float) -> np.ndarray:
    reach = max(1, round(radius))
    x, y = round(float(point[0])), round(float(point[1]))
    return parts[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
