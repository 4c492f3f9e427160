"""Captions in the picture: set, coloured for contrast, and moved word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from content_engine.errors import GenerationFailed
from pipelines.studio.motion.captions import MIN_SIZE_SHARE, Lettering, Style, typeset
from pipelines.studio.motion.composition import Composition, Layer, Piece, place, steadily
from pipelines.studio.motion.easing import Track, arrive, glide, linear, track
from pipelines.studio.motion.layout import layout_of
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.order import Cue, MotionOrder
from pipelines.studio.motion.sprites import BLACK, WHITE, ink, lettering, pyramid
from pipelines.studio.scenes.arrays import U8
from pipelines.studio.scenes.color import to_linear

DARK = (28, 26, 24)
LIGHT = (255, 255, 255)

CONTRAST_MIN = 4.5
"""Source: WCAG 2.2, success criterion 1.4.3 (large text would need 3)."""

VEIL_MAX, VEIL_STEP = 0.65, 0.02
"""A veil is as faint as the contrast allows: on mid-grey 0.08 where a rule of thumb took 0.29."""

WORD_EVERY_S = 0.07
WORD_RISE_S = 0.5
LEAVE_S = 0.35
RISE_SHARE = 0.55
"""A word comes every 70 ms, rises by half its line over half a second; a caption leaves in a third
of one. By eye, 2026-11-22."""

STAYS = 1e6
"""A time after every clip's end: the last caption stays, the last frame may be a still."""

TITLE_SIZE = 0.082
TEXT_SIZE = 0.066
"""Type size in shorter sides: 67 px at 1080, the size that reads on a telephone held at 30 cm."""


def worded(material: Material, scene: Composition, *, first_is_title: bool = True) -> Composition:
    """The scene with the order's captions over it, readable on what lies behind them."""
    order = material.order
    if not order.cues:
        return scene
    box = material.layout.words.px(order.frame_px)
    middles = [(cue.start_s + cue.stop_s) / 2 for cue in order.cues]
    dark, veil = veiled_ink(scene, times_s=middles, box=box)
    ground = [*scene.ground]
    if veil > 0:
        ground.append(_scrim(material, dark=dark, strength=veil))
    color = DARK if dark else LIGHT
    words: list[Layer] = []
    for number, cue in enumerate(order.cues):
        size = TITLE_SIZE if number == 0 and first_is_title else TEXT_SIZE
        words += caption(material, cue, box=box, color=color, size=size)
    return replace(scene, ground=tuple(ground), front=(*scene.front, *words))


def style_of(order: MotionOrder, *, size: float, color: tuple[int, int, int]) -> Style:
    """How the order's captions are set; never smaller than can be read on a telephone."""
    layout = layout_of(order)
    least = round(MIN_SIZE_SHARE * order.height_px)
    return Style(
        size_px=max(least, round(size * layout.size * min(order.frame_px))),
        min_size_px=least,
        color=color,
        align=layout.align,
        max_lines=layout.lines,
    )


def fitting(order: MotionOrder, texts: Sequence[str]) -> tuple[str, ...]:
    """The texts that the order's layout has room for; remembered, whatever the order's setting."""
    return _fitting(replace(order, setting="", setting_above="", title=""), tuple(texts))


@lru_cache(maxsize=256)
def _fitting(order: MotionOrder, texts: tuple[str, ...]) -> tuple[str, ...]:
    x0, y0, x1, y1 = layout_of(order).words.px(order.frame_px)
    room = round(x1 - x0), round(y1 - y0)
    kept: list[str] = []
    for text in texts:
        style = style_of(order, size=TEXT_SIZE if kept else TITLE_SIZE, color=DARK)
        try:
            typeset(text, locale=order.locale, box_px=room, style=style)
        except GenerationFailed:
            continue
        kept.append(text)
    return tuple(kept)


def caption(
    material: Material,
    cue: Cue,
    *,
    box: tuple[float, float, float, float],
    color: tuple[int, int, int],
    size: float,
) -> list[Layer]:
    """The caption's words as pieces that come one after another and leave together."""
    order = material.order
    x0, y0, x1, y1 = box
    style = style_of(order, size=size, color=color)
    room = round(x1 - x0), round(y1 - y0)
    done = typeset(cue.text, locale=order.locale, box_px=room, style=style)
    # The block of lines stands in the middle of its box, as high as its ink.
    at = x0 + done.origin_px[0], (y0 + y1 - done.rgba.shape[0]) / 2
    stop = cue.stop_s if cue.stop_s < order.duration_s else STAYS
    return [
        _word(done, spot, at=at, start_s=cue.start_s + number * WORD_EVERY_S, stop_s=stop)
        for number, spot in enumerate(done.words)
    ]


def _word(
    done: Lettering,
    spot: tuple[int, int, int, int],
    *,
    at: tuple[float, float],
    start_s: float,
    stop_s: float,
) -> Piece:
    x0, y0, x1, y1 = spot
    up = track((start_s, RISE_SHARE * done.size_px), (start_s + WORD_RISE_S, 0.0, arrive))
    left, top = at[0] + x0, at[1] + y0
    return Piece(
        picture=pyramid(lettering(np.ascontiguousarray(done.rgba[y0:y1, x0:x1]))),
        pose=lambda t: place(x=left, y=top + up(t)),
        opacity=shown(start_s, stop_s),
    )


def shown(start_s: float, stop_s: float) -> Track:
    """A word's opacity: in while it rises, out over the cue's last third of a second."""
    return track(
        (start_s, 0.0),
        (start_s + 0.6 * WORD_RISE_S, 1.0, glide),
        (max(stop_s - LEAVE_S, start_s + 0.6 * WORD_RISE_S + 0.01), 1.0, linear),
        (max(stop_s, start_s + 0.6 * WORD_RISE_S + 0.02), 0.0, glide),
    )


def veiled_ink(
    scene: Composition, *, times_s: Sequence[float], box: tuple[float, float, float, float]
) -> tuple[bool, float]:
    """Whether dark letters read better on what the scene shows in the box, and the veil they need.

    The contrast is that with the 10 % of pixels that are worst for the letters at those times.
    Source: WCAG 2.2, relative luminance and contrast ratio.
    """
    x0, y0, x1, y1 = (round(each) for each in box)
    frames = [scene.frame(min(round(at * scene.fps), scene.frames - 1)) for at in times_s]
    seen = np.concatenate([frame.rgb()[y0:y1:4, x0:x1:4].reshape(-1, 3) for frame in frames])
    light = _luminance(seen)
    low, high = np.percentile(light, (10, 90))
    darkest, lightest = seen[light <= low], seen[light >= high]
    veils = {
        dark: _veil_for(worst, ink=ink, over=over)
        for dark, worst, ink, over in ((True, darkest, DARK, 255), (False, lightest, LIGHT, 0))
    }
    dark = veils[True] <= veils[False]
    if veils[dark] == 0:
        with_dark = (low + 0.05) / (_luminance(np.array([DARK], np.uint8))[0] + 0.05)
        dark = bool(with_dark >= 1.05 / (high + 0.05))
    return dark, veils[dark]


def _veil_for(worst: U8, *, ink: tuple[int, int, int], over: int) -> float:
    """The faintest veil (0..1) of grey `over` on the pixels (n, 3) that gives the ink contrast.

    The mildest of the worst pixels is what counts: the rest are the 10 % that are let off.
    """
    own = float(_luminance(np.array([ink], np.uint8))[0])
    for strength in np.arange(0.0, VEIL_MAX, VEIL_STEP):
        veiled = np.rint(worst + strength * (over - worst.astype(np.float32))).astype(np.uint8)
        light = _luminance(veiled)
        edge = float(light.max() if over else light.min())
        if (max(edge, own) + 0.05) / (min(edge, own) + 0.05) >= CONTRAST_MIN:
            return float(strength)
    return VEIL_MAX


def reads_dark(scene: Composition, box: tuple[float, float, float, float]) -> bool:
    """Whether something dark stands out better than something white in that box of the frame."""
    x0, y0, x1, y1 = (max(0, round(each)) for each in box)
    seen = scene.frame(scene.frames // 2).rgb()[y0:y1, x0:x1]
    light = float(np.median(_luminance(seen)))
    return (light + 0.05) ** 2 > 1.05 * (_luminance(np.array([DARK], np.uint8))[0] + 0.05)


def _luminance(rgb: U8) -> np.ndarray:
    return (to_linear(rgb) @ np.array([0.2126, 0.7152, 0.0722])).ravel()


def _scrim(material: Material, *, dark: bool, strength: float) -> Piece:
    """A soft veil behind the words: light under dark letters, dark under light ones."""
    width, height = material.order.frame_px
    x0, y0, x1, y1 = (each / 8 for each in material.layout.words.px(material.order.frame_px))
    y, x = np.mgrid[0 : height / 8, 0 : width / 8]
    away_x = np.maximum(np.maximum(x0 - x, x - x1), 0) / (width / 8 * 0.16)
    away_y = np.maximum(np.maximum(y0 - y, y - y1), 0) / (height / 8 * 0.14)
    soft = np.exp(-(away_x**2 + away_y**2)) * 255 * strength
    cues = material.order.cues
    return Piece(
        picture=pyramid(ink(np.rint(soft).astype(np.uint8), color=WHITE if dark else BLACK)),
        pose=steadily(np.diag([8.0, 8.0, 1.0])),
        opacity=track((cues[0].start_s, 0.0), (cues[0].start_s + 0.5, 1.0, glide)),
    )
