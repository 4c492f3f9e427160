"""Where each word of a shaped line stands, left to right languages and right to left ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipelines.studio.motion.faces import Face

Box = tuple[int, int, int, int]
Span = tuple[float, float]


def word_spans(words: Sequence[str], face: Face, *, size_px: int) -> tuple[Span, ...]:
    """(from, to) of each word in pixels from the line's left end, in reading order.

    Neighbours meet half-way in the space between them, so that the spans hold all ink.
    """
    if face.direction == "rtl":
        return _spans_rtl(words, face, size_px=size_px)
    gap = " " if face.language != "ja" else ""
    edges = [0.0]
    for count in range(1, len(words)):
        told = gap.join(words[:count])
        end, start = (face.width_px(text, size_px) for text in (told, told + gap))
        edges.append((end + start) / 2)
    edges.append(face.width_px(gap.join(words), size_px))
    return tuple(pairwise(edges))


def _spans_rtl(words: Sequence[str], face: Face, *, size_px: int) -> tuple[Span, ...]:
    """Runs stand from right to left; in a run of Latin words the words stand left to right.

    Source: Unicode Standard Annex #9, rules N1, N2, L2.
    """
    space_px = face.width_px(" ", size_px)
    right = face.width_px(" ".join(words), size_px)
    spans: dict[int, Span] = {}
    for run in _runs(words):
        visual = run if _is_latin(words[run[0]]) else run[::-1]
        left = right - face.width_px(" ".join(words[at] for at in run), size_px)
        for at in visual:
            end = left + face.width_px(words[at], size_px)
            spans[at] = (left - space_px / 2, end + space_px / 2)
            left = end + space_px
        right = min(spans[at][0] for at in run) - space_px / 2
    return tuple(spans[at] for at in range(len(words)))


def _runs(words: Sequence[str]) -> Iterator[list[int]]:
    """Indices of words that are read in one direction, in reading order."""
    run: list[int] = []
    for at, word in enumerate(words):
        joins = run and _is_latin(words[run[0]]) == (_is_latin(word) or _goes_on(words, run, word))
        if run and not joins:
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def _is_latin(word: str) -> bool:
    return any(unicodedata.bidirectional(character) == "L" for character in word)


def _goes_on(words: Sequence[str], run: Sequence[int], word: str) -> bool:
    """True for a number or sign behind a Latin word: it stays in the Latin run."""
    strong = {unicodedata.bidirectional(character) for character in word}
    return _is_latin(words[run[0]]) and not strong & {"R", "AL", "AN"}
