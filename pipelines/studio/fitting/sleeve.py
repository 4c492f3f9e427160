"""A sleeve on an arm: two smooth edges from the shoulder to the cuff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.studio.fitting.body import Arm, Body, Part
from pipelines.studio.fitting.cuff import AT_WRIST_T, cuff_covered, cuff_reach_t, pocket_t
from pipelines.studio.fitting.fit_pieces import SleeveTarget
from pipelines.studio.fitting.garment_view import SleeveMarks, Sleeves
from pipelines.studio.fitting.mesh_curves import armhole, hermite, normals, resample, smooth
from pipelines.studio.fitting.target_frame import Frame, reach, steady

ARM_AT = (0.0, 0.3, 1.0, 2.0, 2.3)
ARM_RADIUS = (0.17, 0.15, 0.115, 0.075, 0.07)
"""Half of an arm's width in body units, by place: 0 shoulder, 1 elbow, 2 wrist. Source: a
prototype's means over 39 photographed people."""

RIDES_UP_T = 0.17
"""How far above a pocket's rim a cuff ends, in forearms. Source: by eye, one man in two."""

STATIONS = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SleeveCut:
    """What the garment says of its sleeve, in chest widths: `length` and `cuff`, flat."""

    length: float
    cuff: float
    long: bool

    @classmethod
    def of(cls, marks: SleeveMarks, *, chest_px: float, sleeves: Sleeves) -> SleeveCut:
        """The cut that the picture shows."""
        start, end = (marks.outer[0] + marks.inner[0]) / 2, (marks.outer[-1] + marks.inner[-1]) / 2
        return cls(
            length=float(np.linalg.norm(end - start)) / chest_px,
            cuff=float(np.linalg.norm(marks.outer[-1] - marks.inner[-1])) / chest_px,
            long=sleeves is Sleeves.LONG,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Armhole:
    """Where the sleeve is sewn on: shoulder `tip`, `armpit`, `seam` (n, 2), the chest's width."""

    tip: np.ndarray
    armpit: np.ndarray
    seam: np.ndarray
    chest_px: float

    @classmethod
    def at(cls, tip: np.ndarray, armpit: np.ndarray, *, chest_px: float, side: str) -> Armhole:
        """The armhole between a shoulder tip and an armpit of the picture's `side`."""
        inwards = 1.0 if side == "left" else -1.0
        seam = armhole(tip, armpit, chest_px=chest_px, inwards=inwards)
        return cls(tip=tip, armpit=armpit, seam=seam, chest_px=chest_px)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Axis:
    """The arm's bone line at stations `t`, smoothed at the elbow, and its outward normals."""

    t: np.ndarray
    points: np.ndarray
    out: np.ndarray


def sleeve_target(
    body: Body, frame: Frame, *, side: str, hole: Armhole, cut: SleeveCut
) -> SleeveTarget:
    """The sleeve's edges on that arm; `side` is `left` or `right` in the picture."""
    arm = body.arms["left" if side == "left" else "right"]
    end_t = _end(body, frame, side=side, hole=hole, cut=cut)
    axis = _axis(arm, frame, side=side, end_t=end_t)
    fan = _fan(axis, hole.tip)
    ease = _ease(axis, arm, cut=cut)
    outward, inward = _radii(body, frame, axis, hole=hole)
    widths = _widened(outward * ease, inward * ease, hole=hole, cut=cut, axis=axis)
    if cut.long and arm.worn_sleeve_t > AT_WRIST_T:
        widths = cuff_covered(body, axis.points, axis.out, t=axis.t, widths=np.stack(widths))
    if not cut.long:
        widths = (_hanging(widths[0]), widths[1])
    outer = axis.points + fan * (widths[0] + 0.006 * frame.unit_px)[:, None]
    outer = np.vstack([hole.tip[None], outer[1:]])
    edge = axis.points - axis.out * widths[1][:, None]
    if not cut.long:
        edge = _beside(edge, frame, hole=hole, side=side)
    inner = _inner_edge(axis, edge, hole=hole)
    return SleeveTarget(
        outer=resample(_pinned(outer, 1.2), STATIONS),
        inner=resample(inner, STATIONS),
        axis=axis.points,
        end_t=end_t,
    )


def worn_sleeve(body: Body, frame: Frame, *, side: str, hole: Armhole) -> SleeveMarks:
    """The sleeve that the person wears on that arm, as long as it shows, without ease."""
    arm = body.arms["left" if side == "left" else "right"]
    axis = _axis(arm, frame, side=side, end_t=float(np.clip(arm.worn_sleeve_t, 0.4, 2.0)))
    outward, inward = _radii(body, frame, axis, hole=hole)
    outer = axis.points + _fan(axis, hole.tip) * outward[:, None]
    outer = np.vstack([hole.tip[None], outer[1:]])
    edge = axis.points - axis.out * inward[:, None]
    if axis.t[-1] < 1.1:
        edge = _beside(edge, frame, hole=hole, side=side)
    return SleeveMarks(
        outer=resample(_pinned(outer, 1.2), 80),
        inner=resample(_inner_edge(axis, edge, hole=hole), 80),
    )


def _radii(
    body: Body, frame: Frame, axis: _Axis, *, hole: Armhole
) -> tuple[np.ndarray, np.ndarray]:
    """The arm's half widths (n,) px on its outer and its inner side."""
    base = np.interp(axis.t, ARM_AT, ARM_RADIUS) * frame.unit_px
    outward = _radius(body, axis, _fan(axis, hole.tip), base=base, pinned=hole.tip)
    inward = _radius(body, axis, -axis.out, base=base, pinned=None)
    return outward, np.minimum(inward, 1.35 * np.maximum(outward, base))


def _hanging(outward: np.ndarray) -> np.ndarray:
    """A short sleeve's outer half width: from the deltoid on it falls straight, never tucked in."""
    count = len(outward)
    peak = int(np.argmax(outward[: count // 2]))
    end = max(float(outward[-1]), 0.94 * float(outward[peak]))
    straight = np.interp(np.arange(count), [peak, count - 1], [outward[peak], end])
    fallen = np.where(np.arange(count) >= peak, straight, outward)
    return smooth(fallen, 2.0)


def _beside(edge: np.ndarray, frame: Frame, *, hole: Armhole, side: str) -> np.ndarray:
    """The inner edge kept from running in over the trunk: there the arm is behind or against it."""
    outwards = frame.right * (1.0 if side == "right" else -1.0)
    inside = (hole.armpit - edge) @ outwards - 0.04 * hole.chest_px
    return edge + outwards * np.maximum(inside, 0)[:, None]


def _pinned(curve: np.ndarray, sigma: float) -> np.ndarray:
    """The curve smoothed, both ends where they were: they are sewn on."""
    found = smooth(curve, sigma)
    found[[0, -1]] = curve[[0, -1]]
    return found


def _end(body: Body, frame: Frame, *, side: str, hole: Armhole, cut: SleeveCut) -> float:
    """Where the cuff lies on the arm; a worn sleeve that is a little longer is covered too."""
    if cut.long:
        worn_t = cuff_reach_t(body, side)
        if worn_t > AT_WRIST_T:
            return max(worn_t + 0.04, 1.95)
        # A cuff rides up on the wrist above a pocket: cut off by its rim it would hang before it.
        return float(np.clip(pocket_t(body, side) - RIDES_UP_T, 1.7, 1.97))
    arm = body.arms["left" if side == "left" else "right"]
    upper = float(np.linalg.norm(np.subtract(arm.elbow, arm.shoulder)))
    natural = cut.length * hole.chest_px / max(0.62 * frame.unit_px, upper) + 0.18
    natural = float(np.clip(natural, 0.42, 0.9))
    if not arm.bare and 0 < arm.worn_sleeve_t - natural < 0.45 and arm.worn_sleeve_t < 1.05:
        return min(arm.worn_sleeve_t + 0.03, 1.0)
    return natural


def _axis(arm: Arm, frame: Frame, *, side: str, end_t: float) -> _Axis:
    shoulder, elbow, wrist = (np.array(p, float) for p in (arm.shoulder, arm.elbow, arm.wrist))
    t = np.linspace(0, end_t, STATIONS)
    upper, lower = elbow - shoulder, wrist - elbow
    fine = np.linspace(-0.3, 2.6, 291)[:, None]
    bone = np.where(fine <= 1, shoulder + upper * fine, elbow + lower * (fine - 1))
    bone = smooth(bone, 14.0)
    points = np.stack([np.interp(t, fine[:, 0], bone[:, axis]) for axis in (0, 1)], axis=1)
    around = normals(bone)
    out = np.stack([np.interp(t, fine[:, 0], around[:, axis]) for axis in (0, 1)], axis=1)
    sign = 1.0 if side == "right" else -1.0
    # At the upper arm the outside is away from the trunk, and upwards where the arm is raised.
    if out[STATIONS // 8] @ (frame.right * sign - 0.6 * frame.down) < 0:
        out = -out
    return _Axis(t=t, points=points, out=out / np.linalg.norm(out, axis=1, keepdims=True))


def _fan(axis: _Axis, tip: np.ndarray) -> np.ndarray:
    """Directions from the bone to the outer edge: at the joint towards the tip, then outwards."""
    first = tip - axis.points[0]
    first = first / max(float(np.linalg.norm(first)), 1e-6)
    share = np.clip(axis.t / 0.45, 0, 1)[:, None]
    share = share * share * (3 - 2 * share)
    turned = first * (1 - share) + axis.out * share
    return turned / np.linalg.norm(turned, axis=1, keepdims=True)


def _radius(
    body: Body, axis: _Axis, directions: np.ndarray, *, base: np.ndarray, pinned: np.ndarray | None
) -> np.ndarray:
    """The arm's half width (n,) px along the directions: what the silhouette shows, smoothed."""
    solid = body.alpha >= 128
    far = reach(solid, axis.points, directions, limit_px=2.2 * float(base.max()))
    bare = solid & (body.parts == Part.SKIN)
    skin = reach(bare, axis.points, directions, limit_px=2.2 * float(base.max()))
    far = np.where(np.isnan(far), skin, np.fmin(far, np.where(skin > 0.5 * base, skin, np.nan)))
    ratio = far / base
    seen = (ratio > 0.5) & (ratio < (1.6 if pinned is None else 1.95))
    weights = np.where(seen, 1.0, 0.02)
    level = float(np.median(ratio[seen])) if seen.sum() > 4 else 1.0
    values = np.where(seen, ratio, level)
    if pinned is not None:
        values[0] = float(np.linalg.norm(pinned - axis.points[0])) / base[0]
        weights[0] = 1.0
    curve = steady(values, weights, stiffness=60.0)
    if pinned is not None:  # what is worn must not look out at the elbow
        curve = curve + smooth(np.clip(np.where(seen, values, curve) - curve, 0, 0.6), 1.5)
    return curve * base


def _ease(axis: _Axis, arm: Arm, *, cut: SleeveCut) -> np.ndarray:
    """How far cloth stands off the arm: a little over cloth that was measured, more over skin."""
    over_skin = axis.t > arm.worn_sleeve_t + 0.05
    if cut.long:
        return smooth(np.where(over_skin, 1.2, 1.04), 3.0)
    return np.where(over_skin, 1.0 + 0.12 * np.clip(axis.t / axis.t[-1], 0, 1), 1.04)


def _widened(
    outward: np.ndarray, inward: np.ndarray, *, hole: Armhole, cut: SleeveCut, axis: _Axis
) -> tuple[np.ndarray, np.ndarray]:
    """Both half widths with the cuff as wide as the garment's: flat cloth around a round arm.

    Worn, a flat cuff of width w shows between 2w/π (round) and w (flat): 0.85 w. Gravity lets it
    hang on the inside of the arm.
    """
    arm_wide = float(outward[-1] + inward[-1])
    wish = 0.85 * cut.cuff * hole.chest_px
    if cut.long:
        wish = min(wish, 1.25 * arm_wide)
    extra = float(np.clip(wish, 1.02 * arm_wide, 1.38 * arm_wide)) - arm_wide
    grow = np.clip(axis.t / axis.t[-1], 0, 1) ** 1.5
    return outward + 0.4 * extra * grow, inward + 0.6 * extra * grow


def _inner_edge(axis: _Axis, edge: np.ndarray, *, hole: Armhole) -> np.ndarray:
    """From the armpit to the inner cuff corner, along the arm's inner edge where there is room."""
    run = axis.points[-1] - axis.points[0]
    along = (edge - hole.armpit) @ (run / max(float(np.linalg.norm(run)), 1e-6))
    upper = hole.seam[-1] - hole.seam[-4]
    beyond = (edge - hole.armpit) @ (upper / max(float(np.linalg.norm(upper)), 1e-6))
    cuff = edge[-1]
    gap = float(np.linalg.norm(cuff - hole.armpit))
    later = np.flatnonzero((beyond > 0.35 * min(gap, hole.chest_px * 0.4)) & (axis.t > 0.3))
    if later.size < 4 or axis.t[-1] < 1.1:
        return _short_inner(axis, cuff, hole=hole, gap=gap, along=float(along[-1]))
    first = int(later[0])
    onward = edge[min(first + 1, len(edge) - 1)] - edge[first]
    onward = onward / max(float(np.linalg.norm(onward)), 1e-6)
    span = float(np.linalg.norm(edge[first] - hole.armpit))
    leave = upper / max(float(np.linalg.norm(upper)), 1e-6)
    start = hermite(
        hole.armpit, edge[first], leave=leave * 0.7 * span, arrive=onward * span, count=10
    )
    return _pinned(np.vstack([start[:-1], edge[first:]]), 1.0)


def _short_inner(
    axis: _Axis, cuff: np.ndarray, *, hole: Armhole, gap: float, along: float
) -> np.ndarray:
    """A short sleeve's lower seam: nearly straight, and never shorter than a hand's breadth."""
    run = axis.points[-1] - axis.points[-3]
    run = run / max(float(np.linalg.norm(run)), 1e-6)
    least = 0.1 * hole.chest_px
    end = cuff if along > least else cuff + run * (least - along)
    leave = hole.seam[-1] - hole.seam[-4]
    leave = leave / max(float(np.linalg.norm(leave)), 1e-6)
    gap = max(gap, least)
    return hermite(hole.armpit, end, leave=leave * gap * 0.5, arrive=run * gap * 0.6, count=20)


def sleeve_cuts(
    sleeves_of: Mapping[str, SleeveMarks], *, chest_px: float, sleeves: Sleeves
) -> SleeveCut | None:
    """The mean of both sleeves' cuts; None for a sleeveless garment."""
    cuts = [SleeveCut.of(one, chest_px=chest_px, sleeves=sleeves) for one in sleeves_of.values()]
    if not cuts:
        return None
    return SleeveCut(
        length=float(np.mean([one.length for one in cuts])),
        cuff=float(np.mean([one.cuff for one in cuts])),
        long=cuts[0].long,
    )
