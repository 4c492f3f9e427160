"""Shoulder line and neckline on a body."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.garment_view import Style, TorsoMarks
from pipelines.studio.fitting.mesh_curves import resample, smooth
from pipelines.studio.fitting.target_frame import Frame, reach, steady
from pipelines.studio.fitting.target_hood import Throat, hood_place

DEPTH_CAP = {Style.HOOD: 0.24, Style.COLLAR: 0.30}
"""Deepest front neckline in body units; other styles 0.42. A hood's opening is drawn together."""

WIDTH_SHARES = (0.85, 1.07)
"""How much narrower or wider than most a neckline is worn. Source: by eye, two tees measured
1.2 wide leave a shelf of shoulder bare on seven people at 1.2, and none at 1.07."""

HOOD_AROUND = 0.04
"""How far beside the neck a hood's opening runs, in body units: its front edges lie close."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shoulders:
    """Curves (n, 2) px: `neck` left to right, `left` and `right` from neck point to shoulder tip.

    A hood stands between: `stand_left` and `stand_right` run from the ends of its rim, which is
    the `neck`, down to where `left` and `right` begin; without one they are empty.
    """

    neck: np.ndarray
    left: np.ndarray
    right: np.ndarray
    stand_left: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    stand_right: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))

    @property
    def roots(self) -> np.ndarray:
        """Where the neckline, or the hood that stands there, meets both shoulders: (2, 2)."""
        return np.stack([self.left[0], self.right[0]])


def find_shoulders(body: Body, frame: Frame, *, marks: TorsoMarks, style: Style) -> Shoulders:
    """Where the neckline and the shoulder seams of a top lie on the body."""
    solid = (body.alpha >= 128) & (body.parts != Part.HAIR)
    tips = {side: shoulder_tip(body, frame, solid, side=side) for side in ("left", "right")}
    points = _neck_points(body, frame, solid, marks=marks, style=style)
    neck = _neckline(frame, points, marks=marks, style=style)
    lines = {
        side: shoulder_line(frame, solid, points[side], tips[side]) for side in ("left", "right")
    }
    if not marks.has_hood:
        return Shoulders(neck=neck, left=lines["left"], right=lines["right"])
    throat = _throat(body, frame, solid, points=points)
    hood = hood_place(frame, lines, throat, marks=marks)
    return Shoulders(
        neck=hood.rim,
        left=hood.left_line,
        right=hood.right_line,
        stand_left=hood.left,
        stand_right=hood.right,
    )


def _throat(
    body: Body, frame: Frame, solid: np.ndarray, *, points: dict[str, np.ndarray]
) -> Throat:
    roots = [(frame.origin - point) @ frame.down for point in points.values()]
    return Throat(
        half_px=_neck_half_px(body, frame, solid),
        root_px=float(np.mean(roots)),
        chin_px=float((frame.origin - np.array(body.chin, float)) @ frame.down),
        lean_px=_lean_px(body, frame),
    )


def _lean_px(body: Body, frame: Frame) -> float:
    """How far the neck leans to the right, as the chin shows it."""
    limit = 0.06 * frame.unit_px
    return float(np.clip((body.chin[0] - frame.origin[0]) * 0.18, -limit, limit))


def shoulder_tip(body: Body, frame: Frame, solid: np.ndarray, *, side: str) -> np.ndarray:
    """The shoulder tip: from the joint up and out to the silhouette, within 0.09 to 0.24 U."""
    sign = -1 if side == "left" else 1
    start = np.array([body.arms["left" if side == "left" else "right"].shoulder], float)
    out = np.array([frame.right * sign * 0.5 - frame.down])
    far = reach(solid, start, out, limit_px=0.4 * frame.unit_px)[0]
    far = 0.15 * frame.unit_px if np.isnan(far) else far
    far = float(np.clip(far, 0.09 * frame.unit_px, 0.24 * frame.unit_px))
    return start[0] + out[0] / np.linalg.norm(out[0]) * far


def _neck_points(
    body: Body, frame: Frame, solid: np.ndarray, *, marks: TorsoMarks, style: Style
) -> dict[str, np.ndarray]:
    """Where the neckline meets the shoulder seams: up from the shoulder line to the silhouette."""
    unit = frame.unit_px
    width = float(np.linalg.norm(marks.neck[-1] - marks.neck[0]))
    share = float(np.clip(width / marks.chest_px / 0.38, *WIDTH_SHARES))
    off = max(0.235 * frame.shoulders_px * share, 0.17 * unit)
    if style is Style.HOOD:
        off = _neck_half_px(body, frame, solid) + HOOD_AROUND * unit
    lean = _lean_px(body, frame)
    rises = {}
    for side, sign in (("left", -1), ("right", 1)):
        base = frame.origin + frame.right * (lean + sign * off)
        far = reach(solid, base[None], -frame.down[None], limit_px=0.6 * unit)[0]
        over = np.rint(base - frame.down * ((0 if np.isnan(far) else far) + 4)).astype(int)
        over = np.clip(over, 0, np.array(body.parts.shape[::-1]) - 1)
        hidden = np.isnan(far) or far > 0.41 * unit or body.parts[over[1], over[0]] == Part.HAIR
        rises[side] = 0.27 * unit if hidden else float(np.clip(far, 0.17 * unit, 0.36 * unit))
    mean = sum(rises.values()) / 2
    return {
        side: frame.origin
        + frame.right * (lean + sign * off)
        - frame.down * (0.4 * rises[side] + 0.6 * mean)
        for side, sign in (("left", -1), ("right", 1))
    }


def _neck_half_px(body: Body, frame: Frame, solid: np.ndarray) -> float:
    """Half the neck's width, measured half-way between chin and shoulders."""
    middle = (np.array(body.chin, float) + frame.origin) / 2
    starts, directions = np.stack([middle, middle]), np.stack([-frame.right, frame.right])
    far = reach(solid, starts, directions, limit_px=0.4 * frame.unit_px)
    far = far[~np.isnan(far)]
    half = float(far.min()) if far.size else 0.18 * frame.unit_px
    return float(np.clip(half, 0.14 * frame.unit_px, 0.22 * frame.unit_px))


def _neckline(
    frame: Frame, points: dict[str, np.ndarray], *, marks: TorsoMarks, style: Style
) -> np.ndarray:
    """The garment's own neckline: its form, and its depth in widths; the neck adds a little.

    Flat on a table the neckline is as deep as it is cut; on a body the trapezius lifts its ends.
    """
    left, right = points["left"], points["right"]
    width = float(np.linalg.norm(right - left))
    source = marks.neck
    source_width = float(np.linalg.norm(source[-1] - source[0]))
    cut = float((source[:, 1] - (source[0, 1] + source[-1, 1]) / 2).max()) / source_width
    depth = float(np.clip(cut, 0.26, 0.7)) * width + 0.01 * frame.unit_px
    depth = min(depth, DEPTH_CAP.get(style, 0.42) * frame.unit_px)
    shift = float(np.clip(np.sin(np.radians(frame.yaw_deg)), -0.5, 0.5)) * 0.3 * width / 2
    across, hang = _shape(source)
    return (
        left
        + (right - left) * across[:, None]
        + (frame.down * depth + frame.right * shift) * hang[:, None]
    )


def _shape(neck: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The neckline's own form, round or pointed: places across and depths, both 0 to 1, (40,)."""
    fine = resample(neck, 40)
    chord = fine[-1] - fine[0]
    length = max(float(np.linalg.norm(chord)), 1e-6)
    off = fine - fine[0]
    hang = (off[:, 1] * chord[0] - off[:, 0] * chord[1]) / length
    return off @ chord / length**2, np.clip(hang / max(float(hang.max()), 1e-6), 0, 1) ** 0.95


def shoulder_line(
    frame: Frame, solid: np.ndarray, start: np.ndarray, tip: np.ndarray
) -> np.ndarray:
    """The shoulder line from the neck point to the tip, following the trapezius' outline."""
    share = np.linspace(0, 1, 20)
    straight = start + (tip - start) * share[:, None]
    below = 0.08 * frame.unit_px
    up = np.broadcast_to(-frame.down, straight.shape)
    far = reach(solid, straight + frame.down * below, up, limit_px=2.2 * below) - below
    seen = ~np.isnan(far)
    rise = steady(np.where(seen, far, 0.0), np.where(seen, 1.0, 0.05), stiffness=6.0)
    rise = np.clip(rise, -0.03 * frame.unit_px, 0.07 * frame.unit_px)
    rise = smooth(rise * np.sin(np.pi * np.clip(share, 0.0, 1.0)) ** 0.6, 1.0)
    return straight - frame.down * (rise + 0.004 * frame.unit_px)[:, None]
