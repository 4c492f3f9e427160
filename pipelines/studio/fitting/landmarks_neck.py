"""The neck of a top: its points, its cut, how deep the front neckline hangs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.garment_view import Style
from pipelines.studio.fitting.landmarks_outline import Outline

SURE_NECKLINE = 1.6
"""Edge strength along the best neckline over the median one at which it is believed. Measured on
six tees: right ones reach 2.2 to 5.4 (a prototype's figures, confirmed here)."""


CREW_DEPTH, CREW_SPREAD = 0.42, 0.07
"""Depth of a round collar's opening in neckline widths, and how much it varies. Source: crew necks
are 17 to 20 cm wide and cut 7 to 9 cm deep; six of eight tops looked at measure .38 to .44."""

CREW_LEAST = 0.45
"""Strength of the opening's edge over the strongest one, which is often the back's rib: .50 to .84
on seven tops; .31 on a picture that shows no inside."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neck:
    """The neck points, the style they show, and the front neckline's depth below them (px).

    `back_px` is how far the back neckline hangs below the neck points; below 0 it stands above.
    """

    left: np.ndarray
    right: np.ndarray
    style: Style
    depth_px: float
    back_px: float
    confidence: float

    def curve(self, count: int = 40) -> np.ndarray:
        """The front neckline, a half-ellipse from the left to the right neck point."""
        turn = np.linspace(0, np.pi, count)[:, None]
        middle, half = (self.left + self.right) / 2, (self.right - self.left) / 2
        return middle - np.cos(turn) * half + np.sin(turn) * np.array([0.0, self.depth_px])


def find_neck(outline: Outline, light: np.ndarray, *, chest: tuple[float, float]) -> Neck:
    """The neck of an upright top; `light` (H, W) is its lightness, `chest` the armpits' x."""
    profile = _Profile.of(outline, chest=chest)
    style = profile.style
    left, right = profile.tee_points() if style is Style.TEE else profile.turning_points()
    if style is Style.HOOD:
        left, right = _hood_points(left, right, chest=chest)
    middle_y = profile.middle_y
    back_px = middle_y - (left[1] + right[1]) / 2
    depth_px, confidence = _front_depth(light, left, right, back_px=back_px)
    width = float(right[0] - left[0])
    if style is Style.TEE and confidence < SURE_NECKLINE:
        depth_px = (
            max(back_px, 0.12 * width) + 0.1 * width if back_px > 0.08 * width else 0.3 * width
        )
    elif style is not Style.TEE:
        depth_px = (0.42 if style is Style.HOOD else 0.5) * width
    return Neck(
        left=left,
        right=right,
        style=style,
        depth_px=float(depth_px),
        back_px=float(back_px),
        confidence=confidence,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Profile:
    """The upper contour between the armpits: height `y` at `x`, `u` the place from 0 to 1."""

    x: np.ndarray
    y: np.ndarray
    u: np.ndarray
    height: float
    shoulder_y: float
    length: float

    @classmethod
    def of(cls, outline: Outline, *, chest: tuple[float, float]) -> _Profile:
        x = np.arange(int(chest[0]), int(chest[1]) + 1, dtype=np.float64)
        y = np.array([outline.top_at(at) for at in x])
        u = (x - chest[0]) / (chest[1] - chest[0])
        shoulders = ((u > 0.12) & (u < 0.2)) | ((u > 0.8) & (u < 0.88))
        _, top, _, bottom = outline.box
        level = float(np.median(y[shoulders]))
        return cls(x=x, y=y, u=u, height=bottom - top, shoulder_y=level, length=bottom - level)

    @property
    def middle_y(self) -> float:
        return float(self.y[(self.u > 0.46) & (self.u < 0.54)].mean())

    @property
    def style(self) -> Style:
        """By how far the middle stands above the shoulders."""
        rise = self.shoulder_y - self.middle_y
        peak = min(self._highest(0.16, 0.48)[1], self._highest(0.52, 0.84)[1])
        if rise > 0.16 * self.length:
            return Style.HOOD
        if rise > 0.1 * self.length or (
            self.middle_y < peak + 0.004 * self.height and rise > 0.05 * self.length
        ):
            return Style.COLLAR
        return Style.TEE

    def tee_points(self) -> tuple[np.ndarray, np.ndarray]:
        """The highest points beside the neckline."""
        return self._highest(0.16, 0.48), self._highest(0.52, 0.84)

    def _highest(self, low: float, high: float) -> np.ndarray:
        among = np.flatnonzero((self.u >= low) & (self.u <= high))
        level = np.flatnonzero(self.y[among] <= self.y[among].min() + 1)
        at = among[level[0] if high < 0.5 else level[-1]]
        return np.array([self.x[at], self.y[at]])

    def turning_points(self) -> tuple[np.ndarray, np.ndarray]:
        """Where collar or hood leaves the straight shoulder line, made symmetric."""
        left, right = self._turn(0.06, 0.22, -1), self._turn(0.78, 0.94, 1)
        half = np.array([(right[0] - left[0]) / 2, 0.0])
        middle = (left + right) / 2
        return middle - half, middle + half

    def _turn(self, low: float, high: float, side: int) -> np.ndarray:
        fitted = (self.u > low) & (self.u < high)
        line = np.polyfit(self.x[fitted], self.y[fitted], 1)
        rises = self.y - np.polyval(line, self.x)
        inwards = np.argsort(self.u if side < 0 else -self.u, kind="stable")
        span = (self.u > 0.16) & (self.u < 0.48) if side < 0 else (self.u > 0.52) & (self.u < 0.84)
        among = [int(i) for i in inwards if span[i]]
        left_it = [i for i, at in enumerate(among) if rises[at] < -0.012 * self.height]
        at = among[max(0, left_it[0] - 2) if left_it else len(among) // 3]
        return np.array([self.x[at], self.y[at]])


def _hood_points(
    left: np.ndarray, right: np.ndarray, *, chest: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Neck points below a raised hood: as wide as hoods are sewn on, at the lower one's height."""
    width = chest[1] - chest[0]
    half = float(np.clip((right[0] - left[0]) / 2, 0.22 * width, 0.3 * width))
    middle = (left[0] + right[0]) / 2
    y = max(left[1], right[1])
    return np.array([middle - half, y]), np.array([middle + half, y])


def _front_depth(
    light: np.ndarray, left: np.ndarray, right: np.ndarray, *, back_px: float
) -> tuple[float, float]:
    """The depth (px) of the half-ellipse with the strongest edge across it, and how sure."""
    width = float(right[0] - left[0])
    middle = (left + right) / 2
    blurred = cv2.GaussianBlur(light.astype(np.float32), (0, 0), 2)
    gx, gy = cv2.Sobel(blurred, cv2.CV_32F, 1, 0), cv2.Sobel(blurred, cv2.CV_32F, 0, 1)
    depths = np.arange(max(0.08 * width, back_px + 0.06 * width), 0.75 * width, 2.0)
    turn = np.linspace(0.12 * np.pi, 0.88 * np.pi, 60)[None]
    x = np.broadcast_to(middle[0] - np.cos(turn) * width / 2, (len(depths), 60))
    y = middle[1] + np.sin(turn) * depths[:, None]
    nx, ny = -np.cos(turn) / (width / 2), np.sin(turn) / depths[:, None]
    at = (
        np.clip(y, 0, light.shape[0] - 1).astype(int),
        np.clip(x, 0, light.shape[1] - 1).astype(int),
    )
    edge = np.abs(gx[at] * nx + gy[at] * ny) / np.hypot(nx, ny)
    score = np.median(edge, axis=1) + 0.5 * np.minimum(edge, 60).mean(axis=1)
    best = int(np.argmax(score))
    sure = float(score[best] / (np.median(score) + 1e-6))
    return _opening(depths / width, score) * width, sure


def _opening(depths: np.ndarray, score: np.ndarray) -> float:
    """The opening's depth, in widths, from edge strengths (n,) at depths (n,).

    A collar laid flat shows the back's rib and, below it, the edge of the front's: the strongest
    edge may be the back's. Where a strong edge lies where a front's would, it is that one.
    """
    best = int(np.argmax(score))
    inner = np.arange(1, len(score) - 1)
    peaks = inner[(score[inner] >= score[inner - 1]) & (score[inner] > score[inner + 1])]
    strong = peaks[score[peaks] > CREW_LEAST * score[best]]
    off = (depths[strong] - CREW_DEPTH) / CREW_SPREAD
    near = np.abs(off) < 1.5
    if not near.any():
        return float(depths[best])
    likely = score[strong] * np.exp(-(off**2) / 2)
    return float(depths[strong[int(np.argmax(np.where(near, likely, 0.0)))]])
