"""Tileable noise, sampled by place: the raw stuff of every procedural surface."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32

TILE_PX = 1024


@lru_cache(maxsize=3)
def _white(seed: int) -> np.ndarray:
    """The spectrum of one tile of white noise: (1024, 513) complex64."""
    rng = np.random.default_rng(seed)
    return np.fft.rfft2(rng.standard_normal((TILE_PX, TILE_PX), dtype=np.float32))


@lru_cache(maxsize=1)
def _cycles() -> F32:
    """How many cycles a tile each place of the spectrum stands for: (1024, 513) float32."""
    down = np.fft.fftfreq(TILE_PX)[:, None] * TILE_PX
    across = np.fft.rfftfreq(TILE_PX)[None, :] * TILE_PX
    return np.hypot(across, down).astype(np.float32)


@lru_cache(maxsize=28)
def fractal(beta: float, seed: int, lowest: float = 1.0) -> F32:
    """One tileable field (1024, 1024) with power spectrum 1/f^beta, mean 0, deviation 1.

    `lowest` is the lowest frequency kept, in cycles a tile. beta 0 is white, 2 is cloudy, from 5
    on the field is smooth enough to bend others. Painters share few fields: each costs 4 MiB and
    30 ms once.
    """
    cycles = _cycles()
    gain = np.maximum(cycles, 1.0) ** np.float32(-beta / 2)
    gain[cycles < lowest] = 0.0
    field = np.fft.irfft2(_white(seed) * gain, s=(TILE_PX, TILE_PX))
    return ((field - field.mean()) / field.std()).astype(np.float32)


def sample(tile: F32, x: F32, y: F32) -> F32:
    """The tile's values at (x, y), which count tiles and wrap around; shapes broadcast."""
    height, width = tile.shape[:2]
    shape = np.broadcast_shapes(x.shape, y.shape)
    u = np.broadcast_to((x - np.floor(x)) * np.float32(width), shape)
    v = np.broadcast_to((y - np.floor(y)) * np.float32(height), shape)
    return cv2.remap(
        tile,
        np.ascontiguousarray(u, np.float32),
        np.ascontiguousarray(v, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )


def step(low: float, high: float, value: F32) -> F32:
    """0 below `low`, 1 above `high`, smooth (cubic) between."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    return t * t * (np.float32(3.0) - np.float32(2.0) * t)
