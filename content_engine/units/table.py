"""The table of units and the grammar of numbers in a locale, from `units.toml` and CLDR."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from babel.core import UnknownLocaleError
from babel.numbers import get_decimal_symbol
from babel.units import format_unit

from content_engine.codec import from_plain

# One amount of each CLDR plural category in the locales we write.
_PLURAL_SAMPLES = (0, 1, 2, 3, 11, 100, Decimal("1.5"))
_GAP = " \u00a0\u202f\u2009\u200e\u200f\u061c"
_FRACTION_SIGNS = "½¼¾⅓⅔⅛"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit: `size` of it in its dimension's base unit, plus `offset`. See `units.toml`."""

    symbol: str
    dimension: str
    size: Fraction
    offset: Fraction = Fraction(0)
    cldr: str = ""
    symbols: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    spaced: tuple[str, ...] = ()
    terminal: tuple[str, ...] = ()
    least: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How numbers and units are written in one locale, ready to match."""

    decimal: str
    number: re.Pattern[str]
    unit: re.Pattern[str]
    by_surface: Mapping[str, str]
    by_word: Mapping[str, str]
    spaced: frozenset[str]
    terminal: frozenset[str]
    after_terminal: re.Pattern[str]
    least: Mapping[str, int]
    joins: Mapping[str, frozenset[str]]

    def normalise(self, text: str) -> str:
        """The text with every digit and full-width sign in ASCII, character for character."""
        return text if text.isascii() else text.translate(_folding())

    def canonical(self, found: re.Match[str]) -> str:
        """The canonical symbol of a matched surface."""
        surface = found["surface"]
        return self.by_surface.get(surface) or self.by_word.get(surface.casefold(), "")


@cache
def unit_table() -> Mapping[str, Unit]:
    """Every unit by canonical symbol."""
    rows = _data()["units"]
    return {
        symbol: from_plain(Unit, {"symbol": symbol, **_exact(row)}) for symbol, row in rows.items()
    }


@cache
def grammar(language: str) -> Grammar:
    """The grammar of a language; one that CLDR does not know is read by the rules of English."""
    try:
        decimal = get_decimal_symbol(language)
    except (UnknownLocaleError, ValueError):
        return grammar("en")
    surfaces = dict(_universal())
    words = dict(_words(language))
    units = unit_table().values()
    joins = _data()["joins"]
    return Grammar(
        decimal=decimal,
        number=_number_pattern(),
        unit=_unit_pattern(surfaces, words),
        by_surface=surfaces,
        by_word=words,
        spaced=frozenset(surface for unit in units for surface in unit.spaced),
        terminal=frozenset(surface for unit in units for surface in unit.terminal),
        after_terminal=re.compile(rf"\s*(?:$|[^\w\s-]|(?:{'|'.join(joins['after_terminal'])})\b)"),
        least={surface: number for unit in units for surface, number in unit.least.items()},
        joins={name: frozenset(texts) for name, texts in joins.items()},
    )


@cache
def _data() -> dict[str, Any]:
    path = Path(__file__).with_name("units.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _exact(row: Mapping[str, Any]) -> dict[str, Any]:
    fractions = {key: Fraction(row[key]) for key in ("size", "offset") if key in row}
    return {**row, **fractions}


def _universal() -> Iterator[tuple[str, str]]:
    for unit in unit_table().values():
        for surface in (*unit.symbols, *unit.spaced, *unit.terminal):
            yield surface, unit.symbol


def _words(language: str) -> Iterator[tuple[str, str]]:
    """Case-folded words with their units; later ones win, so the house's own come last."""
    universal = {surface.casefold(): symbol for surface, symbol in _universal()}
    for unit in unit_table().values():
        for text in _cldr_forms(unit.cldr, language) if unit.cldr else ():
            word = text.rstrip(".").casefold()
            # French "m." is a month to CLDR, a metre to everyone else.
            if len(word) > 1 and universal.get(word, unit.symbol) == unit.symbol:
                yield word, unit.symbol
    for unit in unit_table().values():
        yield from ((word, unit.symbol) for word in unit.words)
    for symbol, words in _data()["words"].get(language, {}).items():
        yield from ((word.casefold(), symbol) for word in words)


def _cldr_forms(cldr: str, language: str) -> Iterator[str]:
    for number in _PLURAL_SAMPLES:
        for length in ("short", "long"):
            written = format_unit(number, cldr, length, locale=language)
            # What stands after the number; forms without a number (Arabic dual) are no suffix.
            _, _, suffix = re.sub(r"\d+([.,٫]\d+)?", "\0", written).partition("\0")
            form = suffix.strip(_GAP)
            if form and form != cldr:
                yield form


def _number_pattern() -> re.Pattern[str]:
    """Digits with separators, or with a fraction sign; a sign counts only where none could join."""
    spaces = "\u00a0\u202f\u2009"
    # A plain space groups only zeros ("1 000 g"): in "2 350 ml cans" it parts two numbers.
    grouped = rf"\d{{1,3}}(?:(?:[{spaces}]\d{{3}})+|(?: 000)+)(?!\d)(?:[.,٫]\d+)?"
    separated = r"\d+(?:[.,٫٬]\d+|['’]\d{3}(?!\d))*"
    part = f"[{_FRACTION_SIGNS}]"
    sign = r"(?:(?<![\w.%°²)])[-−])?"
    return re.compile(
        rf"{sign}(?:(?:{grouped}|{separated})[ ]?{part}|{grouped}|{separated}|{part})"
    )


def _unit_pattern(surfaces: Mapping[str, str], words: Mapping[str, str]) -> re.Pattern[str]:
    # Longest first. Those of one length that end alike share a look ahead: compiled 5 × faster.
    def kind(text: str) -> tuple[int, bool, str]:
        return -len(text), text in words, _must_not_follow(text)

    texts = sorted({*surfaces, *words}, key=lambda text: (kind(text), text))
    runs = (
        f"(?{'i' if loose else ''}:(?:{'|'.join(_escaped(text) for text in run)}){ahead})"
        for (_, loose, ahead), run in groupby(texts, key=kind)
    )
    return re.compile(rf"(?P<gap>[{_GAP}]{{0,3}}|[-‑])(?P<surface>{'|'.join(runs)})")


def _escaped(text: str) -> str:
    return re.escape(text).replace(r"\ ", rf"[{_GAP}]")


def _must_not_follow(text: str) -> str:
    """The look ahead that ends a surface: letters of its own script must not go on after it."""
    last = text[-1]
    if last > "\u3000" or not (last.isalpha() or last in "²2"):
        return ""
    arabic, latin = "\u0620-\u065f", "A-Za-z\u00c0-\u024f"
    letters = arabic if "\u0600" <= last <= "\u06ff" else latin
    return rf"(?![{letters}0-9²³]|/[A-Za-z])"


@cache
def _folding() -> dict[int, str]:
    arabic = {0x0660 + i: str(i) for i in range(10)} | {0x06F0 + i: str(i) for i in range(10)}
    full_width = {0xFF01 + i: chr(0x21 + i) for i in range(94)}
    # The full-width tilde joins ranges; it stays itself.
    del full_width[0xFF5E]
    return arabic | full_width
