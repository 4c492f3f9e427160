"""Curves as (n, 2) arrays of (x, y) px points: resampled, joined, smoothed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

BULGE = 0.03
"""How far the armhole of the mesh curves out, in chest widths. A real one curves in; this one is
never seen, and beside a hanging arm it keeps the corner at the armpit below 180°, where the mesh
would fold."""


def lengths(curve: np.ndarray) -> np.ndarray:
    """How far along the curve each of its points lies, (n,) px from 0."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])


def resample(curve: np.ndarray, count: int) -> np.ndarray:
    """`count` points at equal distances along the curve, its ends kept."""
    curve = np.asarray(curve, np.float64)
    along = lengths(curve)
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, curve[:, 0]), np.interp(at, along, curve[:, 1])], axis=1)


def at_shares(curve: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The curve's points at the given shares (n,) of its length, 0 to 1."""
    along = lengths(curve)
    at = np.asarray(shares) * along[-1]
    return np.stack([np.interp(at, along, curve[:, 0]), np.interp(at, along, curve[:, 1])], axis=1)


def joined(curves: Sequence[np.ndarray], *, knots: Sequence[float], count: int) -> np.ndarray:
    """`count` points over curves laid end to end: curve k spans knots[k] to knots[k + 1] of 0..1.

    Two garments (or a garment and a body) joined by the same knots match point by point.
    """
    at = np.linspace(0, 1, count)
    found = np.zeros((count, 2))
    for curve, low, high in zip(curves, knots[:-1], knots[1:], strict=True):
        fine = resample(curve, 200)
        inside = (at >= low - 1e-9) & (at <= high + 1e-9)
        share = np.clip((at[inside] - low) / (high - low), 0, 1) * 199
        found[inside] = np.stack(
            [np.interp(share, np.arange(200), fine[:, axis]) for axis in (0, 1)], axis=1
        )
    return found


def nearest(curve: np.ndarray, point: np.ndarray) -> int:
    """The index of the curve's point that is nearest to the point."""
    return int(np.argmin(((curve - np.asarray(point)) ** 2).sum(axis=1)))


def smooth(values: np.ndarray, sigma: float) -> np.ndarray:
    """The values (n,) or (n, 2) blurred along the first axis; ends keep their level."""
    columns = np.asarray(values, np.float64).reshape(len(values), -1)
    blurred = cv2.GaussianBlur(
        columns, (1, 0), sigmaX=1e-3, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE
    )
    return blurred.reshape(np.shape(values))


def hermite(
    start: np.ndarray, end: np.ndarray, *, leave: np.ndarray, arrive: np.ndarray, count: int
) -> np.ndarray:
    """`count` points from start to end that leave and arrive with the given tangents (px)."""
    t = np.linspace(0, 1, count)[:, None]
    return (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * leave
        + (-2 * t**3 + 3 * t**2) * end
        + (t**3 - t**2) * arrive
    )


def armhole(tip: np.ndarray, armpit: np.ndarray, *, chest_px: float, inwards: float) -> np.ndarray:
    """The armhole's line (20, 2) from the shoulder tip to the armpit.

    `inwards` is the x direction of the chest, 1 or -1.
    """
    chord = armpit - tip
    across = np.array([-chord[1], chord[0]]) / max(float(np.linalg.norm(chord)), 1e-6)
    across = across if across[0] * inwards < 0 else -across
    share = np.linspace(0, 1, 20)[:, None]
    return tip + chord * share + across * BULGE * chest_px * np.sin(np.pi * share**1.3)


def normals(curve: np.ndarray) -> np.ndarray:
    """Unit vectors (n, 2) to the left of the curve's run, as y points down: (dy, -dx)."""
    run = np.gradient(np.asarray(curve, np.float64), axis=0)
    across = np.stack([run[:, 1], -run[:, 0]], axis=1)
    return across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
