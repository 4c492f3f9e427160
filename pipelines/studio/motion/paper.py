"""A plain graded ground in a tone of the product's own, and photos shown in windows upon it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from assets.media import Picture
from pipelines.studio.given import without_baked_shadow
from pipelines.studio.motion.composition import Layer, Piece, place, steadily
from pipelines.studio.motion.sets import Box
from pipelines.studio.motion.sprites import BLACK, Pyramid, ink, opaque, pyramid
from pipelines.studio.scenes.arrays import F64, U8
from pipelines.studio.scenes.color import to_display
from pipelines.studio.scenes.lens import develop
from pipelines.studio.scenes.tone import Palette, backdrop_tone, read_palette

FALL = 0.10
"""How much darker the ground is at its lower edge: flat colour looks like a missing picture."""

GRAIN = 0.004


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a window shows: the photo's point (x, y), in shares of it, in its middle; and a scale.

    `scale` is frame pixels for each photo pixel; 1 shows every pixel, more would invent some.
    """

    x: float
    y: float
    scale: float


def ground(palette: Palette, *, frame_px: tuple[int, int], seed: int) -> Layer:
    """The graded ground: fills the frame."""
    width, height = frame_px
    tone = backdrop_tone(palette, seed=seed)
    fall = np.linspace(1 + FALL / 2, 1 - FALL / 2, height, dtype=np.float32)
    linear = np.ascontiguousarray(
        np.broadcast_to(fall[:, None, None] * tone, (height, width, 3)).astype(np.float32)
    )
    return Piece(
        picture=pyramid(opaque(develop(linear, grain=GRAIN, seed=seed))),
        pose=steadily(np.eye(3)),
    )


def palette_of(photo: Picture) -> Palette:
    """The palette of a photo's middle, or of what its alpha keeps."""
    height, width = photo.rgb.shape[:2]
    alpha = photo.alpha
    if alpha is None:
        alpha = np.zeros((height, width), np.uint8)
        alpha[height // 5 : -height // 5, width // 5 : -width // 5] = 255
    return read_palette(photo.rgb, alpha)


def on_tone(photo: Picture, *, palette: Palette, seed: int) -> U8:
    """The photo without transparency: what its alpha leaves open takes a tone of the product's.

    A shadow baked into it goes too: it lay on another ground, and would hang in the air here.
    """
    if photo.alpha is None:
        return photo.rgb
    rgb, matte = without_baked_shadow(photo.rgb, photo.alpha)
    tone = to_display(backdrop_tone(palette, seed=seed))
    mixed = rgb * matte[..., None] + tone * (1 - matte[..., None])
    return np.rint(mixed).astype(np.uint8)


def window_px(box: Box, frame_px: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box as an even window of the frame."""
    x0, y0, x1, y1 = (2 * round(each / 2) for each in box.px(frame_px))
    return x0, y0, x1, y1


def shown(
    picture: Pyramid, aim: Callable[[float], Aim], *, window: tuple[int, int, int, int]
) -> Piece:
    """The photo in its window, as the aim says; it always fills the window."""
    width, height = picture.size

    def pose(t: float) -> F64:
        now = held(aim(t), (width, height), window)
        x, y = (window[0] + window[2]) / 2, (window[1] + window[3]) / 2
        return place(x=x, y=y, scale=now.scale) @ place(x=-now.x * width, y=-now.y * height)

    return Piece(picture=picture, pose=pose, window=window, sharp=True)


def held(aim: Aim, size: tuple[int, int], window: tuple[int, int, int, int]) -> Aim:
    """The aim kept within the photo: no window looks beyond its edge."""
    across, down = window[2] - window[0], window[3] - window[1]
    scale = max(aim.scale, across / size[0], down / size[1])
    half_x, half_y = across / 2 / scale / size[0], down / 2 / scale / size[1]
    return Aim(
        x=float(np.clip(aim.x, half_x, 1 - half_x)),
        y=float(np.clip(aim.y, half_y, 1 - half_y)),
        scale=scale,
    )


def widest(size: tuple[int, int], window: tuple[int, int, int, int]) -> float:
    """The smallest scale at which the photo still fills the window."""
    return max((window[2] - window[0]) / size[0], (window[3] - window[1]) / size[1])


def shadow(window: tuple[int, int, int, int], *, frame_px: tuple[int, int]) -> Layer:
    """The soft shadow of a window's print on the ground."""
    return Piece(picture=dark(window, frame_px=frame_px), pose=steadily(np.diag([8.0, 8.0, 1.0])))


def dark(window: tuple[int, int, int, int], *, frame_px: tuple[int, int]) -> Pyramid:
    """What a window's print darkens of the frame, kept at an eighth of its size."""
    width, height = frame_px
    drawn = np.zeros((height // 8 + 1, width // 8 + 1), np.uint8)
    x0, y0, x1, y1 = (each // 8 for each in window)
    drop = max(1, round(0.012 * min(frame_px) / 8))
    cv2.rectangle(drawn, (x0, y0 + drop), (x1 - 1, y1 - 1 + drop), 105, -1)
    soft = cv2.GaussianBlur(drawn, (0, 0), 0.022 * min(frame_px) / 8)
    return pyramid(ink(soft, color=BLACK))
