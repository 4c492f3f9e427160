"""Painters of grown and woven surfaces: wood, linen, knit, bouclé."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.studio.scenes.arrays import F32
from pipelines.studio.scenes.camera import Patch
from pipelines.studio.scenes.noise import fractal, sample, step
from pipelines.studio.scenes.surfaces import MINERAL, Paint, Painter, mix


def wood(place: Patch, palette: F32) -> Paint:
    """Oiled planks along x: annual rings, pores, joints. Palette: light, mid, dark grain."""
    board_m, length_m = np.float32(0.11), np.float32(1.35)
    row = np.floor(place.y / board_m)
    own = sample(fractal(0.0, 0), row * 0.0713 + 0.0005, row * 0.0371 + 0.0005)
    x = place.x + own * 0.6
    column = np.floor(x / length_m)
    own = own + 0.7 * column
    slow = sample(fractal(5.0, 1), x * 0.22 + own * 0.37, place.y * 1.1 + own * 0.61)
    rings = sample(fractal(1.5, 2, 3.0), x * 0.09 + own * 0.13, (place.y * 3.4 + slow * 0.16) + own)
    fibre = sample(fractal(0.7, 2), x * 0.35, place.y * 7.0 + slow * 0.03)
    pores = sample(fractal(0.7, 1, 8.0), x * 0.9, place.y * 9.0 + own)
    pores = step(1.3, 2.4, pores) * place.detail(0.0018)
    share = np.clip(0.42 + 0.30 * rings + 0.12 * slow + 0.12 * fibre * place.detail(0.0015), 0, 1)
    tone = mix(palette[0], palette[1], share)
    tone = tone * (1.0 + 0.05 * np.clip(own, -1.6, 1.6))[..., None]
    joint = _joint(place, x, board_m=float(board_m), length_m=float(length_m))
    dark = np.clip(0.55 * pores + 0.80 * joint, 0, 1)
    relief = -0.25 * pores - 1.1 * joint + 0.06 * fibre
    return Paint(albedo=mix(tone, palette[2], dark), relief=relief.astype(np.float32))


def _joint(place: Patch, x: F32, *, board_m: float, length_m: float) -> F32:
    """1 in the gap between boards, 0 elsewhere: (H, W)."""
    across = np.abs(place.y / board_m - np.round(place.y / board_m)) * board_m
    along = np.abs(x / length_m - np.round(x / length_m)) * length_m
    gap = np.maximum(np.float32(0.0006), place.pixel_m * 0.6)
    thin = np.minimum(1.0, 0.0009 / gap)
    lines = np.maximum(1 - np.clip(across / gap - 0.5, 0, 1), 1 - np.clip(along / gap - 0.5, 0, 1))
    return (lines * thin).astype(np.float32)


def butcher(place: Patch, palette: F32) -> Paint:
    """One wide wooden top without joints. Palette: light, mid, dark grain."""
    bend = sample(fractal(5.0, 0), place.x * 0.22, place.y * 0.6)
    heart = place.y * 2.3 + bend * 0.09
    rings = sample(fractal(1.5, 2, 3.0), place.x * 0.07, heart * 1.1)
    fibre = sample(fractal(0.7, 2), place.x * 0.4, place.y * 7.5 + bend * 0.1)
    pores = sample(fractal(0.7, 1, 8.0), place.x * 1.0, place.y * 9.5)
    pores = step(1.4, 2.4, pores) * place.detail(0.0018)
    share = np.clip(0.42 + 0.24 * rings + 0.07 * fibre * place.detail(0.0015), 0, 1)
    albedo = mix(mix(palette[0], palette[1], share), palette[2], 0.40 * pores)
    return Paint(albedo=albedo, relief=(0.05 * fibre - 0.25 * pores).astype(np.float32))


def linen(place: Patch, palette: F32) -> Paint:
    """Washed linen: slubby plain weave and long soft folds. Palette: light, dark thread."""
    thread_m = 0.0011
    wander = sample(fractal(2.4, 0), place.x * 1.4, place.y * 1.4) * np.float32(0.0012)
    warp = np.sin((place.x + wander) * (2 * np.pi / thread_m))
    weft = np.sin((place.y + wander) * (2 * np.pi / thread_m))
    over = np.sign(warp * weft)
    weave = np.where(over > 0, np.abs(warp), np.abs(weft)) - 0.64
    weave = (weave * place.detail(thread_m)).astype(np.float32)
    slub_x = sample(fractal(1.2, 1, 3.0), place.x * 0.25, place.y * 8.0)
    slub_y = sample(fractal(1.2, 2, 3.0), place.x * 8.0, place.y * 0.25)
    slub = np.maximum(slub_x, slub_y) * place.detail(0.0025)
    share = np.clip(0.40 - 0.28 * weave + 0.07 * slub, 0, 1)
    relief = 0.30 * weave + 0.10 * slub + _folds(place)
    return Paint(albedo=mix(palette[0], palette[1], share), relief=relief.astype(np.float32))


def _folds(place: Patch) -> F32:
    """Long creases and slow waves of laid cloth, in the unit of relief."""
    bend = sample(fractal(6.0, 1, 2.0), place.x * 0.5, place.y * 0.5)
    along = place.x * 0.34 + place.y * 0.94 + bend * 0.10
    across = place.x * 0.94 - place.y * 0.34 + bend * 0.10
    wave = sample(fractal(6.0, 1, 2.0), across * 0.42, along * 1.0)
    line = sample(fractal(6.0, 0, 2.0), across * 0.18, along * 0.6)
    crease = np.exp(-((line * 7.0) ** 2))
    return (32.0 * wave + 8.0 * crease).astype(np.float32)


def knit(place: Patch, palette: F32) -> Paint:
    """A chunky knitted throw: columns of V stitches. Palette: light, dark yarn."""
    width, height = 0.016, 0.012
    wander = sample(fractal(2.4, 0), place.x * 0.9, place.y * 0.9) * np.float32(0.006)
    x = (place.x + wander) / width
    inside = x - np.floor(x) - 0.5
    y = (place.y + wander) / height + np.abs(inside) * 1.7
    turn = y - np.floor(y) - 0.5
    yarn = np.sqrt(np.clip(1 - (turn * 1.9) ** 2, 0, 1)) * np.sqrt(
        np.clip(1 - ((np.abs(inside) - 0.25) * 3.6) ** 2, 0, 1)
    )
    ply = np.sin((turn * 2.2 + np.abs(inside) * 5.0) * 2 * np.pi) * place.detail(0.005)
    fuzz = sample(fractal(0.7, 1), place.x * 3.0, place.y * 3.0) * place.detail(0.002)
    wave = sample(fractal(4.0, 0), place.x * 0.5, place.y * 0.5)
    share = np.clip(0.95 - 0.85 * yarn - 0.06 * ply + 0.05 * fuzz, 0, 1)
    relief = 3.4 * yarn + 0.22 * ply + 0.12 * fuzz + 5.0 * wave
    return Paint(albedo=mix(palette[0], palette[1], share), relief=relief.astype(np.float32))


def boucle(place: Patch, palette: F32) -> Paint:
    """Bouclé upholstery: small woolly loops. Palette: light, dark yarn."""
    loops = sample(fractal(0.7, 0, 48.0), place.x * 1.5, place.y * 1.5)
    fine = sample(fractal(0.7, 1, 48.0), place.x * 2.2, place.y * 2.2)
    seen = place.detail(0.005)
    wave = sample(fractal(4.0, 0), place.x * 0.45, place.y * 0.45)
    share = np.clip(0.42 - (0.22 * loops + 0.08 * fine) * seen, 0, 1)
    relief = (0.75 * loops + 0.25 * fine) * seen + 3.0 * wave
    return Paint(albedo=mix(palette[0], palette[1], share), relief=relief.astype(np.float32))


PAINTERS: Mapping[str, Painter] = {
    **MINERAL,
    "wood": wood,
    "butcher": butcher,
    "linen": linen,
    "knit": knit,
    "boucle": boucle,
}
