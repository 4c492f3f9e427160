"""Captions set as pictures: one text to premultiplied pixels with a box for every word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from content_engine.errors import GenerationFailed
from pipelines.studio.motion.breaking import (
    Lines,
    Words,
    balanced,
    finer,
    joint,
    said,
    words_of,
)
from pipelines.studio.motion.faces import Face, Weight, face_for
from pipelines.studio.motion.wordboxes import Box, word_spans

Align = Literal["start", "center", "end"]

MIN_SIZE_SHARE = 0.04
"""The smallest letter size as a share of the clip's height, its em.

Source: EBU-TT-D subtitle practice (a line is about 1/15 to 1/22 of the height); smaller is not read
on a telephone held at arm's length.
"""

_STEP = 0.96
_RATHER_FINER = 0.8  # rather than shrink below it, a Japanese line breaks inside a phrase
_WHOLE_WORDS = 3  # of the ways to part a text, those that leave words whole: letters come last
_MEASURED_AT_PX = 200
_PAD_PX = 2
_QUOTES = "“„«‘‚‹"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a caption looks.

    `size_px` is the em wished for, `min_size_px` the least allowed (0: three fifths of it);
    `color` is sRGB; `align` start is the side where the language begins.
    """

    size_px: int
    min_size_px: int = 0
    color: tuple[int, int, int] = (255, 255, 255)
    weight: Weight = "bold"
    align: Align = "start"
    max_lines: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Lettering:
    """A caption's pixels: `rgba` (h, w, 4) uint8, colour premultiplied, trimmed to its ink.

    `origin_px` (x, y) is where its corner stands in the box it was set for. `lines` and `words`
    are (x0, y0, x1, y1) in pixels of `rgba`, in reading order; words of one line share y, do not
    overlap and hold all ink. `texts` are the words. `size_px` is the em used.
    """

    rgba: np.ndarray
    origin_px: tuple[int, int]
    lines: tuple[Box, ...]
    words: tuple[Box, ...]
    texts: tuple[str, ...]
    size_px: int
    rtl: bool


def typeset(text: str, *, locale: str, box_px: tuple[int, int], style: Style) -> Lettering:
    """The text at the largest size up to the style's that fits the box (width, height).

    Raises GenerationFailed when it does not fit at the least size, or no face has its letters.
    """
    face = face_for(text, locale=locale, weight=style.weight)
    words = words_of(text, language=face.language)
    size_px, lines = _fitted(words, face, box_px=box_px, style=style)
    return _drawn(lines, face, size_px=size_px, box_px=box_px, style=style)


def _fitted(
    words: Words, face: Face, *, box_px: tuple[int, int], style: Style
) -> tuple[int, Lines]:
    """The size and the lines: the fewest lines at full size, else the largest size that fits."""
    least_px = style.min_size_px or round(style.size_px * 0.6)
    layouts = [
        [
            balanced(parts, lines=count, width=lambda line: _em(line, face))
            for count in range(1, style.max_lines + 1)
        ]
        for parts in finer(words, language=face.language)
    ]
    rather_px = max(least_px, round(style.size_px * _RATHER_FINER))
    for floor_px, tiers in ((rather_px, layouts[:_WHOLE_WORDS]), (least_px, layouts)):
        for tier in tiers:
            for size_px in _sizes(style.size_px, floor_px):
                for lines in tier:
                    if _fits(lines, face, size_px=size_px, box_px=box_px):
                        return size_px, lines
    raise GenerationFailed(
        f"the caption {joint(face.language).join(words)!r} does not fit {box_px[0]} × {box_px[1]} "
        f"px at {least_px} px: leave it out or give it more room"
    )


def _sizes(size_px: int, least_px: int) -> Iterator[int]:
    """From the size wished for down to the least one, in steps that the eye just sees."""
    while size_px > least_px:
        yield size_px
        size_px = min(size_px - 1, int(size_px * _STEP))
    yield least_px


def _fits(lines: Lines, face: Face, *, size_px: int, box_px: tuple[int, int]) -> bool:
    high = size_px * max(face.leading_em * len(lines), _ink_height_em(lines, face))
    wide = max(_em(line, face) for line in lines) * size_px
    return wide + 2 * _PAD_PX <= box_px[0] and high <= box_px[1]


def _ink_height_em(lines: Lines, face: Face) -> float:
    """From the first line's highest ink to the last line's lowest: some marks reach far."""
    boxes = [
        face.at(_MEASURED_AT_PX).getbbox(
            said(line, face.language),
            anchor="ls",
            direction=face.direction,
            language=face.language,
        )
        for line in (lines[0], lines[-1])
    ]
    inked_em = (boxes[1][3] - boxes[0][1]) / _MEASURED_AT_PX
    return inked_em + face.leading_em * (len(lines) - 1)


def _em(line: Words, face: Face) -> float:
    """A line's width in em, measured large: small sizes round each letter's."""
    text = said(line, face.language)
    return face.width_px(text, _MEASURED_AT_PX) / _MEASURED_AT_PX


def _drawn(
    lines: Lines, face: Face, *, size_px: int, box_px: tuple[int, int], style: Style
) -> Lettering:
    """All lines on one mask as large as the box and an em around it, then trimmed to the ink."""
    leading_px = size_px * face.leading_em
    mask = Image.new("L", (box_px[0] + 2 * size_px, box_px[1] + 2 * size_px))
    lefts = _lefts(lines, face, size_px=size_px, width_px=box_px[0], align=style.align)
    words: list[tuple[Box, ...]] = []
    for index, (line, left) in enumerate(zip(lines, lefts, strict=True)):
        top = size_px + index * leading_px
        _draw(
            mask,
            line,
            face,
            size_px=size_px,
            at=(size_px + left, top + face.foot_share * leading_px),
        )
        words.append(_boxes(line, face, size_px=size_px, at=(size_px + left, top)))
    ink = np.asarray(mask)
    x0, y0, x1, y1 = _extent(ink)
    words = [
        _within(boxes, (x0, y0, x1, y1), first=not at, last=at + 1 == len(words))
        for at, boxes in enumerate(words)
    ]
    return Lettering(
        rgba=_coloured(ink[y0:y1, x0:x1], style.color),
        origin_px=(x0 - size_px, min(max(y0 - size_px, 0), box_px[1] - (y1 - y0))),
        lines=tuple(_around(boxes) for boxes in words),
        words=tuple(box for boxes in words for box in boxes),
        texts=tuple(word for line in lines for word in line),
        size_px=size_px,
        rtl=face.direction == "rtl",
    )


def _boxes(line: Words, face: Face, *, size_px: int, at: tuple[float, float]) -> tuple[Box, ...]:
    """The words' boxes on the mask; the outer ones reach out to the line's own ink."""
    left, top = at
    spans = word_spans(line, face, size_px=size_px)
    start, end = _ink_span(said(line, face.language), face, size_px=size_px)
    outer = min(0.0, start) - _PAD_PX, max(max(b for _, b in spans), end) + _PAD_PX
    low, high = min(a for a, _ in spans), max(b for _, b in spans)
    reach = [(outer[0] if a == low else a, outer[1] if b == high else b) for a, b in spans]
    rows = round(top), round(top + size_px * face.leading_em)
    return tuple((round(left + a), rows[0], round(left + b), rows[1]) for a, b in reach)


def _within(boxes: tuple[Box, ...], ink: Box, *, first: bool, last: bool) -> tuple[Box, ...]:
    """The boxes in the trimmed picture; the first line reaches up to its top, the last down."""
    x0, y0, x1, y1 = ink
    return tuple(
        (
            max(0, a - x0),
            0 if first else b - y0,
            min(x1, c) - x0,
            y1 - y0 if last else d - y0,
        )
        for a, b, c, d in boxes
    )


def _around(boxes: tuple[Box, ...]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _draw(
    mask: Image.Image, line: Words, face: Face, *, size_px: int, at: tuple[float, float]
) -> None:
    ImageDraw.Draw(mask).text(
        at,
        said(line, face.language),
        fill=255,
        font=face.at(size_px),
        anchor="ls",
        direction=face.direction,
        language=face.language,
    )


def _lefts(
    lines: Lines, face: Face, *, size_px: int, width_px: int, align: Align
) -> tuple[float, ...]:
    """Where each line begins. Edges are optical: of the ink, opening quotes hung outside."""
    texts = [said(line, face.language) for line in lines]
    inks = [_ink_span(text, face, size_px=size_px) for text in texts]
    hangs = [_hang(text, face, size_px=size_px) for text in texts]
    at_left = (align == "start") == (face.direction == "ltr")
    if align == "center":
        return tuple((width_px - (start + end)) / 2 for start, end in inks)
    most = max(hangs)
    if at_left:
        return tuple(most - hang - start for (start, _), hang in zip(inks, hangs, strict=True))
    return tuple(width_px - most + hang - end for (_, end), hang in zip(inks, hangs, strict=True))


def _ink_span(text: str, face: Face, *, size_px: int) -> tuple[float, float]:
    left, _, right, _ = face.at(size_px).getbbox(
        text, anchor="ls", direction=face.direction, language=face.language
    )
    return left, right


def _hang(text: str, face: Face, *, size_px: int) -> float:
    return face.width_px(text[0], size_px) if text[0] in _QUOTES else 0.0


def _extent(ink: np.ndarray) -> Box:
    """The smallest rectangle that holds all ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _coloured(coverage: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Premultiplied: the colour times the coverage, rounded."""
    tint = np.array([*color, 255], np.uint16)
    return ((coverage[..., None].astype(np.uint16) * tint + 127) // 255).astype(np.uint8)
