"""The label inside a collar: nobody sees it on a body, so the opening reaches below it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.studio.fitting.garment_view import TorsoMarks

APART = 28.0
"""Lab distance from the cloth at which something is sewn on. Source: one polo's label, 60, and the
shading inside nine collars, 15 at most."""

WIDTH, HEIGHT, FILLED, ASIDE = (0.2, 0.8), (0.08, 0.6), 0.75, 0.2
"""A label's width, height and distance from the middle in neckline widths, and its box's fill."""

BELOW = 0.13
"""A collar's leaves meet so far below the label, in neckline widths. Source: as APART."""

POINTED = 1.4
"""Exponent of the superellipse along a collar's leaves: 2 is round, 1 runs straight to a point."""

RIM_PX = 12
"""So much cloth around the label is looked at to carry it on."""

NEAR = 0.12
"""A label hangs from the back's seam: it begins above the found neckline or so near below it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelless:
    """The garment (H, W, 4) float32 premultiplied without its label, the neckline below it."""

    rgba: np.ndarray
    torso: TorsoMarks


def without_label(rgba: np.ndarray, torso: TorsoMarks) -> Labelless:
    """The garment with a label inside its collar covered; as it was when there is none.

    `rgba` (H, W, 4) float32 0..1 sRGB, premultiplied. The neckline then runs along the collar's
    leaves, which meet below the label.
    """
    label = None if torso.has_hood else _label(rgba, torso)
    if label is None:
        return Labelless(rgba=rgba, torso=torso)
    left, right = torso.neck[0], torso.neck[-1]
    width = float(right[0] - left[0])
    middle = (left + right) / 2
    depth = label[3] - float(middle[1]) + BELOW * width
    turn = np.linspace(0, np.pi, len(torso.neck))[:, None]
    across = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / POINTED)
    hang = np.sin(turn) ** (2 / POINTED) * np.array([0.0, depth])
    neck = middle - across * (right - left) / 2 + hang
    return Labelless(rgba=_painted_out(rgba, label), torso=replace(torso, neck=neck))


def _painted_out(rgba: np.ndarray, label: tuple[int, int, int, int]) -> np.ndarray:
    """The garment with its cloth carried on into the box (x0, y0, x1, y1)."""
    x0, y0, x1, y1 = label
    around = (slice(max(0, y0 - RIM_PX), y1 + RIM_PX), slice(max(0, x0 - RIM_PX), x1 + RIM_PX))
    hole = np.zeros(rgba.shape[:2], np.uint8)
    hole[max(0, y0 - 4) : y1 + 4, max(0, x0 - 4) : x1 + 4] = 1
    colours = np.rint(rgba[around][..., :3] * 255).astype(np.uint8)
    filled = cv2.inpaint(colours, hole[around], 3, cv2.INPAINT_TELEA)
    covered = rgba.copy()
    covered[around][..., :3] = np.where(
        hole[around][..., None] > 0, filled.astype(np.float32) / 255, rgba[around][..., :3]
    )
    return covered


def _label(rgba: np.ndarray, torso: TorsoMarks) -> tuple[int, int, int, int] | None:
    """The box (x0, y0, x1, y1) of a label that hangs out below the neckline found."""
    left, right = torso.neck[0], torso.neck[-1]
    width, top = float(right[0] - left[0]), float(min(left[1], right[1]))
    corner = (max(0, int(left[0])), max(0, int(top)))
    place = (slice(corner[1], int(top + 1.2 * width)), slice(corner[0], int(right[0])))
    part = rgba[place]
    colours = np.clip(part[..., :3] / np.maximum(part[..., 3:], 1e-3), 0, 1)
    lab = cv2.cvtColor(np.ascontiguousarray(colours, np.float32), cv2.COLOR_RGB2LAB)
    solid = part[..., 3] > 0.9
    if not solid.any():
        return None
    away = np.linalg.norm(lab - np.median(lab[solid], axis=0), axis=-1)
    apart = ((away > APART) & solid).astype(np.uint8)
    apart = cv2.morphologyEx(apart, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(apart)
    neckline = float(torso.neck[:, 1].max()) - corner[1]
    middle = float(left[0] + right[0]) / 2 - corner[0]
    found = [
        (x + corner[0], y + corner[1], x + across + corner[0], y + height + corner[1])
        for x, y, across, height, area in boxes[1:].tolist()
        if WIDTH[0] * width <= across <= WIDTH[1] * width
        and HEIGHT[0] * width <= height <= HEIGHT[1] * width
        and area >= FILLED * across * height
        and abs(x + across / 2 - middle) < ASIDE * width
        and y < neckline + NEAR * width < y + height
    ]
    return found[0] if len(found) == 1 else None
