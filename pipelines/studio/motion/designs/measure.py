"""Measured: lines are drawn along the product's height and width, with the sizes it states."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np

from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.captions import Lettering, Style, typeset
from pipelines.studio.motion.composition import Composition, Layer, Piece, about, place
from pipelines.studio.motion.easing import Track, arrive, drift, glide, track
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.order import Measure
from pipelines.studio.motion.sets import Box, Move
from pipelines.studio.motion.sprites import WHITE, ink, lettering, pyramid, to_yuv
from pipelines.studio.motion.wording import DARK, LIGHT, reads_dark
from pipelines.studio.scenes.arrays import F64

GROW_S = 0.9
TICK = 0.022
LINE = 0.0032
AWAY = 0.035
TEXT = 0.044
ROOM = 0.2
"""In shorter sides: the end marks, the line's width, its distance from the product, the letters,
the room that a line and its words take (in wide frames the captions stand on the left)."""

SKEW_MAX = 0.16
"""Most difference (logarithm) of the shown and the stated proportion: a view from 15° above shows
a mug 8 % too high."""

ZOOM = (0.93, 1.07)


def compose(material: Material) -> Composition:
    """The product in its setting with its measures. Raises GenerationFailed."""
    order = material.order
    cutout = material.whole(0)
    measures = _honest(order.measures, cutout)
    box = material.seat(cutout, within=_beside(material, measures))
    stage = material.set_for(cutout, box=box, detail=ZOOM[1])
    x, y = box.middle
    zoom = track((0.0, ZOOM[0]), (order.duration_s, ZOOM[1], drift))

    sway = track((0.0, -0.8 * material.side()), (order.duration_s, 0.8 * material.side(), drift))

    def camera(t: float) -> Move:
        return Move(zoom=zoom(t), sway=sway(t) * (1 - order.calm), x=x, y=y)

    def frame(t: float) -> F64:
        return about(x * order.width_px, y * order.height_px, scale=zoom(t))

    scene = material.clip(stage.ground(camera), [stage.thing(camera)])
    lines: list[Layer] = []
    for number, measure in enumerate(measures):
        start = 0.16 * order.duration_s + 0.9 * number
        span = _span(stage.box, measure, unit=min(order.frame_px), frame_px=order.frame_px)
        dark = reads_dark(scene, span.around(min(order.frame_px)))
        lines += _drawn(span, frame, dark=dark, unit=min(order.frame_px), start_s=start)
        held = _held(order.safe_area, box.middle)
        seen_s = start + 0.5 * GROW_S
        lines += _labelled(material, measure, span, frame=frame, held=held, start_s=seen_s)
    return material.clip(scene.ground, [*scene.front, *lines])


def _beside(material: Material, measures: Sequence[Measure]) -> Box:
    """The product's part of its layout: lines and tags have the rest, within the safe area."""
    order, box = material.order, material.layout.product
    held, gap = _held(order.safe_area, box.middle), 2.2 * AWAY * min(order.frame_px)
    for measure in measures:
        tag = _Tag.of(material, measure)
        if measure.axis == "height":
            box = replace(box, x1=min(box.x1, held.x1 - (tag.width + gap) / order.width_px))
        else:
            box = replace(box, y1=min(box.y1, held.y1 - (tag.height + gap) / order.height_px))
    return box


@dataclass(frozen=True, slots=True, eq=False)
class _Tag:
    """A measure's words and the size of the light tag on which they stand."""

    words: Lettering
    width: float
    height: float

    @classmethod
    def of(cls, material: Material, measure: Measure) -> Self:
        """The tag, set in the order's locale."""
        unit = min(material.order.frame_px)
        words = typeset(
            measure.text,
            locale=material.order.locale,
            box_px=(round(0.4 * unit), round(0.12 * unit)),
            style=Style(size_px=round(TEXT * unit), color=DARK, weight="bold", align="center"),
        )
        high, wide = words.rgba.shape[:2]
        pad = 0.35 * TEXT * unit
        return cls(words, wide + 2.6 * pad, high + 2 * pad)


def _held(safe: tuple[float, float, float, float], middle: tuple[float, float]) -> Box:
    """Where a tag may stand so that it is in the safe area at the nearest too."""
    x, y = middle
    x0, x1 = (x + (side - x) / ZOOM[1] for side in (safe[0], safe[2]))
    y0, y1 = (y + (side - y) / ZOOM[1] for side in (safe[1], safe[3]))
    return Box(x0=x0, y0=y0, x1=x1, y1=y1)


def _honest(measures: Sequence[Measure], cutout: CutOut) -> Sequence[Measure]:
    """The measures that the photo shows at their full length.

    Where its proportions are not the stated ones the product is turned: its width is foreshortened
    and gets no line.
    """
    lengths = {measure.axis: measure.length_mm for measure in measures}
    if len(lengths) < 2:
        return measures
    told = lengths["width"] / lengths["height"]
    skew = abs(math.log(cutout.width_px / cutout.height_px / told))
    return [each for each in measures if each.axis == "height" or skew <= SKEW_MAX]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A measured line: its middle (x, y), its length, along the height (`upright`) or the width.

    `out` is 1 where the words stand to the right of or below the line, −1 for the left.
    """

    x: float
    y: float
    length: float
    upright: bool
    out: int

    def around(self, unit: int) -> tuple[float, float, float, float]:
        """The line's surroundings in the frame: x0, y0, x1, y1 in pixels."""
        half = self.length / 2, 0.02 * unit
        across, down = half[::-1] if self.upright else half
        return self.x - across, self.y - down, self.x + across, self.y + down


def _span(
    box: tuple[float, float, float, float],
    measure: Measure,
    *,
    unit: int,
    frame_px: tuple[int, int],
) -> _Span:
    """Beside the product for its height, on the right if there is room; below it for its width."""
    x0, y0, x1, y1 = box
    away = AWAY * unit
    if measure.axis == "width":
        middle = (x0 + x1) / 2
        return _Span(x=middle, y=y1 + 1.4 * away, length=x1 - x0, upright=False, out=1)
    right = frame_px[0] - x1 >= min(x0, ROOM * unit)
    x = x1 + away if right else x0 - away
    return _Span(x=x, y=(y0 + y1) / 2, length=y1 - y0, upright=True, out=1 if right else -1)


def _drawn(
    span: _Span, frame: Callable[[float], F64], *, dark: bool, unit: int, start_s: float
) -> list[Layer]:
    """The line growing from its middle, its end marks going with its ends."""
    color = to_yuv(DARK if dark else LIGHT)
    grown = track((start_s, 0.0), (start_s + GROW_S, 1.0, glide))
    seen = track((start_s, 0.0), (start_s + 0.15, 1.0, glide))
    thick = max(2.0, LINE * unit)
    dot = pyramid(ink(np.full((32, 32), 255, np.uint8), color=color))

    def bar(wide: float, high: float, along: float) -> Piece:
        """A bar of that size, `along` half the line's length away from its middle."""

        def pose(t: float) -> F64:
            share = max(grown(t), 1e-3)
            length = wide * share if along == 0 else wide
            size = (high, length) if span.upright else (length, high)
            away = along * share * span.length / 2
            x, y = (span.x, span.y + away) if span.upright else (span.x + away, span.y)
            return (
                frame(t)
                @ place(x=x - size[0] / 2, y=y - size[1] / 2)
                @ np.diag([size[0] / 32, size[1] / 32, 1.0])
            )

        return Piece(picture=dot, pose=pose, opacity=seen)

    return [bar(span.length, thick, 0), bar(thick, TICK * unit, -1), bar(thick, TICK * unit, 1)]


def _labelled(
    material: Material,
    measure: Measure,
    span: _Span,
    *,
    frame: Callable[[float], F64],
    held: Box,
    start_s: float,
) -> list[Layer]:
    """The measure's words on a light tag beside the line."""
    unit = min(material.order.frame_px)
    tag = _Tag.of(material, measure)
    (high, wide), (width, height) = tag.words.rgba.shape[:2], (tag.width, tag.height)
    x = span.x + span.out * (width / 2 + 0.5 * AWAY * unit) if span.upright else span.x
    y = span.y if span.upright else span.y + height / 2 + 0.5 * AWAY * unit
    x0, y0, x1, y1 = held.px(material.order.frame_px)
    x = min(max(x, x0 + width / 2), x1 - width / 2)
    y = min(max(y, y0 + height / 2), y1 - height / 2)
    seen: Track = track((start_s, 0.0), (start_s + 0.35, 1.0, glide))
    rise = track((start_s, 0.02 * unit), (start_s + 0.6, 0.0, arrive))

    def at(left: float, top: float) -> Callable[[float], F64]:
        return lambda t: frame(t) @ place(x=left, y=top + rise(t))

    return [
        Piece(
            picture=pyramid(ink(_rounded(round(width), round(height)), color=WHITE)),
            pose=at(x - width / 2, y - height / 2),
            opacity=lambda t: 0.92 * seen(t),
        ),
        Piece(
            picture=pyramid(lettering(tag.words.rgba)),
            pose=at(x - wide / 2, y - high / 2),
            opacity=seen,
        ),
    ]


def _rounded(width: int, height: int) -> np.ndarray:
    """A bar with round ends, its edge smooth: (height, width) uint8."""
    mask = np.zeros((4 * height, 4 * width), np.uint8)
    radius = 2 * height - 1
    ends = (radius, radius), (4 * width - 1 - radius, radius)
    cv2.line(mask, *ends, 255, 2 * radius)
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
