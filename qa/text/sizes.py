"""Sizes in copy: each must be one that the product comes in, those inside a range too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from content_engine.types import Evidence
from qa.text.reading import Read, Reading
from qa.text.words import Span

_LETTERS = r"(?:[2-6]XL|X{0,4}[SL]|M)"
_TO = r"\s?(?:-|‐|‑|–|—|〜|～|~|to|bis|à|al?|até|hasta|から|إلى|حتى)\s?"
_SIZE = re.compile(
    rf"(?<![A-Za-zÀ-ÿ0-9_'’.&/-])(?P<first>{_LETTERS})(?![A-Za-zÀ-ÿ0-9_'’&])"
    rf"(?:{_TO}(?P<last>{_LETTERS})(?![A-Za-zÀ-ÿ0-9_'’&]))?"
)
_ORDER = ("XXXS", "XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL", "XXXXL", "5XL", "6XL")
_ALIASES = {"2XL": "XXL", "3XL": "XXXL", "4XL": "XXXXL"}


def sizes(reading: Reading) -> Iterator[Evidence]:
    """A fault for each size that the facts don't offer."""
    letters = {_rank(size) for size in reading.ground.sizes} - {-1}
    numbers = {Decimal(size) for size in reading.ground.sizes if size.isdecimal()}
    for read in reading.slots:
        yield from _letter_sizes(read, offered=letters)
        if numbers:
            yield from _number_ranges(read, offered=numbers)


def _letter_sizes(read: Read, *, offered: set[int]) -> Iterator[Evidence]:
    for match in _SIZE.finditer(read.slot.text):
        if read.is_name(match.span()) or _is_unit(read.slot.text, match.start()):
            continue
        first = _rank(match["first"])
        last = _rank(match["last"] or match["first"])
        wanted = set(range(first, last + 1)) if first <= last else {first, last}
        missing = [_ORDER[rank] for rank in sorted(wanted - offered)]
        if missing:
            yield _fault(read, match.span(), missing)


def _number_ranges(read: Read, *, offered: set[Decimal]) -> Iterator[Evidence]:
    for item in read.quantities:
        first, last = item.quantity.value, item.quantity.upper
        if item.quantity.unit or last is None or not {first, last} <= offered:
            continue
        wanted = (first + step for step in range(int(last - first) + 1))
        missing = [str(size) for size in wanted if size not in offered]
        if missing:
            yield _fault(read, (item.start, item.end), missing)


def _fault(read: Read, span: Span, missing: list[str]) -> Evidence:
    shown = read.slot.text[span[0] : span[1]]
    return read.slot.fault("size", f"{shown!r}: the facts offer no {', '.join(missing)}", span)


def _rank(size: str) -> int:
    name = _ALIASES.get(size.strip(), size.strip())
    return _ORDER.index(name) if name in _ORDER else -1


def _is_unit(text: str, start: int) -> bool:
    """True when a number stands before the letter: `10 L`, `1 M`."""
    return re.search(r"\d[\s\u00a0\u202f]?$", text[:start]) is not None
