"""The frames between two sides of a cut: interpolated by optical flow, or mixed in a dissolve."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.timeline.flow import consistent, flow, warped
from pipelines.timeline.footage import apart

FLOW_PX = 480
"""Longer side at which motion is measured: DIS finds steps of up to about 60 px of a 1080 frame."""

RESIDUAL_MAX = 0.45
RESIDUAL_SMALL = 3.0
"""Motion explains a step when what is left of it after half the way from either side is below this
share of it, or this small (RMS of 0..255)."""

CONSISTENT_MIN = 0.9
"""Least share of pixels whose way forth and back ends within a pixel and a half of its start.
See `flow.consistent`."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Flow (h, w, 2) in px of a small frame, from one side to the other and back."""

    forth: np.ndarray
    back: np.ndarray
    trusted: bool


def motion_between(one: np.ndarray, other: np.ndarray) -> Motion:
    """The motion between two brightness planes (H, W) uint8, and whether it explains their step."""
    height, width = one.shape
    scale = min(1.0, FLOW_PX / max(height, width))
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    a, b = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (one, other))
    forth, back = flow(a, b), flow(b, a)
    step = apart(a.astype(np.float32), b.astype(np.float32))
    left = apart(warped(a, forth, 0.5), warped(b, back, 0.5))
    explained = left <= max(RESIDUAL_SMALL, RESIDUAL_MAX * step)
    return Motion(forth, back, explained and consistent(forth, back) >= CONSISTENT_MIN)


def bridge(one: np.ndarray, other: np.ndarray, *, motion: Motion, count: int) -> list[np.ndarray]:
    """`count` frames on the way from one (H·3/2, W) frame to the other, both warped and mixed."""
    return [
        _between(one, other, motion, share=number / (count + 1)) for number in range(1, count + 1)
    ]


def dissolve(leaving: list[np.ndarray], coming: list[np.ndarray]) -> list[np.ndarray]:
    """The frames of both sides mixed pair by pair, each pair with more of the coming side."""
    count = len(leaving)
    return [
        _mixed(one, other, share=(number + 1) / (count + 1))
        for number, (one, other) in enumerate(zip(leaving, coming, strict=True))
    ]


def _between(one: np.ndarray, other: np.ndarray, motion: Motion, *, share: float) -> np.ndarray:
    height = one.shape[0] * 2 // 3
    parts = [(0, height, 1), *((height + height // 4 * n, height // 4, 2) for n in (0, 1))]
    out = np.empty_like(one)
    for start, rows, step in parts:
        shape = (height // step, one.shape[1] // step)
        planes = [each[start : start + rows].reshape(shape) for each in (one, other)]
        mixed = _mixed(
            warped(planes[0], motion.forth, share),
            warped(planes[1], motion.back, 1 - share),
            share=share,
        )
        out[start : start + rows] = mixed.reshape(rows, one.shape[1])
    return out


def _mixed(one: np.ndarray, other: np.ndarray, *, share: float) -> np.ndarray:
    mixed = (1 - share) * one.astype(np.float32) + share * other.astype(np.float32)
    return np.rint(mixed).clip(0, 255).astype(np.uint8)
