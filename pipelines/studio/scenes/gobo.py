"""Patterns of shade: a window's bars, a blind, foliage, as seen along the light."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32, U8
from pipelines.studio.scenes.noise import sample, step
from pipelines.studio.scenes.spec import Gobo

_CANVAS_PX = 1024
FOLIAGES = 3  # different tiles of branches; each costs 20 ms once


def transmission(gobo: Gobo, *, across: F32, up: F32, seed: int) -> F32:
    """The share of the key light that gets through at each place: float32 0..1, same shape.

    `across` and `up` are places in the plane across the light, in subject sizes, 0 at the product.
    """
    if gobo.kind == "none":
        return np.ones_like(across)
    if gobo.kind == "window":
        open_share = _window(across / gobo.size, up / gobo.size, gobo.blur / gobo.size)
    elif gobo.kind == "blind":
        open_share = _blind(across / gobo.size, up / gobo.size, gobo.blur / gobo.size)
    else:
        period = 3.4 * gobo.size
        blur_px = max(1.0, gobo.blur / period * _CANVAS_PX)
        tile = _foliage(gobo.kind, round(blur_px, 1), seed % FOLIAGES)
        open_share = sample(tile, across / np.float32(period), up / np.float32(period))
    return 1.0 - np.float32(gobo.strength) * (1.0 - open_share)


def _bar(place: F32, width: float, blur: float) -> F32:
    """1 on a bar of that width around 0, with soft edges."""
    return 1.0 - step(width / 2 - blur, width / 2 + blur, np.abs(place))


def _window(across: F32, up: F32, blur: float) -> F32:
    """Light through a casement of 2 × 3 panes, 1.5 subject sizes wide."""
    inside = _bar(across - 0.1, 1.7, blur) * _bar(up - 0.75, 2.6, blur)
    bars = np.maximum(_bar(across - 0.1, 0.09, blur), 0.0)
    for height in (0.75 - 0.44, 0.75 + 0.44):
        bars = np.maximum(bars, _bar(up - height, 0.07, blur))
    return inside * (1.0 - bars)


def _blind(across: F32, up: F32, blur: float) -> F32:
    """Light through a Venetian blind, a little tilted."""
    slant = up + across * np.float32(0.06)
    wave = slant / np.float32(0.21)
    slat = np.abs(wave - np.round(wave)) * 0.21
    slats = step(0.047 - blur, 0.047 + blur, slat)
    frame = _bar(across - 0.15, 2.2, blur * 2)
    cord = 1.0 - 0.7 * _bar(across - 0.45, 0.012, blur)
    return slats * frame * cord


@lru_cache(maxsize=16)
def _foliage(kind: str, blur_px: float, seed: int) -> F32:
    """A repeating tile of branches before the sun: (1024, 1024) float32, 1 is light."""
    rng = np.random.default_rng(seed)
    shade = np.zeros((_CANVAS_PX, _CANVAS_PX), np.uint8)
    branches = 7 if kind == "leaves" else 4
    for index in range(branches):
        start = np.array([(index + rng.uniform(0.1, 0.9)) / branches, rng.uniform(0, 1)])
        heading = rng.uniform(-0.75, -0.15) if kind == "palm" else rng.uniform(-1.1, 0.3)
        grow = _leaf_branch if kind == "leaves" else _palm_frond
        for shape in grow(rng, start * _CANVAS_PX, heading):
            _fill(shade, shape)
    wide = cv2.copyMakeBorder(shade, 96, 96, 96, 96, cv2.BORDER_WRAP)
    near = cv2.GaussianBlur(wide, (0, 0), blur_px)[96:-96, 96:-96]
    return 1.0 - near.astype(np.float32) / 255.0


def _fill(shade: U8, shape: np.ndarray) -> None:
    """Draws the shape on the tile, and where it wraps around."""
    for dx in (-_CANVAS_PX, 0, _CANVAS_PX):
        for dy in (-_CANVAS_PX, 0, _CANVAS_PX):
            moved = np.round(shape + np.array([dx, dy])).astype(np.int32)
            if (moved.max(0) >= 0).all() and (moved.min(0) < _CANVAS_PX).all():
                cv2.fillPoly(shade, [moved], 255, cv2.LINE_AA)


def _leaf(root: np.ndarray, heading: float, length: float, width: float) -> np.ndarray:
    """A pointed leaf: (n, 2) px."""
    t = np.linspace(0, 1, 14)
    half = width * np.sin(np.pi * t**0.8) * (1 - 0.25 * t)
    side = np.concatenate([half, -half[::-1]])
    along = np.concatenate([t, t[::-1]]) * length
    cos, sin = math.cos(heading), math.sin(heading)
    return root + np.stack([along * cos - side * sin, along * sin + side * cos], axis=1)


def _leaf_branch(rng: np.random.Generator, root: np.ndarray, heading: float) -> list:
    """A drooping twig with alternate leaves, as of an olive."""
    shapes, place = [], root.copy()
    steps = int(rng.integers(11, 16))
    for index in range(steps):
        heading += rng.uniform(-0.02, 0.14)
        ahead = place + 30.0 * np.array([math.cos(heading), math.sin(heading)])
        shapes.append(_leaf(place, heading, 34.0, 2.2))
        size = (0.75 + 0.5 * math.sin(math.pi * index / steps)) * rng.uniform(0.8, 1.15)
        for side in (-1, 1):
            turn = heading + side * rng.uniform(0.5, 1.0)
            shapes.append(_leaf(place, turn, 74.0 * size, 13.0 * size * rng.uniform(0.6, 1.1)))
        place = ahead
    return shapes


def _palm_frond(rng: np.random.Generator, root: np.ndarray, heading: float) -> list:
    """An arching frond with narrow leaflets on both sides."""
    shapes, place = [], root.copy()
    steps = 34
    for index in range(steps):
        heading += 0.022
        ahead = place + 15.0 * np.array([math.cos(heading), math.sin(heading)])
        shapes.append(_leaf(place, heading, 20.0, 2.6))
        reach = 150.0 * math.sin(math.pi * (index + 4) / (steps + 6)) * rng.uniform(0.85, 1.05)
        for side in (-1, 1):
            turn = heading + side * (0.95 - 0.45 * index / steps) + rng.uniform(-0.06, 0.06)
            shapes.append(_leaf(place, turn, reach, 7.0))
        place = ahead
    return shapes
