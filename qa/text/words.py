"""Words of a text in any of our scripts, and phrases found among them with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

Span = tuple[int, int]

UNSPACED = frozenset({"ja"})
"""Languages written without spaces: phrases are found as substrings there."""

# Latin letters and digits end where kana or Arabic begin: `Kilnhouseの` is two words.
_LATIN = "0-9a-z\u00df-\u024f"
_WORD = re.compile(
    rf"#(?=\d)|[{_LATIN}]+|[^\W_{_LATIN}]+(?:[\u064b-\u0652\u0670]+[^\W_{_LATIN}]*)*"
)
_GAP = re.compile(r"[\s\-‐‑'’/&%°·]*")
_SHORT_GAP = re.compile(r"[.º°]*[\s\-]?")
_WIDE = re.compile(r"[\uff01-\uff5e]")
_FULL_WIDTH = {sign: sign - 0xFEE0 for sign in range(0xFF01, 0xFF5F)}
_ABBREVIATION = 2
_MARKS = re.compile(r"[\u064b-\u0652\u0670\u0640]")
_SHAPES = str.maketrans("أإآٱةى", "ااااهي")
# Conjunctions and prepositions that Arabic glues to a word, with and without the article.
_PREFIXES = ("وبال", "وال", "بال", "كال", "فال", "لل", "ال", "و", "ب", "ك", "ل", "ف")

_Row = tuple[tuple[str, ...], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found at `text[start:end]`, with what it was filed under."""

    start: int
    end: int
    labels: frozenset[str]

    @property
    def span(self) -> Span:
        """The place as Evidence wants it."""
        return (self.start, self.end)


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its place and the keys it may be looked up by (Arabic: without prefixes too)."""

    start: int
    end: int
    keys: tuple[str, ...]


def fold(text: str) -> str:
    """The text for comparing, character for character: lower case, full-width signs as ASCII."""
    plain = text.translate(_FULL_WIDTH) if _WIDE.search(text) else text
    lower = plain.lower()
    return lower if len(lower) == len(text) else "".join(map(_lower, plain))


def _lower(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else char


def arabic_key(word: str) -> str:
    """An Arabic word without short vowels and with one shape for each alef, taa and yaa."""
    return _MARKS.sub("", word).translate(_SHAPES)


class Words:
    """The words of one text, read once. `text` is the original, `folded` compares."""

    def __init__(self, text: str, *, language: str) -> None:
        self.text = text
        self.language = language

    @cached_property
    def folded(self) -> str:
        """The folded text; as long as `text`."""
        return fold(self.text)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words in order; in a language without spaces, runs of letters."""
        found = _WORD.finditer(self.folded)
        arabic = self.language == "ar"
        return tuple(
            Word(match.start(), match.end(), _keys(match.group(), arabic=arabic)) for match in found
        )

    def adjacent(self, index: int) -> bool:
        """True when only spaces or joining signs stand between this word and the next."""
        word = self.words[index]
        gap = self.folded[word.end : self.words[index + 1].start]
        if _GAP.fullmatch(gap):
            return True
        # A full stop after a short word is an abbreviation's: `No. 1`, `n.º 1`.
        return word.end - word.start <= _ABBREVIATION and _SHORT_GAP.fullmatch(gap) is not None


def _keys(word: str, *, arabic: bool) -> tuple[str, ...]:
    if not arabic:
        return (word,)
    key = arabic_key(word)
    bare = (key.removeprefix(prefix) for prefix in _PREFIXES if key.startswith(prefix))
    return tuple(dict.fromkeys((key, *(word for word in bare if len(word) > 1))))


class Phrases:
    """A fixed set of phrases with labels, ready to be found in many texts.

    A phrase's last word may end in `*` (any ending); a lone `*` is any word. In Japanese phrases
    are substrings; a lone ideograph must not touch another one.
    """

    def __init__(self, phrases: Mapping[str, Iterable[str]], *, language: str) -> None:
        self._unspaced = language in UNSPACED
        self._starts: dict[str, list[_Row]] = {}
        self._stems: dict[str, list[_Row]] = {}
        for phrase, labels in phrases.items():
            self._file(phrase, frozenset(labels), language=language)
        self._stem_lengths = sorted({len(stem) for stem in self._stems})
        for rows in (*self._starts.values(), *self._stems.values()):
            rows.sort(key=lambda row: (-len(row[0]), -sum(map(len, row[0]))))

    def _file(self, phrase: str, labels: frozenset[str], *, language: str) -> None:
        if self._unspaced:
            text = fold(phrase)
            self._starts.setdefault(text[0], []).append(((text,), labels))
            return
        parts = _parts(phrase, language=language)
        if not parts:
            return
        first, rest = parts[0], parts[1:]
        table = self._stems if first.endswith("*") else self._starts
        table.setdefault(first.rstrip("*"), []).append((rest, labels))

    def find(self, words: Words) -> list[Hit]:
        """The longest phrases, left to right, none inside another."""
        found: list[Hit] = []
        end = 0
        for place in self._places(words):
            hits = self._at(words, place)
            if hits and hits[0].start >= end:
                found.append(_longest(hits))
                end = found[-1].end
        return found

    def find_all(self, words: Words) -> list[Hit]:
        """Every phrase that occurs, also those inside longer ones."""
        return [hit for place in self._places(words) for hit in self._at(words, place)]

    def _places(self, words: Words) -> range:
        return range(len(words.text if self._unspaced else words.words))

    def _at(self, words: Words, place: int) -> list[Hit]:
        if self._unspaced:
            return self._substrings(words.folded, place)
        hits: list[Hit] = []
        for key in words.words[place].keys:
            if key in self._starts:
                self._extend(words, place, rows=self._starts[key], into=hits)
            for length in self._stem_lengths:
                if length > len(key):
                    break
                if key[:length] in self._stems:
                    self._extend(words, place, rows=self._stems[key[:length]], into=hits)
        return hits

    def _extend(self, words: Words, place: int, *, rows: list[_Row], into: list[Hit]) -> None:
        start = words.words[place].start
        for rest, labels in rows:
            last = place + len(rest)
            if last < len(words.words) and _follows(words, place, rest):
                into.append(Hit(start, words.words[last].end, labels))

    def _substrings(self, text: str, place: int) -> list[Hit]:
        rows = self._starts.get(text[place], ())
        return [
            Hit(place, place + len(phrase), labels)
            for (phrase,), labels in rows
            if text.startswith(phrase, place) and _stands_alone(text, place, phrase)
        ]


def _parts(phrase: str, *, language: str) -> tuple[str, ...]:
    marked = re.findall(r"#(?=\d)|[^\W_]+\*?|\*", _MARKS.sub("", fold(phrase)))
    if language != "ar":
        return tuple(marked)
    return tuple(arabic_key(part).removeprefix("ال") for part in marked)


def _longest(hits: list[Hit]) -> Hit:
    """The longest of hits at one place, with the labels of all as long."""
    end = max(hit.end for hit in hits)
    labels = frozenset[str]().union(*(hit.labels for hit in hits if hit.end == end))
    return Hit(hits[0].start, end, labels)


def _follows(words: Words, place: int, rest: tuple[str, ...]) -> bool:
    for index, part in enumerate(rest, place + 1):
        if not (_is(part, words.words[index].keys) and words.adjacent(index - 1)):
            return False
    return True


def _is(part: str, keys: tuple[str, ...]) -> bool:
    if part == "*":
        return True
    if part.endswith("*"):
        stem = part[:-1]
        return any(key.startswith(stem) for key in keys)
    return part in keys


def _stands_alone(text: str, start: int, phrase: str) -> bool:
    """True unless the phrase is cut out of a Latin word, or is one ideograph of a compound."""
    before = text[start - 1 : start]
    after = text[start + len(phrase) : start + len(phrase) + 1]
    if phrase[0].isascii() and phrase[0].isalnum() and before.isascii() and before.isalnum():
        return False
    if phrase[-1].isascii() and phrase[-1].isalnum() and after.isascii() and after.isalnum():
        return False
    lone = len(phrase) == 1 and is_ideograph(phrase)
    return not (lone and (is_ideograph(before) or is_ideograph(after)))


def is_ideograph(char: str) -> bool:
    """True for a Chinese character as Japanese uses it."""
    return bool(char) and "\u4e00" <= char <= "\u9fff"
