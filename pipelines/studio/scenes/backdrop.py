"""What lies beyond the table, far out of focus: a garden at dusk, a bright window."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32
from pipelines.studio.scenes.color import from_hex
from pipelines.studio.scenes.lens import blur
from pipelines.studio.scenes.noise import fractal, sample, step
from pipelines.studio.scenes.spec import Backdrop

_WORK_PX = 512


def paint_backdrop(backdrop: Backdrop, *, size_px: tuple[int, int], seed: int) -> F32:
    """The backdrop over the whole frame of (width, height): (H, W, 3) float32 linear."""
    factor = min(1.0, _WORK_PX / max(size_px))
    width, height = max(8, round(size_px[0] * factor)), max(8, round(size_px[1] * factor))
    colors = np.stack([from_hex(color) for color in backdrop.palette])
    draw = _garden if backdrop.kind == "garden" else _window
    picture = draw(width, height, colors=colors, seed=seed)
    return cv2.resize(picture, size_px, interpolation=cv2.INTER_CUBIC).clip(0)


def _places(width: int, height: int) -> tuple[F32, F32]:
    unit = np.float32(1.0 / max(width, height))
    x = np.arange(width, dtype=np.float32)[None, :] * unit
    y = np.arange(height, dtype=np.float32)[:, None] * unit
    return x, y


def _garden(width: int, height: int, *, colors: F32, seed: int) -> F32:
    """Foliage in dusk light with lamps as discs. Palette: dark, mid green, sky glow, lamp."""
    x, y = _places(width, height)
    here = np.float32(seed % 16 / 16)
    mass = sample(fractal(2.4, 0), x * 0.8 + here, y * 0.8)
    leaves = sample(fractal(2.0, 1, 2.0), x * 1.1 + here, y * 1.1)
    share = np.clip(0.40 + 0.25 * mass + 0.16 * leaves, 0, 1)[..., None]
    picture = colors[0] + (colors[1] - colors[0]) * share
    glow = (np.clip(1 - y * 1.9, 0, 1) ** 2 * np.clip(0.6 + 0.35 * mass, 0, 1))[..., None]
    picture = blur(picture + (colors[2] - picture) * glow * 0.8, 0.012 * max(width, height))
    return _lamps(picture, color=colors[3], seed=seed)


def _lamps(picture: F32, *, color: F32, seed: int) -> F32:
    """The picture with out-of-focus lights: discs, a little brighter at the rim, as lenses do."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    unit = max(width, height)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(26):
        radius = unit * rng.uniform(0.014, 0.034)
        cx, cy = rng.uniform(0, width), height * abs(rng.normal(0.0, 0.26))
        away = np.hypot(columns - cx, rows - cy) / radius
        disc = 1 - step(0.90, 1.06, away)
        rim = 0.75 + 0.35 * np.clip(away, 0, 1) ** 3
        level = rng.uniform(0.12, 0.55) ** 1.4
        picture = picture + (disc * rim * level)[..., None] * color * rng.uniform(
            0.8, 1.1, 3
        ).astype(np.float32)
    return blur(picture, 0.6)


def _window(width: int, height: int, *, colors: F32, seed: int) -> F32:
    """A bright window in a shaded wall.

    Palette: wall, wall shade, sky, frame, garden.
    """
    x, y = _places(width, height)
    start = -0.10 + 0.03 * (seed % 3)
    wall = colors[0] + (colors[1] - colors[0]) * np.clip(x * 1.1, 0, 1)[..., None]
    wall = np.broadcast_to(wall, (height, width, 3))
    inside = _box(x, y, (start, -0.3, start + 0.48, 0.44), 0.004)
    bars = np.maximum(
        _box(x, y, (start + 0.24, -0.3, start + 0.262, 0.44), 0.003),
        _box(x, y, (start, 0.10, start + 0.48, 0.122), 0.003),
    )
    here = np.float32(seed % 16 / 16)
    leaves = sample(fractal(2.4, 0), x * 1.3 + here, y * 1.3)
    low = step(0.05, 0.42, y + 0.05 * leaves)[..., None]
    day = colors[2] + (colors[4] - colors[2]) * low * np.clip(0.55 + 0.3 * leaves, 0, 1)[..., None]
    picture = wall + (day - wall) * inside[..., None]
    picture = picture + (colors[3] - picture) * bars[..., None]
    frame = _box(x, y, (start - 0.03, -0.3, start + 0.515, 0.475), 0.003) - inside
    picture = picture + (colors[3] - picture) * np.clip(frame, 0, 1)[..., None]
    return blur(picture.astype(np.float32), 0.007 * max(width, height))


def _box(x: F32, y: F32, edges: tuple[float, float, float, float], soft: float) -> F32:
    """1 inside the box (x0, y0, x1, y1), with soft edges: (H, W)."""
    left, top, right, bottom = edges
    across = step(left - soft, left + soft, x) * (1 - step(right - soft, right + soft, x))
    down = step(top - soft, top + soft, y) * (1 - step(bottom - soft, bottom + soft, y))
    return across * down
