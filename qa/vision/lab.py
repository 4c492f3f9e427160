"""Colour as people see it: CIELAB and the CIEDE2000 difference."""

from __future__ import annotations

import cv2
import numpy as np

from qa.vision.arrays import Numbers, Pixels

WHITE_LAB = (100.0, 0.0, 0.0)
"""L*, a*, b* of pure white."""

_CHROMA_KNEE = 25.0**7
_HUE_WEIGHTS = ((-0.17, 1, -30.0), (0.24, 2, 0.0), (0.32, 3, 6.0), (-0.20, 4, -63.0))


def to_lab(rgb: Pixels) -> Numbers:
    """The colours as CIELAB, (..., 3) float32, L* 0..100, D65.

    `rgb` is (H, W, 3) uint8 sRGB.
    """
    return cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)


def delta_e2000(first: Numbers, second: Numbers) -> Numbers:
    """CIEDE2000 differences of two arrays of L*a*b* triples, shape (...), 0 = same colour.

    Source: Sharma, Wu, Dalal (2005), "The CIEDE2000 color-difference formula", Color Research and
    Application 30(1).
    """
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    chroma_1, chroma_2, hue_1, hue_2 = _adjusted(one, two)
    mean_chroma = (chroma_1 + chroma_2) / 2
    turn = np.where(chroma_1 * chroma_2 == 0, 0.0, (hue_2 - hue_1 + 180.0) % 360.0 - 180.0)
    mean_hue = np.where(chroma_1 * chroma_2 == 0, hue_1 + hue_2, hue_1 + turn / 2)
    lightness = (two[..., 0] - one[..., 0]) / _lightness_weight((one[..., 0] + two[..., 0]) / 2)
    chroma = (chroma_2 - chroma_1) / (1 + 0.045 * mean_chroma)
    hue = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(np.radians(turn / 2))
    hue = hue / (1 + 0.015 * mean_chroma * _hue_weight(mean_hue))
    rotation = _rotation(mean_chroma, mean_hue)
    return np.sqrt(lightness**2 + chroma**2 + hue**2 + rotation * chroma * hue)


def _adjusted(one: Numbers, two: Numbers) -> tuple[Numbers, ...]:
    """Chroma and hue (degrees) of both with a* stretched for near-neutral colours."""
    mean = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(two[..., 1], two[..., 2])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + _CHROMA_KNEE))
    a_1, a_2 = one[..., 1] * stretch, two[..., 1] * stretch
    chroma_1, chroma_2 = np.hypot(a_1, one[..., 2]), np.hypot(a_2, two[..., 2])
    hue_1 = np.degrees(np.arctan2(one[..., 2], a_1)) % 360.0
    hue_2 = np.degrees(np.arctan2(two[..., 2], a_2)) % 360.0
    return chroma_1, chroma_2, hue_1, hue_2


def _lightness_weight(mean: Numbers) -> Numbers:
    offset = (mean - 50.0) ** 2
    return 1 + 0.015 * offset / np.sqrt(20 + offset)


def _hue_weight(mean: Numbers) -> Numbers:
    terms = [
        weight * np.cos(np.radians(times * mean + shift)) for weight, times, shift in _HUE_WEIGHTS
    ]
    return 1.0 + np.sum(terms, axis=0)


def _rotation(mean_chroma: Numbers, mean_hue: Numbers) -> Numbers:
    angle = 30.0 * np.exp(-(((mean_hue % 360.0 - 275.0) / 25.0) ** 2))
    strength = 2 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + _CHROMA_KNEE))
    return -np.sin(np.radians(2 * angle)) * strength
