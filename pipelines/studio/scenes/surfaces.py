"""Painters: what a surface looks like at each place of a plane. Mineral and paper ones are here.

A painter maps places (metres, pattern scale already divided out) and a palette (n, 3) of linear
colours to the surface's albedo and its relief. Everything is procedural: no picture is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32
from pipelines.studio.scenes.camera import Patch
from pipelines.studio.scenes.chips import chip_tile
from pipelines.studio.scenes.noise import fractal, sample, step


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """`albedo` (H, W, 3) float32 linear; `relief` (H, W) float32, about -1..1, up is towards us."""

    albedo: F32
    relief: F32


Painter = Callable[[Patch, F32], Paint]


def flat_color(shape: tuple[int, ...], color: F32) -> F32:
    """That colour everywhere: (H, W, 3) float32."""
    return np.ascontiguousarray(np.broadcast_to(color, (*shape, 3)))


def mix(low: F32, high: F32, share: F32) -> F32:
    """Between two colours ((3,) or (H, W, 3)) by `share` (H, W)."""
    return low + (high - low) * share[..., None]


def paper(place: Patch, palette: F32) -> Paint:
    """Seamless background paper: one even tone with a faint tooth. Palette: tone."""
    cloud = sample(fractal(2.4, 0), place.x * 0.6, place.y * 0.6)
    tooth = sample(fractal(0.7, 1), place.x * 9.0, place.y * 9.0) * place.detail(0.002)
    shade = 1.0 + np.float32(0.008) * cloud + np.float32(0.012) * tooth
    return Paint(albedo=palette[0] * shade[..., None], relief=tooth * np.float32(0.12))


def plaster(place: Patch, palette: F32) -> Paint:
    """Limewash by hand: clouds, brush drags, faint trowel relief. Palette: light, dark tone."""
    cloud = sample(fractal(2.4, 0), place.x * 0.9, place.y * 0.9)
    drag = sample(fractal(2.0, 1, 2.0), place.x * 1.9, place.y * 0.9)
    fine = sample(fractal(1.5, 2, 3.0), place.x * 3.0, place.y * 3.0)
    share = np.clip(0.42 + 0.20 * cloud + 0.13 * drag + 0.05 * fine, 0, 1)
    relief = 0.30 * drag + 0.22 * fine * place.detail(0.004)
    return Paint(albedo=mix(palette[0], palette[1], share), relief=relief.astype(np.float32))


def concrete(place: Patch, palette: F32) -> Paint:
    """Cast concrete: clouds, water marks, pin holes. Palette: light, dark tone."""
    cloud = sample(fractal(2.4, 0), place.x * 0.7, place.y * 0.7)
    stain = np.abs(sample(fractal(2.4, 1), place.x * 0.5, place.y * 0.5))
    fine = sample(fractal(0.7, 2), place.x * 2.5, place.y * 2.5)
    holes = step(3.1, 3.6, sample(fractal(1.2, 3, 16.0), place.x * 1.6, place.y * 1.6))
    holes = holes * place.detail(0.004)
    share = np.clip(0.40 + 0.16 * cloud + 0.16 * (stain - 0.7) + 0.04 * fine, 0, 1)
    albedo = mix(palette[0], palette[1], share) * (1 - 0.45 * holes)[..., None]
    return Paint(albedo=albedo, relief=(0.15 * cloud + 0.12 * fine - 0.8 * holes))


def marble(place: Patch, palette: F32) -> Paint:
    """Polished marble. Palette: ground, cloud, vein."""
    x = place.x + place.y * np.float32(0.55)
    y = place.y - place.x * np.float32(0.25)
    bend_x = sample(fractal(4.0, 0), x * 0.9, y * 0.9) * np.float32(0.12)
    bend_y = sample(fractal(4.0, 1), x * 0.9, y * 0.9) * np.float32(0.12)
    cloud = np.clip(0.35 + 0.28 * sample(fractal(2.4, 2), x * 0.9, y * 0.5), 0, 1)
    veins = np.zeros_like(x)
    for octave, (frequency, width, weight) in enumerate(
        ((0.9, 0.025, 1.0), (1.6, 0.03, 0.55), (3.1, 0.035, 0.3))
    ):
        field = sample(
            fractal(5.0, octave, 2.0),
            (x * 0.35 + bend_x) * frequency,
            (y + bend_y) * frequency,
        )
        body = np.clip(0.25 + cloud * 1.4, 0, 1) * np.float32(weight)
        thin = np.exp(-np.abs(field) / np.float32(width))
        soft = np.exp(-np.abs(field) / np.float32(width * 7)) * np.float32(0.25)
        veins = np.maximum(veins, body * np.maximum(thin, soft))
    albedo = mix(flat_color(x.shape, palette[0]), palette[1], cloud * 0.8)
    return Paint(albedo=mix(albedo, palette[2], veins), relief=np.zeros_like(x))


def terrazzo(place: Patch, palette: F32) -> Paint:
    """Polished terrazzo, chips of several stones. Palette: cement, then the chips' colours."""
    tile = chip_tile(tuple(tuple(map(float, color)) for color in palette))
    size_m = np.float32(0.42)
    picked = sample(tile, place.x / size_m, place.y / size_m)
    cloud = sample(fractal(2.4, 0), place.x * 1.2, place.y * 1.2)
    return Paint(albedo=picked * (1 + 0.02 * cloud)[..., None], relief=np.zeros_like(place.x))


def stone(place: Patch, palette: F32) -> Paint:
    """Honed limestone or travertine: strata, pores. Palette: light, dark tone."""
    bend = sample(fractal(5.0, 0), place.x * 0.7, place.y * 0.7)
    strata = sample(fractal(2.0, 1, 2.0), place.x * 0.2, place.y * 2.4 + bend * 0.04)
    fine = sample(fractal(0.7, 2), place.x * 3.5, place.y * 3.5)
    pores = step(1.9, 2.6, sample(fractal(1.2, 3, 16.0), place.x * 0.8, place.y * 2.2))
    pores = pores * place.detail(0.003)
    share = np.clip(0.40 + 0.13 * strata + 0.09 * fine + 0.08 * bend, 0, 1)
    albedo = mix(palette[0], palette[1], share) * (1 - 0.30 * pores)[..., None]
    return Paint(albedo=albedo, relief=0.08 * fine - 0.5 * pores)


def sand(place: Patch, palette: F32) -> Paint:
    """Dry raked-by-wind sand: soft ripples and grain. Palette: light, dark grain."""
    bend = sample(fractal(5.0, 0), place.x * 0.8, place.y * 0.8)
    gust = sample(fractal(4.0, 1), place.x * 0.9, place.y * 0.9)
    phase = place.y * 2 * np.pi / 0.055 + 5.5 * bend + place.x * 9.0
    ripple = (np.sin(phase) + 0.25 * np.sin(2 * phase + 0.8)) * np.clip(0.55 + 0.35 * gust, 0, 1)
    grain = sample(fractal(0.7, 2), place.x * 2.2, place.y * 2.2) * place.detail(0.0012)
    speck = sample(fractal(0.0, 1), place.x * 1.3, place.y * 1.3) * place.detail(0.0015)
    share = np.clip(0.42 + 0.14 * grain + 0.14 * speck + 0.05 * gust, 0, 1)
    relief = 2.2 * ripple + 0.35 * grain + 3.0 * gust
    return Paint(albedo=mix(palette[0], palette[1], share), relief=relief.astype(np.float32))


def tile(place: Patch, palette: F32) -> Paint:
    """Glazed hand-made wall tiles, stacked upright. Palette: glaze, darker glaze, grout."""
    width, height, gap = np.float32(0.065), np.float32(0.20), 0.0022
    column, row = np.floor(place.x / width), np.floor(place.y / height)
    inside_x = np.abs(place.x / width - column - 0.5) * width
    inside_y = np.abs(place.y / height - row - 0.5) * height
    edge = np.minimum(width / 2 - inside_x, height / 2 - inside_y)
    grout = 1 - step(gap * 0.5, gap * 0.5 + 0.0012, edge)
    own = sample(fractal(0.0, 0), column * 0.0371 + 0.0005, row * 0.0713 + 0.0005)
    tilt = sample(fractal(0.0, 1), column * 0.0517 + 0.0005, row * 0.0931 + 0.0005)
    pool = sample(fractal(2.4, 2), place.x * 2.4, place.y * 2.4)
    slope = (place.x / width - column - 0.5) * tilt
    share = np.clip(0.35 + 0.16 * own + 0.15 * pool + 0.20 * slope, 0, 1)
    albedo = mix(mix(palette[0], palette[1], share), palette[2], grout * np.float32(0.9))
    relief = 0.5 * pool - 0.9 * grout + 0.5 * step(0.0, 0.006, edge)
    return Paint(albedo=albedo, relief=relief.astype(np.float32))


def acrylic(place: Patch, palette: F32) -> Paint:
    """Cast acrylic: an even tone, its look is all reflection. Palette: tone."""
    cloud = sample(fractal(2.4, 0), place.x * 0.5, place.y * 0.5)
    albedo = palette[0] * (1 + np.float32(0.006) * cloud)[..., None]
    return Paint(albedo=albedo, relief=np.zeros_like(place.x))


def lit_relief(paint: Paint, *, light: tuple[float, float], depth: float) -> F32:
    """The relief's light and shade as a factor (H, W): slopes that face the light are brighter.

    `light` is the light's direction in the picture (right, down). Source: Lambert's cosine law,
    linear in the slope.
    """
    if depth <= 0.0 or not paint.relief.any():
        return np.ones(paint.relief.shape, np.float32)
    relief = np.ascontiguousarray(paint.relief, np.float32)
    along_x = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    along_y = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    slope = along_x * np.float32(-light[0] * depth) + along_y * np.float32(-light[1] * depth)
    return 1.0 + np.clip(slope, -0.55, 0.55)


MINERAL: Mapping[str, Painter] = {
    "paper": paper,
    "plaster": plaster,
    "concrete": concrete,
    "marble": marble,
    "terrazzo": terrazzo,
    "stone": stone,
    "sand": sand,
    "tile": tile,
    "acrylic": acrylic,
}
