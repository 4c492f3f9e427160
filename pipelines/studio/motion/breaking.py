"""Where a caption's lines break: between words, in balance, after signs rather than before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from content_engine.lexicon.entries import Lexicon

if TYPE_CHECKING:
    from budoux import Parser

_STOPS = (",", ";", ":", "–", "،", "؛", "、", "：", "。", "）", "」")
_LABELS = (":", "：")
_SHORT_WORD = 3
_SHORT_COST = 0.12
_STOP_GAIN = 0.12
_LABEL_GAIN = 0.35
"""A short word (article, preposition) does not end a line where another break is nearly as even; a
comma draws the break to itself, and more so does what a list is of (`Pointures : 39, 40, 41`). In
shares of the text's length; set by eye in eight languages."""

_NEVER_FIRST = "、。，．：；？！」』）ーぁぃぅぇぉっゃゅょァィゥェォッャュョヶ％%"
_LABEL = re.compile("(?<=：)")
_KATAKANA = re.compile("[ァ-ヴー]+")
_RUNS = re.compile(r"(?<=[一-龠ぁ-ん])(?=[ァ-ヴ])|(?<=[ァ-ヴー])(?=[一-龠])")
_LETTER = re.compile(rf"[「『（]?(?:[!-~]+|[^!-~])[{_NEVER_FIRST} ]*")

Words = tuple[str, ...]
Lines = tuple[Words, ...]


def words_of(text: str, *, language: str) -> Words:
    """The parts of a text that stay whole; joined by `joint(language)` they give it again.

    No-break spaces hold. Japanese parts are phrases, signs stay with what they end.
    """
    words = text.split(" ")
    if language != "ja":
        return tuple(word for word in words if word)
    spaced = [f"{word} " for word in words[:-1]] + words[-1:]
    phrases = (phrase for word in spaced for phrase in _phrases().parse(word))
    return tuple(part for phrase in phrases for part in _LABEL.split(phrase) if part)


def finer(words: Words, *, language: str) -> tuple[Words, ...]:
    """The words in smaller and smaller parts, for lines too narrow for them.

    Japanese breaks where katakana begin or end, then between two words of the lexicon written as
    one, then between any two letters but before those in `_NEVER_FIRST` and behind an opening sign;
    other languages not at all. Source: JLREQ, sections 3.1.7 and 3.1.8.
    """
    if language != "ja":
        return (words,)
    runs = tuple(part for word in words for part in _RUNS.split(word))
    known = tuple(part for run in runs for part in _compounded(run))
    return words, runs, known, tuple(part for word in words for part in _LETTER.findall(word))


def joint(language: str) -> str:
    """What stands between two words."""
    return "" if language == "ja" else " "


def said(words: Words, language: str) -> str:
    """The words as one line of text, without the space that a break has swallowed."""
    return joint(language).join(words).rstrip(" ")


def balanced(words: Words, *, lines: int, width: Callable[[Words], float]) -> Lines:
    """The words in so many lines, the longest as short as it can be, breaks where they read best.

    `width` measures a line. With fewer words than lines, each word has a line.
    """
    count = min(lines, len(words))
    breaks = combinations(range(1, len(words)), count - 1)
    return min((_split(words, at) for at in breaks), key=lambda found: _cost(found, width))


def _split(words: Words, at: Sequence[int]) -> Lines:
    edges = (0, *at, len(words))
    return tuple(words[a:b] for a, b in pairwise(edges))


def _cost(lines: Lines, width: Callable[[Words], float]) -> float:
    widths = [width(line) for line in lines]
    longest = max(widths)
    uneven = sum((1 - each / longest) ** 2 for each in widths) / len(widths)
    return longest / sum(widths) + uneven + sum(_end_cost(line[-1]) for line in lines[:-1])


def _end_cost(word: str) -> float:
    if word.endswith(_LABELS):
        return -_LABEL_GAIN
    if word.endswith(_STOPS):
        return -_STOP_GAIN
    return _SHORT_COST if len(word) <= _SHORT_WORD else 0.0


def _compounded(text: str) -> Words:
    """The text in two where its katakana are two words of the lexicon, else as it is."""
    found = _KATAKANA.search(text)
    if found is None:
        return (text,)
    run, known = found.group(), _katakana_words()
    for at in range(2, len(run) - 1):
        if run[:at] in known and run[at:] in known:
            return text[: found.start() + at], text[found.start() + at :]
    return (text,)


@cache
def _katakana_words() -> frozenset[str]:
    return frozenset(filter(_KATAKANA.fullmatch, Lexicon.load("ja").by_surface))


@cache
def _phrases() -> Parser:
    import budoux  # its model is read only where Japanese is set

    return budoux.load_default_japanese_parser()
