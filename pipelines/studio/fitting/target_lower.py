"""Where trousers and skirts go on a body: waist, sides, legs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.garment_view import LowerMarks
from pipelines.studio.fitting.mesh_curves import at_shares, lengths, resample, smooth
from pipelines.studio.fitting.target_frame import Frame, reach, steady
from pipelines.studio.fitting.target_torso import arm_masks, find_sides

WAIST_T = 0.86
"""Where a waistband lies on the trunk, 0 at the shoulders, 1 at the hip joints."""

LEG_JOINTS = {"left": (24, 26, 28), "right": (23, 25, 27)}
"""BlazePose's hip, knee and ankle by the side of the image they are on in a frontal view."""

LEG_AT = (0.0, 0.35, 1.0, 2.0)
LEG_RADIUS = (0.30, 0.27, 0.19, 0.13)
"""Half of a clothed leg's width in body units: 0 hip, 1 knee, 2 ankle. Source: drawn from the same
39 people as the arms down to the thigh; below it from Winter 2009, Biomechanics, fig. 4.1."""

CROTCH_T = 0.22
"""How far below the hip joints the crotch lies, in thigh lengths."""

STATIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LowerPlace:
    """Curves (n, 2) px: `waist` left to right, `outer` and `inner` by side as in `LowerMarks`."""

    waist: np.ndarray
    outer: Mapping[str, np.ndarray]
    inner: Mapping[str, np.ndarray]
    waist_px: float


def lower_place(body: Body, marks: LowerMarks) -> LowerPlace:
    """Where a lower garment goes."""
    frame = Frame.of(body)
    sides = find_sides(body, frame)
    t = np.linspace(WAIST_T, 1.12, 16)
    hips = {
        "left": frame.at(t, -1.03 * sides.half_px("left", t)),
        "right": frame.at(t, 1.03 * sides.half_px("right", t)),
    }
    share = np.linspace(0, 1, 40)[:, None]
    waist = hips["left"][0] * (1 - share) + hips["right"][0] * share
    waist = waist + frame.down * 0.02 * frame.unit_px * np.sin(np.pi * share)
    waist_px = float(np.linalg.norm(waist[-1] - waist[0]))
    scale = waist_px / float(np.linalg.norm(marks.waist[-1] - marks.waist[0]))
    if marks.is_skirt:
        outer = {s: _skirt_side(frame, hips[s], marks, side=s, scale=scale) for s in hips}
        return LowerPlace(waist=waist, outer=outer, inner={}, waist_px=waist_px)
    legs = {s: _leg(body, frame, marks, side=s, scale=scale) for s in ("left", "right")}
    crotch = (legs["left"][1][0] + legs["right"][1][0]) / 2
    return LowerPlace(
        waist=waist,
        outer={s: smooth_join(hips[s], legs[s][0]) for s in hips},
        inner={s: resample(np.vstack([crotch[None], legs[s][1][1:]]), 60) for s in hips},
        waist_px=waist_px,
    )


def smooth_join(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """One smooth curve (80, 2) from the hips' side into the leg's, where the leg takes over."""
    below = lower[lower[:, 1] > upper[-1, 1] + 2]
    joined = resample(np.vstack([upper, below]) if len(below) > 2 else upper, 80)
    ends = joined[[0, -1]].copy()
    joined = smooth(joined, 3.0)
    joined[[0, -1]] = ends
    return joined


def _leg(
    body: Body, frame: Frame, marks: LowerMarks, *, side: str, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """The leg's outer edge from the hip and its inner edge from the crotch to the cuff."""
    hip, knee, ankle = (body.pose.points[i, :2].astype(float) for i in LEG_JOINTS[side])
    fine = np.linspace(0, 2.1, 211)[:, None]
    bone = np.where(fine <= 1, hip + (knee - hip) * fine, knee + (ankle - knee) * (fine - 1))
    bone = smooth(bone, 8.0)
    end = _cuff_t(bone, marks.inner[side], scale=scale)
    t = np.linspace(0, end, STATIONS)
    axis = np.stack([np.interp(t, fine[:, 0], bone[:, k]) for k in (0, 1)], axis=1)
    run = np.gradient(axis, axis=0)
    out = np.stack([run[:, 1], -run[:, 0]], axis=1) * (1 if side == "right" else -1)
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    other = body.pose.points[list(LEG_JOINTS["left" if side == "right" else "right"]), :2]
    base = np.interp(t, LEG_AT, LEG_RADIUS) * frame.unit_px
    outward = _radius(body, axis, out, base)
    inward = _radius(body, axis, -out, base)
    half_gap = np.interp(
        t, [0, 1, 2], np.linalg.norm(np.stack([hip, knee, ankle]) - other, axis=1) / 2
    )
    inward = np.minimum(inward, half_gap * 0.985)
    below = t >= CROTCH_T
    return axis + out * outward[:, None], (axis - out * inward[:, None])[below]


def _radius(body: Body, axis: np.ndarray, out: np.ndarray, base: np.ndarray) -> np.ndarray:
    """The leg's half width (n,) px along `out`; where a hand hangs before it, guessed."""
    solid = (body.alpha >= 128) & (body.parts != Part.OTHER)
    hands = arm_masks(body, side="left")[0] | arm_masks(body, side="right")[0]
    far = reach(solid, axis, out, limit_px=2 * float(base.max()))
    clear = far == reach(solid & ~hands, axis, out, limit_px=2 * float(base.max()))
    ratio = far / base
    seen = clear & (ratio > 0.55) & (ratio < 1.25)
    level = float(np.median(ratio[seen])) if seen.sum() > 4 else 1.0
    weights = np.where(seen, 1.0, 0.03)
    return 1.04 * steady(np.where(seen, ratio, level), weights, stiffness=80.0) * base


def _cuff_t(bone: np.ndarray, inner: np.ndarray, *, scale: float) -> float:
    """Where the cuff lies on the leg; trousers that nearly reach the ankle reach it."""
    wish = float(lengths(inner)[-1]) * scale
    along = lengths(bone)
    start = along[round(CROTCH_T * 100)]
    end = float(np.interp(start + wish, along, np.linspace(0, 2.1, len(bone))))
    return 2.0 if end > 1.75 else max(end, CROTCH_T + 0.2)


def _skirt_side(
    frame: Frame, hip: np.ndarray, marks: LowerMarks, *, side: str, scale: float
) -> np.ndarray:
    """A skirt's side: as far out as the garment's own flare, at least around the hips."""
    source = resample(marks.outer[side], 80)
    off = (source - source[0]) * scale
    own = hip[0] + frame.right * off[:, :1] + frame.down * off[:, 1:]
    sign = -1.0 if side == "left" else 1.0
    level = (own - frame.origin) @ frame.down
    hips = np.interp(level, (hip - frame.origin) @ frame.down, (hip - hip[0]) @ frame.right * sign)
    least = np.maximum((own - hip[0]) @ frame.right * sign, hips)
    push = least - (own - hip[0]) @ frame.right * sign
    return at_shares(own + frame.right * sign * smooth(push, 3.0)[:, None], np.linspace(0, 1, 80))
