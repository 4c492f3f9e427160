"""A hood, raised or laid back: where it stands on the shoulders and where its rim runs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.landmarks_outline import Outline
from pipelines.studio.fitting.mesh_curves import resample

RAISED_FROM = 0.3
"""A middle that stands so much above the shoulders, in chest widths, is a raised hood's: two
measure .54 and .58, a hood laid back .12, collars up to .12."""

LAID_BESIDE, LAID_RISE = 0.22, 0.07
"""Beside the middle, in chest widths, a hood laid back still stands so high above the line of the
shoulders (.15 on one looked at); a collar has ended there (.01 on a polo's)."""

LEAVES_LINE = 0.02
"""Above the shoulder line by so much, in chest widths, the outline is the hood's."""

STEEPEST = 0.6
"""A shoulder's slope at the most: what falls faster is the sleeve."""

WIDEST = 0.38
"""Half the width over which a hood stands on the shoulders, at the most, in chest widths."""

CORNER_HEIGHTS = (0.06, 0.35)
"""Where the corner of a raised hood's rim is looked for above the shoulder, in chest widths."""

FLAT_TOP = 0.15
"""The top of a hood laid back is this share of its height: the rim begins below it."""

RIM_BOTTOM = {True: (0.08, 0.3), False: (-0.06, 0.15)}
"""How far the rim's lowest point lies below where the hood stands on the shoulders, in chest
widths, by whether it is raised: .24 and .15 on two that are, .01 on one laid back."""

RIM_BOWS = (1.0, 1.15, 1.3, 1.5)
"""Powers of a rim's form: 1 two straight lines, 2 a parabola."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hood:
    """A hood's curves (n, 2) px in the garment's picture.

    `rim` runs from its left corner down to the throat and up to its right corner; `left` and
    `right` from these corners down the outline to where the hood stands on the shoulders.
    `inside` is the upper edge of what the opening shows, left to right. `confidence` is the edge
    strength along the rim over the median one.
    """

    rim: np.ndarray
    left: np.ndarray
    right: np.ndarray
    inside: np.ndarray
    raised: bool
    confidence: float


def find_hood(outline: Outline, light: np.ndarray, *, chest: tuple[float, float]) -> Hood | None:
    """The hood of an upright top, None where there is none; `light` (H, W) is its lightness."""
    width = chest[1] - chest[0]
    middle = (chest[0] + chest[1]) / 2
    halves = {side: _half(outline, side=side, middle=middle) for side in ("left", "right")}
    lines = {side: _shoulder(half, middle, width) for side, half in halves.items()}
    level = float(np.mean([np.polyval(line, middle) for line in lines.values()]))
    raised = level - outline.top_at(middle) > RAISED_FROM * width
    if not raised and not _laid_back(outline, lines, middle=middle, width=width):
        return None
    stands = {
        side: _stand(half, lines[side], width=width, raised=raised) for side, half in halves.items()
    }
    left, right = stands["left"], stands["right"]
    highest, lowest = (share * width for share in RIM_BOTTOM[raised])
    rim, confidence = _rim(light, left, right, span=(highest, lowest))
    return Hood(
        rim=rim,
        left=left,
        right=right,
        inside=_inside(outline, rim, raised=raised),
        raised=raised,
        confidence=confidence,
    )


def _half(outline: Outline, *, side: str, middle: float) -> np.ndarray:
    """One half of the outline from the top centre outwards and down."""
    points = outline.points if side == "left" else np.roll(outline.points, -1, axis=0)[::-1]
    away = middle - points[:, 0] if side == "left" else points[:, 0] - middle
    return points[: int(np.argmax(away)) + 1]


def _shoulder(half: np.ndarray, middle: float, width: float) -> np.ndarray:
    """The straight line (slope, height at x = 0) through the outer shoulder."""
    away = np.abs(half[:, 0] - middle) / width
    top = half[:, 1] < half[:, 1].min() + 1.2 * width
    outer = half[(away > 0.37) & (away < 0.46) & top]
    if len(outer) < 5:
        return np.array([0.0, 1e9])
    x, y = outer.mean(axis=0)
    slope = np.clip(np.polyfit(outer[:, 0], outer[:, 1], 1)[0], -STEEPEST, STEEPEST)
    return np.array([slope, y - slope * x])


def _laid_back(
    outline: Outline, lines: dict[str, np.ndarray], *, middle: float, width: float
) -> bool:
    rises = []
    for side, line in lines.items():
        x = middle + LAID_BESIDE * width * (-1 if side == "left" else 1)
        rises.append(float(np.polyval(line, x)) - outline.top_at(x))
    return LAID_RISE * width < min(rises) and max(rises) < width


def _stand(half: np.ndarray, line: np.ndarray, *, width: float, raised: bool) -> np.ndarray:
    """From the rim's corner down the outline to where the hood meets the shoulder, (24, 2)."""
    rise = np.polyval(line, half[:, 0]) - half[:, 1]
    away = np.abs(half[:, 0] - half[0, 0])
    above = np.flatnonzero((rise > LEAVES_LINE * width) & (away < WIDEST * width))
    foot = int(above[-1])
    height = half[foot, 1] - half[:, 1]
    among = np.arange(len(half))[: foot + 1]
    if raised:
        low, high = (share * width for share in CORNER_HEIGHTS)
        found = among[(height[: foot + 1] >= low) & (height[: foot + 1] <= high)]
        out = np.abs(half[found, 0] - half[0, 0])
        corner = int(found[int(np.argmax(out))])
    else:
        corner = int(among[height[: foot + 1] > (1 - FLAT_TOP) * height[: foot + 1].max()][-1])
    return resample(half[corner : foot + 1], 24)


def _rim(
    light: np.ndarray, left: np.ndarray, right: np.ndarray, *, span: tuple[float, float]
) -> tuple[np.ndarray, float]:
    """The curve between both corners with the strongest edge along it, (40, 2), and how sure."""
    a, b = left[0], right[0]
    foot = float(left[-1, 1] + right[-1, 1]) / 2
    share = np.linspace(0, 1, 80)
    lowest = np.arange(foot + span[0], foot + span[1], 2.0)
    asides = np.array([-0.06, 0.0, 0.06]) * (b[0] - a[0])
    forms = np.stack([1 - np.abs(1 - 2 * share) ** bow for bow in RIM_BOWS])
    chord = a + (b - a) * share[:, None]
    drops = lowest - (a[1] + b[1]) / 2
    hang = drops[:, None, None, None] * forms[None, None, :, :]
    aside = asides[None, :, None, None] * forms[None, None, :, :]
    x = (chord[:, 0] + aside + 0 * hang).reshape(-1, len(share))
    y = (chord[:, 1] + hang + 0 * aside).reshape(-1, len(share))
    score = _edge_along(light, x, y)
    best = int(np.argmax(score))
    curve = np.stack([x[best], y[best]], axis=1)
    return resample(curve, 40), float(score[best] / (np.median(score) + 1e-6))


def _edge_along(light: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How strong an edge runs along each of n curves (n, k): the throat's tie left out, (n,)."""
    blurred = cv2.GaussianBlur(light.astype(np.float32), (0, 0), 2)
    gx, gy = cv2.Sobel(blurred, cv2.CV_32F, 1, 0), cv2.Sobel(blurred, cv2.CV_32F, 0, 1)
    along_x, along_y = np.gradient(x, axis=1), np.gradient(y, axis=1)
    length = np.hypot(along_x, along_y) + 1e-6
    at = (
        np.clip(y, 0, light.shape[0] - 1).astype(int),
        np.clip(x, 0, light.shape[1] - 1).astype(int),
    )
    edge = np.abs(gy[at] * along_x - gx[at] * along_y) / length
    count = x.shape[1]
    arms = np.r_[count // 10 : count * 38 // 100, count * 62 // 100 : count * 9 // 10]
    edge = edge[:, arms]
    return np.median(edge, axis=1) + 0.5 * np.minimum(edge, 60).mean(axis=1)


def _inside(outline: Outline, rim: np.ndarray, *, raised: bool) -> np.ndarray:
    """The upper edge of what the opening shows, (41, 2)."""
    x = np.linspace(rim[0, 0], rim[-1, 0], 41)
    chord = np.linspace(rim[0, 1], rim[-1, 1], 41)
    if raised:
        return np.stack([x, chord], axis=1)
    return np.stack([x, [outline.top_at(at) + 3 for at in x]], axis=1)
