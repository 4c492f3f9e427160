"""Prints: the photos themselves, whole and uncut, in a large window beside the words.

For photos that show more than the product: worn, in use, cut off by the frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2

from content_engine.errors import GenerationFailed
from pipelines.studio.cutout import cut_sides
from pipelines.studio.motion.canvas import Canvas, Window
from pipelines.studio.motion.composition import Composition, Layer, Piece, place
from pipelines.studio.motion.easing import drift, glide, track
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.paper import (
    Aim,
    dark,
    ground,
    on_tone,
    palette_of,
    shadow,
    shown,
    widest,
    window_px,
)
from pipelines.studio.motion.sprites import Pyramid, opaque, pyramid
from pipelines.studio.scenes.tone import Palette

PHOTOS_MAX = 3
PASS_S = 0.9
NEAR_MIN, NEAR = 1.06, 1.2
"""How much closer than the whole photo a print begins, as far as the photo has pixels: less, and it
would seem to stand; a whole product is not cut for more."""

ASIDE = 0.05
"""How far to either side it passes, in photo widths, where the photo is wider than its window: one
without pixels to spare would stand still."""


WIDE_MAX = 0.86
"""How much of its window's width a whole product takes at most: the rest is for its passing."""

INSET = 0.04
"""How far from the frame's side a print stays that doesn't fill the frame's height, in widths."""

SHADE_COMES = 4.0
"""A print's shadow is whole after so small a part of the way (1 / 4), and until so near its end."""


def compose(material: Material) -> Composition:
    """The photos, one sliding over the other, each slowly opening. Raises GenerationFailed."""
    order = material.order
    bodies = [_body(material, index) for index in range(len(material.photos[:PHOTOS_MAX]))]
    window = _holding(
        window_px(material.layout.product, order.frame_px), bodies, frame_px=order.frame_px
    )
    palette = palette_of(material.photos[0])
    prints = _fitting(material, palette, window, bodies)
    keep = order.duration_s / len(prints)
    pieces = [
        _opening(one, window, start_s=number * keep, stop_s=(number + 1) * keep + PASS_S)
        for number, one in enumerate(prints)
    ]
    later = [
        sliding(piece, window, start_s=number * keep - PASS_S / 2, frame_px=order.frame_px)
        for number, piece in enumerate(pieces[1:], start=1)
    ]
    base: list[Layer] = [ground(palette, frame_px=order.frame_px, seed=material.seed)]
    if window[0] > 0 and window[1] > 0:
        base.append(shadow(window, frame_px=order.frame_px))
    return material.clip(base, [pieces[0], *(layer for pair in later for layer in pair)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sliding:
    """A print that slides in from beyond the frame's right edge.

    Its window goes with it: what the window cuts off the photo is never seen on the way. `away` is
    how far the print is from its place at a time, in px.
    """

    piece: Piece
    window: Window
    away: Callable[[float], float]

    def window_at(self, time_s: float) -> Window:
        """Where the print's window is at that time; beyond the frame at first."""
        x0, y0, x1, y1 = self.window
        moved = 2 * round(self.away(time_s) / 2)
        return x0 + moved, y0, x1 + moved, y1

    def paint(self, canvas: Canvas, time_s: float, *, open_s: float) -> None:
        """See `Layer.paint`."""
        x0, y0, x1, y1 = self.window_at(time_s)
        moving = replace(
            self.piece,
            pose=lambda t: place(x=self.away(t), y=0.0) @ self.piece.pose(t),
            window=(x0, y0, min(x1, canvas.width_px), y1),
        )
        moving.paint(canvas, time_s, open_s=open_s)


def sliding(
    piece: Piece, window: Window, *, start_s: float, frame_px: tuple[int, int]
) -> tuple[Layer, Sliding]:
    """The print coming in over the one before; its shadow goes along, and is gone when it lies."""
    far = float(frame_px[0] - window[0])
    away = track((start_s, far), (start_s + PASS_S, 0.0, glide))
    cast = Piece(
        picture=dark(window, frame_px=frame_px),
        pose=lambda t: place(x=away(t), y=0.0, scale=8.0),
        opacity=lambda t: min(1.0, SHADE_COMES * away(t) / far, SHADE_COMES * (1 - away(t) / far)),
    )
    return cast, Sliding(piece=piece, window=window, away=away)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """A whole product in its photo: its middle (x, y), sides in photo widths and heights."""

    x: float
    y: float
    wide: float
    high: float
    photo_ratio: float


def _body(material: Material, index: int) -> _Body | None:
    """Where the photo shows its product whole; None where it is worn, in use, or cut off."""
    if material.order.plain_only and not material.plain(index):
        return None
    shape = material.shapes(index)
    if not shape.any() or cut_sides(shape / 255):
        return None
    height, width = shape.shape
    left, top, wide, high = cv2.boundingRect(shape)
    return _Body(
        x=(left + wide / 2) / width,
        y=(top + high / 2) / height,
        wide=wide / width,
        high=high / height,
        photo_ratio=width / height,
    )


def _holding(
    window: Window, bodies: Sequence[_Body | None], *, frame_px: tuple[int, int]
) -> Window:
    """The window, lower where it would cut a product off that the photo shows whole."""
    x0, y0, x1, y1 = window
    inset = 2 * round(INSET * frame_px[0] / 2)
    lower = max(x0, inset), min(x1, frame_px[0] - inset)
    limits = [WIDE_MAX / (body.wide * body.photo_ratio) for body in bodies if body is not None]
    needed = min((max(limit, 1.0) * (lower[1] - lower[0]) for limit in limits), default=y1 - y0)
    if min((limit * (x1 - x0) for limit in limits), default=y1 - y0) >= y1 - y0:
        return window
    middle, half = (y0 + y1) / 2, min(needed, y1 - y0) / 2
    return lower[0], 2 * round((middle - half) / 2), lower[1], 2 * round((middle + half) / 2)


def _fitting(
    material: Material, palette: Palette, window: Window, bodies: Sequence[_Body | None]
) -> list[tuple[Pyramid, _Body | None]]:
    """The photos that fill the window without being magnified. Raises GenerationFailed for none."""
    prints = []
    for photo, body in zip(material.photos, bodies, strict=False):
        closest = widest((photo.width_px, photo.height_px), window)
        if closest <= 1:
            rgb = on_tone(photo, palette=palette, seed=material.seed + 1)
            prints.append((pyramid(opaque(rgb), smallest_scale=closest), body))
    if not prints:
        raise GenerationFailed(
            f"no photo fills a window of {window[2] - window[0]} × {window[3] - window[1]} px "
            "without being magnified: use a larger photo or order a smaller clip"
        )
    return prints


def _opening(
    one: tuple[Pyramid, _Body | None], window: Window, *, start_s: float, stop_s: float
) -> Piece:
    """The photo in the window, opening slowly from near to whole; its product stays uncut."""
    picture, body = one
    closest = widest(picture.size, window)
    shown_wide = (window[2] - window[0]) / (picture.size[0] * closest)
    shown_high = (window[3] - window[1]) / (picture.size[1] * closest)
    aside, nearer = min(ASIDE, 0.9 * max(0.0, 1 - shown_wide) / 2), NEAR
    middle, y_end = 0.5, 0.5
    if body is not None and body.wide <= shown_wide:
        aside = min(aside, 0.9 * (shown_wide - body.wide) / 2)
        nearer = min(NEAR, shown_wide / (body.wide + 2 * aside), shown_high / body.high)
        middle, y_end = body.x, body.y
    nearer = max(nearer, NEAR_MIN)
    scale = track((start_s, min(1.0, closest * nearer)), (stop_s, closest, drift))
    x = track((start_s, middle - aside), (stop_s, middle + aside, drift))
    y = track((start_s, y_end - 0.08 * (body is None)), (stop_s, y_end, drift))
    return shown(picture, lambda t: Aim(x=x(t), y=y(t), scale=scale(t)), window=window)
