"""The light of a set: how much of it falls on each place, before anything casts a shadow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.studio.scenes.arrays import F32, F64
from pipelines.studio.scenes.color import from_hex
from pipelines.studio.scenes.gobo import transmission
from pipelines.studio.scenes.spec import Light


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """The key light in a room: its direction, distance, and the place it is metered at.

    `towards` is the unit vector to the light; `origin` (3,) the product's base in metres, where
    key and sky together give 1; `size_m` the subject's size, in which distances are counted.
    """

    light: Light
    towards: F64
    origin: F64
    size_m: float
    seed: int

    def key(self, x: F32, y: F32, z: F32, *, normal: tuple[float, float, float]) -> F32:
        """The key light that falls on a plane at each place (broadcast), 1 at the meter point.

        Lambert's cosine, the inverse square of the distance, and the gobo's shade.
        Source: Pharr, Jakob, Humphreys, "Physically Based Rendering", 4th ed., chapter 12.
        """
        reach = self.light.falloff * self.size_m
        away = [
            np.float32(self.towards[i] * reach + self.origin[i]) - axis
            for i, axis in enumerate((x, y, z))
        ]
        squared = away[0] ** 2 + away[1] ** 2 + away[2] ** 2
        facing = sum(n * a for n, a in zip(normal, away, strict=True) if n)
        cosine = np.maximum(facing, 0.0) / np.sqrt(squared)
        level = cosine * np.float32(reach**2 / self.towards[1]) / squared
        return level * self._gobo(x, y, z)

    def _gobo(self, x: F32, y: F32, z: F32) -> F32:
        """The share of the key that the gobo lets through at each place."""
        side = np.cross(self.towards, [0.0, 1.0, 0.0])
        side /= np.linalg.norm(side)
        up = np.cross(side, self.towards)
        place = [
            np.float32(1 / self.size_m) * (p - np.float32(o))
            for p, o in zip((x, y, z), self.origin, strict=True)
        ]
        across = sum(np.float32(c) * p for c, p in zip(-side, place, strict=True))
        height = sum(np.float32(c) * p for c, p in zip(up, place, strict=True))
        return transmission(
            self.light.gobo, across=np.asarray(across), up=np.asarray(height), seed=self.seed
        )

    def sum(self, key: F32, sky: F32) -> F32:
        """The coloured light of key and sky levels (H, W): (H, W, 3) float32."""
        light = self.light
        key_color = balanced(light.key_color) * np.float32(light.key * light.exposure)
        sky_color = balanced(light.sky_color) * np.float32((1 - light.key) * light.exposure)
        return key[..., None] * key_color + sky[..., None] * sky_color


def balanced(color: str) -> F32:
    """The colour at luminance 1, so that tinting light does not darken it. Source: BT.709."""
    rgb = from_hex(color)
    return (rgb / float(rgb @ np.array([0.2126, 0.7152, 0.0722]))).astype(np.float32)
