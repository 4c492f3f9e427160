"""A hat on a head: a mesh between its crown and brim and the head's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from content_engine.errors import Refused
from pipelines.studio.fitting.body import Body
from pipelines.studio.fitting.garment_view import HeadMarks
from pipelines.studio.fitting.mesh import patch, turned, unfolded
from pipelines.studio.fitting.mesh_curves import at_shares, resample
from pipelines.studio.fitting.mesh_raster import Sheet
from pipelines.studio.fitting.target_frame import reach

SIDE_SHARE = 0.22
"""The share of the crown's line, at either end, that makes the mesh's sides."""

BRIM_BELOW = 0.17
"""How far below the face's upper end the brim's middle sits, in face heights: above the brows."""

OWN_SHARE = 0.45
"""How much of the crown's form is the hat's own; the rest is a full arch that holds the head."""

ROWS, COLUMNS = 17, 25

EYES = (5, 2)
"""BlazePose's eyes, the one on the picture's left first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadPlace:
    """Where the hat goes: crown and brim (n, 2) px from left to right, and the mesh."""

    crown: np.ndarray
    brim: np.ndarray
    sheet: Sheet
    magnification: float


def head_place(body: Body, marks: HeadMarks) -> HeadPlace:
    """The hat's place on the head.

    Raises Refused ("cut-off") when no face is seen or the photo cuts the head.
    """
    if body.face_oval is None:
        raise Refused("cut-off", "no face was found to put a hat above")
    oval = np.asarray(body.face_oval, float)
    eyes = np.asarray(body.pose.points[list(EYES), :2], float)
    right = (eyes[1] - eyes[0]) / max(float(np.linalg.norm(eyes[1] - eyes[0])), 1e-6)
    up = np.array([right[1], -right[0]])
    middle = oval.mean(axis=0)
    across, along = (oval - middle) @ right, (oval - middle) @ up
    width, height = float(np.ptp(across)), float(np.ptp(along))
    front = middle + right * (across.max() + across.min()) / 2
    front = front + up * (along.max() - BRIM_BELOW * height)
    halves = _half_widths(body, front + up * 0.1 * height, right, face_px=width)
    front, half = front + right * (halves[1] - halves[0]) / 2, sum(halves) / 2
    rise = _rise(body, front, up, face_px=height)
    frame = _Frame(front=front, right=right, up=up, half_px=half, rise_px=rise)
    crown, brim = _curves(frame, marks, dip_px=0.13 * height)
    nose = float((np.asarray(body.pose.points[0, :2]) - middle) @ right)
    sheet = _sheet(
        marks, crown, brim, towards=right, shift_px=float(np.clip(nose, -half, half)) / 2
    )
    wide = float(np.linalg.norm(marks.brim[-1] - marks.brim[0]))
    return HeadPlace(crown=crown, brim=brim, sheet=sheet, magnification=2 * half / wide)


def _half_widths(
    body: Body, at: np.ndarray, right: np.ndarray, *, face_px: float
) -> tuple[float, float]:
    """The head's half widths (left, right) with its hair at the temples; loose hair is left out."""
    starts, directions = np.stack([at, at]), np.stack([-right, right])
    far = reach(body.alpha >= 128, starts, directions, limit_px=1.2 * face_px)
    far = np.where(np.isnan(far), 0.58 * face_px, np.clip(far, 0.52 * face_px, 0.74 * face_px))
    return float(far[0] + 0.02 * face_px), float(far[1] + 0.02 * face_px)


def _rise(body: Body, front: np.ndarray, up: np.ndarray, *, face_px: float) -> float:
    """From the brim's middle to the hat's top: the head's own and what the cloth stands off."""
    far = reach(body.alpha >= 128, front[None], up[None], limit_px=1.2 * face_px)[0]
    if np.isnan(far) or (front + up * far)[1] < 0:
        raise Refused("cut-off", "the photo cuts off the top of the head")
    return float(np.clip(far, 0.3 * face_px, 0.64 * face_px)) + 0.12 * face_px


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Frame:
    """The brim's middle, the head's axes, half its width and the hat's height over the brim."""

    front: np.ndarray
    right: np.ndarray
    up: np.ndarray
    half_px: float
    rise_px: float


def _curves(frame: _Frame, marks: HeadMarks, *, dip_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Crown and brim: the brim dips towards the ears, the crown is half the hat's own outline.

    The other half is a full arch, so that the head is inside it.
    """
    x = np.linspace(-1, 1, 60)
    brim = (
        frame.front
        + frame.right * (x * frame.half_px)[:, None]
        - frame.up * (dip_px * x**2)[:, None]
    )
    turn = np.linspace(0, np.pi, 120)
    arch = np.stack(
        [
            -np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.75,
            np.sin(turn) ** 0.75,
        ],
        axis=1,
    )
    ends = marks.crown[[0, -1]]
    own = resample(marks.crown, 120) - ends.mean(axis=0)
    own = own * [2 / (ends[1, 0] - ends[0, 0]), -1 / max(float(-own[:, 1].min()), 1.0)]
    shape = OWN_SHARE * own + (1 - OWN_SHARE) * resample(arch, 120)
    high = shape[:, 1] * (frame.rise_px + dip_px) - dip_px
    crown = frame.front + frame.right * (shape[:, :1] * frame.half_px) + frame.up * high[:, None]
    crown[[0, -1]] = brim[[0, -1]]
    return crown, brim


def _sheet(
    marks: HeadMarks,
    crown: np.ndarray,
    brim: np.ndarray,
    *,
    towards: np.ndarray,
    shift_px: float,
) -> Sheet:
    source, target = _arched(marks.crown, marks.brim), _arched(crown, brim)
    target = turned(target[::-1], towards=towards, shift_px=shift_px)[::-1]
    return unfolded(Sheet(source=source, target=target))


def _arched(crown: np.ndarray, brim: np.ndarray) -> np.ndarray:
    """The grid between a crown and a brim that share their ends."""
    side, top = np.linspace(0, SIDE_SHARE, ROWS), np.linspace(SIDE_SHARE, 1 - SIDE_SHARE, COLUMNS)
    left, right = at_shares(crown, side)[::-1], at_shares(crown, 1 - side)[::-1]
    bottom = resample(np.vstack([left[-1:], brim[1:-1], right[-1:]]), COLUMNS)
    return patch(at_shares(crown, top), bottom, left, right)
