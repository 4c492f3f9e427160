"""Brand names in copy: letter for letter as the merchant writes them, or it is a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from content_engine.types import Evidence
from qa.text.reading import Read, Reading
from qa.text.words import Word, fold

_LEAST_WORD = 4
_LONG_WORD = 7
_WIDEST_VARIANT = 4
_NAMING_SLOTS = ("title", "seo_title")
"""One of these slots must name the brand.

Source: support.google.com/merchants/answer/6324415 (title: brand among the important details),
read 2026-11-22."""


def brand(reading: Reading) -> Iterator[Evidence]:
    """A fault for each brand that is recased, misspelt, cut, translated or left out."""
    name = reading.ground.product.brand
    if not name:
        return
    for read in reading.slots:
        yield from _variants(read, name)
        yield from _pieces(read, name)
        yield from _misspelt(reading, read, name)
    heads = [read.slot for read in reading.slots if read.slot.field in _NAMING_SLOTS]
    if not any(own in slot.text for slot in heads for own in _brands(reading)):
        for slot in heads:
            yield slot.fault("brand", f"does not name the brand {name!r}", (0, len(slot.text)))


def _brands(reading: Reading) -> Iterator[str]:
    """The names that the merchant gives as brand, the feed's own first."""
    product = reading.ground.product
    yield product.brand
    yield from (fact.text for fact in product.facts if fact.name == "product_line")


def _variants(read: Read, name: str) -> Iterator[Evidence]:
    """The brand's letters in another case, spacing or punctuation."""
    wanted = _letters(name)
    words = read.words.words
    for first in range(len(words)):
        end = _joined_end(read, words[first : first + _WIDEST_VARIANT], wanted=wanted)
        if end:
            span = (words[first].start, end)
            shown = read.slot.text[span[0] : span[1]]
            if shown not in name and name not in shown and not read.is_name(span):
                yield read.slot.fault("brand", f"writes {name!r} as {shown!r}", span)


def _joined_end(read: Read, words: Sequence[Word], *, wanted: str) -> int:
    """Where the words end that together have the wanted letters; 0 when they don't."""
    joined = ""
    for word in words:
        joined += read.words.folded[word.start : word.end]
        if len(joined) >= len(wanted):
            return word.end if joined == wanted else 0
    return 0


def _letters(name: str) -> str:
    return "".join(char for char in fold(name) if char.isalnum())


def _pieces(read: Read, name: str) -> Iterator[Evidence]:
    """One word of a brand of several words without the others: the rest was translated or cut."""
    parts = [part for part in name.split() if len(part) >= _LEAST_WORD and part[:1].isupper()]
    if len(name.split()) < 2:
        return
    for word in read.words.words:
        shown = read.slot.text[word.start : word.end]
        if shown in parts and word.start and not read.is_name((word.start, word.end)):
            yield read.slot.fault(
                "brand", f"names only {shown!r} of {name!r}", (word.start, word.end)
            )


def _misspelt(reading: Reading, read: Read, name: str) -> Iterator[Evidence]:
    known = reading.tongue.surfaces.keys() | reading.tongue.function_words
    parts = [part for part in name.split() if len(part) >= _LEAST_WORD]
    for word in read.words.words:
        shown = read.slot.text[word.start : word.end]
        if not shown[:1].isupper() or read.is_name((word.start, word.end)):
            continue
        if fold(shown) in known and not _is_proper(read, word):
            continue
        for part in parts:
            if _is_slip(fold(shown), fold(part)):
                span = (word.start, word.end)
                yield read.slot.fault("brand", f"writes {part!r} as {shown!r}", span)


def _is_proper(read: Read, word: Word) -> bool:
    """True for a capital in mid-sentence, which only names have; German nouns have it too."""
    inside = re.search(r"[\w,;][ \u00a0]$", read.slot.text[: word.start]) is not None
    return inside and read.words.language not in ("de", "en")


def _is_slip(word: str, right: str) -> bool:
    """True for another word with the same first letter, one slip away (two in a long word)."""
    if word == right or word[0] != right[0] or abs(len(word) - len(right)) > 1:
        return False
    allowed = 2 if len(right) >= _LONG_WORD else 1
    return slips(word, right) <= allowed


def slips(a: str, b: str) -> int:
    """Letters changed, left out, added or swapped with the next one, at least.

    Source: optimal string alignment distance.
    """
    rows = [list(range(len(b) + 1))]
    for i, left in enumerate(a, 1):
        row = [i]
        for j, right in enumerate(b, 1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
