"""Detail glide: a window passes over the real photo from near, then opens to the whole product."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from assets.media import Picture
from pipelines.studio.given import has_real_alpha
from pipelines.studio.motion.canvas import Window
from pipelines.studio.motion.composition import Composition, Layer
from pipelines.studio.motion.material import ENLARGE_ABOVE, Material
from pipelines.studio.motion.paper import (
    Aim,
    ground,
    on_tone,
    palette_of,
    shadow,
    shown,
    window_px,
)
from pipelines.studio.motion.route import Bounds, Look, along
from pipelines.studio.motion.sprites import opaque, pyramid
from pipelines.studio.motion.stations import stations
from pipelines.studio.scenes.arrays import U8

SLENDEST = 0.75
"""Least ratio of a window's sides: a narrower one would look like a strip."""

MOMENTS = 40
"""At so many moments of the way it is looked at how far beyond a cut-out's photo windows reach."""


def compose(material: Material) -> Composition:
    """A glide over the first photo. Raises GenerationFailed where it offers nothing from near."""
    order, photo = material.order, material.photos[0]
    shape = material.own_shape(0)
    window = _proportioned(window_px(material.layout.product, order.frame_px), shape)
    free = photo.alpha is not None and has_real_alpha(photo.alpha)
    bounds = Bounds(
        window_px=(window[2] - window[0], window[3] - window[1]),
        photo_px=(photo.width_px, photo.height_px),
        free=free,
    )
    found = stations(
        photo.rgb, shape, bounds=bounds, magnify_max=ENLARGE_ABOVE, turned=material.side() > 0
    )
    way = along(found.first, found.second, found.last, duration_s=order.duration_s, bounds=bounds)
    palette = palette_of(photo)
    room, corner = _with_room(photo, way, bounds, duration_s=order.duration_s)
    rgb = on_tone(room, palette=palette, seed=material.seed + 1)
    picture = pyramid(opaque(rgb), smallest_scale=found.last.scale)
    base: list[Layer] = [
        ground(palette, frame_px=order.frame_px, seed=material.seed),
        shadow(window, frame_px=order.frame_px),
    ]
    aim = _aim(way, corner=corner, size=picture.size)
    return material.clip(base, [shown(picture, aim, window=window)])


def _proportioned(window: Window, shape: U8) -> Window:
    """The window in about the product's own proportions: less of it is ground, and nothing is lost.

    As large as it fits the layout's, in its middle.
    """
    x0, y0, x1, y1 = window
    _, _, wide, high = cv2.boundingRect(shape)
    ratio = float(np.clip(wide / max(high, 1), SLENDEST, 1 / SLENDEST))
    across, down = min(x1 - x0, ratio * (y1 - y0)), min(y1 - y0, (x1 - x0) / ratio)
    left, top = (x0 + x1 - across) / 2, (y0 + y1 - down) / 2
    x0, y0, x1, y1 = (2 * round(each / 2) for each in (left, top, left + across, top + down))
    return x0, y0, x1, y1


def _with_room(
    photo: Picture, way: Callable[[float], Look], bounds: Bounds, *, duration_s: float
) -> tuple[Picture, tuple[int, int]]:
    """The photo with as much empty ground as windows reach beyond it, and where its corner lies.

    Only a free photo is given any.
    """
    if photo.alpha is None or not bounds.free:
        return photo, (0, 0)
    looks = [way(float(at)) for at in np.linspace(0, duration_s, MOMENTS)]
    half = np.array(bounds.window_px) / 2 / np.array([[look.scale] for look in looks])
    at = np.array([(look.x, look.y) for look in looks])
    left, top = np.maximum(0, np.ceil(-(at - half).min(axis=0))).astype(int) + 2
    right, low = np.maximum(0, np.ceil((at + half).max(axis=0) - bounds.photo_px)).astype(int) + 2
    sides = int(top), int(low), int(left), int(right)
    rgb = cv2.copyMakeBorder(photo.rgb, *sides, cv2.BORDER_REPLICATE)
    alpha = cv2.copyMakeBorder(photo.alpha, *sides, cv2.BORDER_CONSTANT, value=[0])
    return Picture(rgb, alpha), (int(left), int(top))


def _aim(
    way: Callable[[float], Look], *, corner: tuple[int, int], size: tuple[int, int]
) -> Callable[[float], Aim]:
    """The way as aims at a picture of that size, in which the photo's corner lies at `corner`."""

    def aim(t: float) -> Aim:
        look = way(t)
        return Aim(
            x=(look.x + corner[0]) / size[0], y=(look.y + corner[1]) / size[1], scale=look.scale
        )

    return aim
