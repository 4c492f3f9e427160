"""A surface as data becomes colours at places: painter, palette, pattern scale and lit relief."""

from __future__ import annotations

import math

import numpy as np

from pipelines.studio.scenes.arrays import F32
from pipelines.studio.scenes.camera import Patch
from pipelines.studio.scenes.fibres import PAINTERS
from pipelines.studio.scenes.spec import Surface
from pipelines.studio.scenes.surfaces import lit_relief
from pipelines.studio.scenes.tone import Palette, pick_palette

# Reliefs are painted for pixels of this size; coarser pixels see proportionally gentler slopes.
RELIEF_PIXEL_M = 0.0003
# Each seed looks at another place of the same endless surface, so that noise is made only once.
# Source: golden ratio and square root of 2: their multiples (mod 1) never crowd.
ELSEWHERE = (0.6180339887, 0.4142135624)


def paint(
    surface: Surface, place: Patch, *, product: Palette, seed: int, light: tuple[float, float]
) -> F32:
    """The surface's colour with its relief lit: (H, W, 3) float32 linear.

    `light` is the key light's direction in the picture (right, down).
    """
    palette = pick_palette(surface, product, seed=seed)
    turn = math.radians(surface.turn_deg)
    cos = np.float32(math.cos(turn) / surface.scale)
    sin = np.float32(math.sin(turn) / surface.scale)
    shift_x, shift_y = (np.float32((seed * share) % 1.0 * 8.0) for share in ELSEWHERE)
    turned = Patch(
        x=place.x * cos + place.y * sin + shift_x,
        y=place.y * cos - place.x * sin + shift_y,
        pixel_m=place.pixel_m / np.float32(surface.scale),
    )
    painted = PAINTERS[surface.kind](turned, palette)
    pixel = float(turned.pixel_m.min()) / RELIEF_PIXEL_M
    relief = lit_relief(painted, light=light, depth=surface.bump / max(pixel, 1.0))
    return painted.albedo * relief[..., None]
