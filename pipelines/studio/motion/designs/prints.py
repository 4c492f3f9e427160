"""Prints: the photos themselves, whole and uncut, in a large window beside the words.

For photos that show more than the product: worn, in use, cut off by the frame.
"""

from __future__ import annotations

from dataclasses import replace

from content_engine.errors import GenerationFailed
from pipelines.studio.motion.canvas import Window
from pipelines.studio.motion.composition import Composition, Layer, Piece, place
from pipelines.studio.motion.easing import drift, glide, track
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.paper import (
    Aim,
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
        _sliding(piece, window, start_s=number * keep - PASS_S / 2)
        for number, piece in enumerate(pieces[1:], start=1)
    ]
    base: list[Layer] = [ground(palette, frame_px=order.frame_px, seed=material.seed)]
    if window[0] > 0 and window[1] > 0:
        base.append(shadow(window, frame_px=order.frame_px))
    return material.clip(base, [pieces[0], *later])


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


def _sliding(piece: Piece, window: Window, *, start_s: float) -> Piece:
    """The photo coming in from the right over the one before."""
    away = track((start_s, float(window[2] - window[0])), (start_s + PASS_S, 0.0, glide))
    return replace(
        piece,
        pose=lambda t: place(x=away(t), y=0.0) @ piece.pose(t),
        opacity=lambda t: 1.0 if t > start_s else 0.0,
    )
