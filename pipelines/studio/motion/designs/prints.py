"""Prints: the photos themselves, whole and uncut, in a large window beside the words.

For photos that show more than the product: worn, in use, cut off by the frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from content_engine.errors import GenerationFailed
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
NEAR = 1.2
"""How much closer than the whole photo a print begins, as far as the photo has pixels."""

ASIDE = 0.05
"""How far to either side it passes, in photo widths, where the photo is wider than its window: one
without pixels to spare would stand still."""


SHADE_COMES = 4.0
"""A print's shadow is whole after so small a part of the way (1 / 4), and until so near its end."""


def compose(material: Material) -> Composition:
    """The photos, one sliding over the other, each slowly opening. Raises GenerationFailed."""
    order = material.order
    window = window_px(material.layout.product, order.frame_px)
    palette = palette_of(material.photos[0])
    pictures = _fitting(material, palette, window)
    keep = order.duration_s / len(pictures)
    pieces = [
        _opening(picture, window, start_s=number * keep, stop_s=(number + 1) * keep + PASS_S)
        for number, picture in enumerate(pictures)
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


def _fitting(material: Material, palette: Palette, window: Window) -> list[Pyramid]:
    """The photos that fill the window without being magnified. Raises GenerationFailed for none."""
    pictures = []
    for photo in material.photos[:PHOTOS_MAX]:
        closest = widest((photo.width_px, photo.height_px), window)
        if closest <= 1:
            rgb = on_tone(photo, palette=palette, seed=material.seed + 1)
            pictures.append(pyramid(opaque(rgb), smallest_scale=closest))
    if not pictures:
        raise GenerationFailed(
            f"no photo fills a window of {window[2] - window[0]} × {window[3] - window[1]} px "
            "without being magnified: use a larger photo or order a smaller clip"
        )
    return pictures


def _opening(picture: Pyramid, window: Window, *, start_s: float, stop_s: float) -> Piece:
    """The photo in the window, opening slowly from near to whole."""
    closest = widest(picture.size, window)
    scale = track((start_s, min(1.0, closest * NEAR)), (stop_s, closest, drift))
    beside = max(0.0, 1 - (window[2] - window[0]) / (picture.size[0] * closest)) / 2
    aside = min(ASIDE, 0.9 * beside)
    x = track((start_s, 0.5 - aside), (stop_s, 0.5 + aside, drift))
    y = track((start_s, 0.42), (stop_s, 0.5, drift))
    return shown(picture, lambda t: Aim(x=x(t), y=y(t), scale=scale(t)), window=window)
