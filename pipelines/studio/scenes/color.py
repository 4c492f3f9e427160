"""Colour: sRGB bytes, linear light, and OKLCh for choosing tones that go together."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from pipelines.studio.scenes.arrays import F32, U8

_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@cache
def _linear_table() -> F32:
    value = np.arange(256) / 255.0
    low, high = value / 12.92, ((value + 0.055) / 1.055) ** 2.4
    table: F32 = np.where(value <= 0.04045, low, high).astype(np.float32)
    return table


def to_linear(rgb: U8) -> F32:
    """The linear light of sRGB bytes, float32 0..1, same shape. Source: IEC 61966-2-1."""
    return _linear_table()[rgb]


@cache
def _encode_table() -> F32:
    value = np.linspace(0.0, 1.0, 16385)
    low, high = value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055
    table: F32 = (np.where(value <= 0.0031308, low, high) * 255.0).astype(np.float32)
    return table


def to_display(linear: F32) -> F32:
    """The sRGB values of linear light as float32 0..255, unrounded, so that dither can follow."""
    index = np.clip(linear * np.float32(16384.0) + np.float32(0.5), 0, 16384).astype(np.uint16)
    return _encode_table()[index]


def from_hex(text: str) -> F32:
    """The linear light of a colour such as `#d9cfc1`: (3,) float32 0..1."""
    return to_linear(np.frombuffer(bytes.fromhex(text.removeprefix("#")), np.uint8))


def to_oklch(linear: np.ndarray) -> np.ndarray:
    """Lightness 0..1, chroma and hue (degrees) of linear sRGB, (..., 3) float64.

    Source: Björn Ottosson, "A perceptual color space for image processing", 2020.
    """
    lab = np.cbrt(np.maximum(np.asarray(linear, np.float64), 0.0) @ _LMS.T) @ _LAB.T
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360.0
    return np.stack([lab[..., 0], chroma, hue], axis=-1)


def from_oklch(lightness: float, chroma: float, hue_deg: float) -> F32:
    """The linear sRGB of one OKLCh colour, clipped to the gamut: (3,) float32 0..1."""
    hue = math.radians(hue_deg)
    lab = np.array([lightness, chroma * math.cos(hue), chroma * math.sin(hue)])
    lms = (np.linalg.inv(_LAB) @ lab) ** 3
    return np.clip(np.linalg.inv(_LMS) @ lms, 0.0, 1.0).astype(np.float32)
