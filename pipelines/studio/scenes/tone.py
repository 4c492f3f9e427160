"""The product's palette, and which of a surface's palettes goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32, U8
from pipelines.studio.scenes.color import from_hex, from_oklch, to_linear, to_oklch
from pipelines.studio.scenes.spec import Surface

# A product stands out from its ground when their lightness differs by this much (OKLCh, 0..1);
# by eye, on the sample catalog, 2026-11-22: below 0.10 white mugs melt into white walls.
CONTRAST = 0.16
# Lilac and pink (OKLCh hues, through 360) turn sugary sooner than the rest: kept near grey.
SWEET_HUES = (295.0, 30.0)
SWEET_CHROMA = 0.018


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """What colours a product has: OKLCh lightness at its rim and over all, chroma, hue (degrees).

    `mean` (3,) is its mean linear colour, for the light it throws back on the floor.
    """

    rim: float
    lightness: float
    chroma: float
    hue_deg: float
    mean: F32


def read_palette(rgb: U8, alpha: U8) -> Palette:
    """The palette of a cut-out; (H, W, 3) and (H, W) uint8."""
    size = (96, 96)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    solid = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) > 200
    if not solid.any():
        solid[:] = True
    inner = cv2.erode(solid.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rim = solid & ~inner
    lch = to_oklch(to_linear(small))
    weight = lch[..., 1] * solid
    angle = np.radians(lch[..., 2])
    hue = np.degrees(np.arctan2((weight * np.sin(angle)).sum(), (weight * np.cos(angle)).sum()))
    rim_lightness = lch[..., 0][rim if rim.any() else solid].mean()
    return Palette(
        rim=float(rim_lightness),
        lightness=float(lch[..., 0][solid].mean()),
        chroma=float(lch[..., 1][solid].mean()),
        hue_deg=float(hue % 360.0),
        mean=to_linear(small)[solid].mean(axis=0).astype(np.float32),
    )


def pick_palette(surface: Surface, product: Palette, *, seed: int) -> F32:
    """The surface's palette that suits the product: (n, 3) float32 linear.

    Among its palettes those that stand clear of the product's rim are kept (or the clearest one),
    and the seed chooses; a surface without palettes takes a quiet tone of the product's own hue.
    """
    if not surface.palettes:
        return backdrop_tone(product, seed=seed)[None, :]
    ready = [np.stack([from_hex(color) for color in palette]) for palette in surface.palettes]
    contrast = [abs(float(to_oklch(item[0])[0]) - product.rim) for item in ready]
    clear = [index for index, value in enumerate(contrast) if value >= CONTRAST]
    if not clear:
        return ready[int(np.argmax(contrast))]
    return ready[clear[seed % len(clear)]]


def backdrop_tone(product: Palette, *, seed: int) -> F32:
    """A background tone for this product: (3,) float32 linear.

    Low in chroma; its hue the product's own, next to it, or opposite, by seed; warm sand or stone
    when the product has no hue. Lighter than dark products, darker than light ones.
    """
    if product.chroma < 0.03:
        hue, chroma = (75.0, 50.0, 145.0, 240.0)[seed % 4], (0.035, 0.04, 0.025, 0.03)[seed % 4]
    else:
        turn, ceiling = ((0.0, 0.045), (180.0, 0.03), (25.0, 0.04), (-25.0, 0.04))[seed % 4]
        hue = (product.hue_deg + turn) % 360
        ceiling = SWEET_CHROMA if hue > SWEET_HUES[0] or hue < SWEET_HUES[1] else ceiling
        chroma = min(ceiling, 0.22 * product.chroma + 0.012)
    if product.rim > 0.80:
        lightness = 0.70
    elif product.rim > 0.62:
        lightness = min(0.90, product.rim + 0.17)
    else:
        lightness = 0.83
    return from_oklch(lightness, chroma, hue)
