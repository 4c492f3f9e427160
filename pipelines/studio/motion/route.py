"""The way of a glide: two places looked at closely, then the whole product; never at rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.studio.motion.easing import glide

OPENS, THERE = 0.42, 0.66
"""Shares of the clip: after the first the window opens to the whole product, at the second it has
reached the second place. It opens while it still glides: between the two it would stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a window shows: the photo's point (x, y), in its pixels, in the middle; and a scale.

    `scale` is frame pixels for each photo pixel.
    """

    x: float
    y: float
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far looks may go: a window of (width, height) px over a photo of `photo_px`.

    A `free` photo has no edge: its product was cut out, its ground is one tone.
    """

    window_px: tuple[int, int]
    photo_px: tuple[int, int]
    free: bool

    @property
    def widest(self) -> float:
        """The smallest scale at which the photo fills the window; 0 for a free one."""
        if self.free:
            return 0.0
        return max(a / b for a, b in zip(self.window_px, self.photo_px, strict=True))

    def held(self, look: Look) -> Look:
        """The look with its window kept within the photo."""
        if self.free:
            return look
        scale = max(look.scale, self.widest)
        half = [side / 2 / scale for side in self.window_px]
        x, y = (
            float(np.clip(at, near, max(near, side - near)))
            for at, near, side in zip((look.x, look.y), half, self.photo_px, strict=True)
        )
        return Look(x=x, y=y, scale=scale)


def along(
    first: Look, second: Look, last: Look, *, duration_s: float, bounds: Bounds
) -> Callable[[float], Look]:
    """The look at each time of the clip: from the first over the second to the last.

    Windows go straight from one to the next, corner by corner: one that opens only gains.
    """
    begin, end, whole = (
        np.array([look.x, look.y, 1 / look.scale]) for look in (first, second, last)
    )

    def look(t: float) -> Look:
        near = begin + (end - begin) * settle(t / duration_s / THERE)
        opened = ease_open((t / duration_s - OPENS) / (1 - OPENS))
        x, y, wide = near + (whole - near) * opened
        return bounds.held(Look(x=float(x), y=float(y), scale=float(1 / wide)))

    return look


def settle(u: float) -> float:
    """From speed to rest, 0 to 1. Source: cubic Hermite with speeds 1.2 and 0."""
    u = min(max(u, 0.0), 1.0)
    return u * (1.2 + u * (0.6 - 0.8 * u))


def ease_open(u: float) -> float:
    """From rest, opening, and still moving a little at the end: `glide` over a slow even speed."""
    u = min(max(u, 0.0), 1.0)
    return 0.88 * glide(u) + 0.12 * u * u
