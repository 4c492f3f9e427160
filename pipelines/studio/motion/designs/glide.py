"""Detail glide: a window passes over the real photo, each of its pixels shown, then opens wide."""

from __future__ import annotations

import math
from collections.abc import Callable

from content_engine.errors import GenerationFailed
from pipelines.studio.motion.composition import Composition, Layer
from pipelines.studio.motion.easing import curve, glide, linear, track
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.paper import (
    Aim,
    ground,
    held,
    on_tone,
    palette_of,
    points_of_interest,
    shadow,
    shown,
    widest,
    window_px,
)
from pipelines.studio.motion.sprites import opaque, pyramid
from pipelines.studio.scenes.arrays import U8

OPEN_FROM = 0.5
"""Share of the clip after which the window opens to the whole photo."""

APART_MIN = 0.12
"""Least way of a glide, in shares of the photo: shorter, it would seem to stand."""

NEAR_MAX = 2.0
"""How much nearer than the whole photo a glide may be: in a small clip one would lose one's way."""

ROOM_MIN = 1.12
"""Least ratio of the photo to the window: below it nothing is left to glide over."""


def compose(material: Material) -> Composition:
    """A glide over one photo, the detail photo if there is one. Raises GenerationFailed."""
    order = material.order
    photo = material.photos[-1]
    window = window_px(material.layout.product, order.frame_px)
    closest = widest((photo.width_px, photo.height_px), window)
    if closest * ROOM_MIN > 1:
        raise GenerationFailed(
            f"a photo of {photo.width_px} × {photo.height_px} px leaves no room to glide in a "
            f"window of {window[2] - window[0]} × {window[3] - window[1]} px without magnifying "
            "it: use a larger photo or another design"
        )
    palette = palette_of(photo)
    rgb = on_tone(photo, palette=palette, seed=material.seed + 1)
    picture = pyramid(opaque(rgb), smallest_scale=closest)
    base: list[Layer] = [
        ground(palette, frame_px=order.frame_px, seed=material.seed),
        shadow(window, frame_px=order.frame_px),
    ]
    return material.clip(base, [shown(picture, _way(material, rgb, closest), window=window)])


def _way(material: Material, rgb: U8, closest: float) -> Callable[[float], Aim]:
    """From detail to detail with every pixel shown, then open to the whole photo; never at rest."""
    end = material.order.duration_s
    near = min(1.0, closest * NEAR_MAX)
    size, window = (
        (rgb.shape[1], rgb.shape[0]),
        window_px(material.layout.product, material.order.frame_px),
    )
    seen = [held(Aim(x=x, y=y, scale=near), size, window) for x, y in _details(material, rgb)]
    first, last = seen[0], max(seen, key=lambda aim: _apart(aim, seen[0]))
    if _apart(first, last) < APART_MIN:
        last = held(Aim(x=1 - first.x, y=1.0 if first.y < 0.5 else 0.0, scale=near), size, window)
    times = [0.0, 0.7 * end, end]
    x = curve(times, [first.x, last.x, 0.5])
    y = curve(times, [first.y, last.y, 0.5])
    # It opens while it still glides: between the two it would stand.
    scale = track((0.0, near), (OPEN_FROM * end, near, linear), (end, closest, ease_open))
    return lambda t: Aim(x=x(t), y=y(t), scale=scale(t))


def _apart(one: Aim, other: Aim) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def ease_open(u: float) -> float:
    """From rest, opening, and still moving a little at the end: `glide` over a slow even speed."""
    return 0.88 * glide(u) + 0.12 * u * u


def _details(material: Material, rgb: U8) -> list[tuple[float, float]]:
    """Three places to look at, in an order that leads across the photo."""
    found = points_of_interest(rgb, material.photos[-1].alpha, count=3)
    return sorted(found, key=lambda spot: spot[material.choose("way", 2)])
