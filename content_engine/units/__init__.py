"""Quantities in text: reading them in eight locales, converting them, comparing them.

Maker and judge read numbers with this one reader, so that what one writes the other understands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache

from content_engine.errors import InvalidBrief
from content_engine.types import Quantity
from content_engine.units.table import Grammar, Unit, grammar, unit_table

# Twelve digits hold every merchant's figure and swallow the tail of 5/9.
_ROUNDING = Context(prec=12)
_FRACTION_SIGNS = {"½": "0.5", "¼": "0.25", "¾": "0.75", "⅓": "0.333", "⅔": "0.667", "⅛": "0.125"}
# Ratios with a denominator above 16 are grades and dates, not parts of an inch.
_LARGEST_DENOMINATOR = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundQuantity:
    """A quantity and where it stands: `text[start:end]` is number and unit."""

    quantity: Quantity
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """One number as read: `unit` is None when no unit follows it; `fit` is False for codes."""

    value: Decimal
    unit: str | None
    start: int
    end: int
    fit: bool = True
    upper: Decimal | None = None


def parse_quantities(text: str, *, locale: str = "en") -> tuple[Quantity, ...]:
    """Every quantity in a text, in order: see `find_quantities`."""
    return tuple(found.quantity for found in find_quantities(text, locale=locale))


def find_quantities(text: str, *, locale: str = "en") -> tuple[FoundQuantity, ...]:
    """Every number in a text that is a quantity or a count, with its unit and place.

    Reads decimal commas, thousands separators, Arabic-Indic and full-width digits, ranges
    (`220-240 V`), products (`45 × 45 cm` gives two quantities) and common fractions. Codes and
    grades (`E14`, `A5`, `18/8`, `16:9`, `3D`) are no quantities. `locale` is a BCP 47 language.
    """
    rules = grammar(locale.replace("_", "-").split("-")[0])
    plain = rules.normalise(text)
    tokens = [_token(plain, match, rules=rules) for match in rules.number.finditer(plain)]
    joined = _join(plain, tokens, rules=rules)
    return tuple(
        FoundQuantity(
            quantity=Quantity(value=token.value, unit=token.unit or "", upper=token.upper),
            start=token.start,
            end=token.end,
        )
        for token in joined
        if token.fit
    )


def parse_number(text: str, *, locale: str = "en") -> Decimal | None:
    """The one number that a text is, read by the locale's separators; None if it is no number."""
    rules = grammar(locale.replace("_", "-").split("-")[0])
    match = rules.number.fullmatch(rules.normalise(text.strip()))
    return None if match is None else _value(match.group(), rules=rules)


def dimension(unit: str) -> str:
    """What a unit measures (`length`, `mass`, …). Raises InvalidBrief for an unknown unit."""
    return _unit(unit).dimension


def convert(quantity: Quantity, unit: str) -> Quantity:
    """The same quantity in another unit of its dimension, to twelve digits.

    Raises InvalidBrief when a unit is unknown or measures something else.
    """
    old, new = _unit(quantity.unit), _unit(unit)
    if old.dimension != new.dimension:
        raise InvalidBrief(
            f"{quantity.unit!r} is a {old.dimension}, {unit!r} a {new.dimension}: not convertible"
        )
    upper = None if quantity.upper is None else _converted(quantity.upper, old=old, new=new)
    return Quantity(value=_converted(quantity.value, old=old, new=new), unit=unit, upper=upper)


def same_quantity(a: Quantity, b: Quantity, *, tolerance: float = 0.0) -> bool:
    """True when both say the same, whatever their units; a range equals only the same range.

    `tolerance` is the share of the larger amount by which they may differ (0.005 for roundings).
    """
    if _unit(a.unit).dimension != _unit(b.unit).dimension or (a.upper is None) != (b.upper is None):
        return False
    other = convert(b, a.unit)
    ends = [(a.value, other.value)]
    if a.upper is not None and other.upper is not None:
        ends.append((a.upper, other.upper))
    slack = Decimal(str(tolerance)) + Decimal("1e-9")
    return all(abs(x - y) <= slack * max(abs(x), abs(y)) for x, y in ends)


def _unit(symbol: str) -> Unit:
    table = unit_table()
    if symbol not in table:
        raise InvalidBrief(f"unknown unit {symbol!r}; known: {', '.join(filter(None, table))}")
    return table[symbol]


def _converted(value: Decimal, *, old: Unit, new: Unit) -> Decimal:
    if old == new:
        return value
    base = Fraction(value) * old.size + old.offset
    result = (base - new.offset) / new.size
    return _tidy(_ROUNDING.divide(Decimal(result.numerator), Decimal(result.denominator)))


def _tidy(value: Decimal) -> Decimal:
    """The same number without trailing zeros or exponent."""
    whole = value.to_integral_value()
    return (
        whole.quantize(Decimal(1)) if value == whole and abs(value) < 10**20 else value.normalize()
    )


def _value(number: str, *, rules: Grammar) -> Decimal:
    """The number's amount; a separator that groups no thousands must be the decimal one."""
    if number.isdecimal():
        return Decimal(number)
    sign = "-" if number[0] in "-−" else ""
    body = number.lstrip("-−+")
    parts = Decimal(0)
    if body[-1] in _FRACTION_SIGNS:
        parts, body = Decimal(_FRACTION_SIGNS[body[-1]]), body[:-1].rstrip()
    if not body:
        return parts.copy_negate() if sign else parts
    whole, point = body, ""
    last = max((i for i, char in enumerate(body) if not char.isdigit()), default=-1)
    if last >= 0 and _is_decimal(body, last, rules=rules):
        whole, point = body[:last], body[last + 1 :]
    digits = re.sub(r"\D", "", whole)
    return Decimal(f"{sign}{digits}.{point or 0}").normalize() + parts


def _is_decimal(body: str, last: int, *, rules: Grammar) -> bool:
    mark = body[last]
    if mark in (rules.decimal, "٫"):
        return body.count(mark) == 1
    groups_thousands = len(body) - last - 1 == 3 and body[0] != "0"
    return mark in ".," and body.count(mark) == 1 and not groups_thousands


def _token(text: str, match: re.Match[str], *, rules: Grammar) -> _Token:
    value = _value(match.group(), rules=rules)
    end = match.end()
    found = rules.unit.match(text, end)
    unit = rules.canonical(found) if found else None
    if found and unit is not None and not _stands(text, found, value=value, rules=rules):
        found = unit = None
    glued_after = found is None and _is_latin_letter(text[end : end + 1])
    code = _is_code(text, match, has_unit=bool(unit))
    return _Token(
        value=_tidy(value),
        unit=unit,
        start=match.start(),
        end=found.end() if found else end,
        fit=not (code or glued_after or match.group().count(".") > 1),
    )


def _stands(text: str, found: re.Match[str], *, value: Decimal, rules: Grammar) -> bool:
    """True when a unit that may be a word of its own right is meant as a unit here."""
    surface, gap = found["surface"], found["gap"]
    if surface in rules.spaced and not gap:
        return value >= rules.least.get(surface, 10**12)
    if surface in rules.terminal:
        return rules.after_terminal.match(text, found.end()) is not None
    if not rules.canonical(found) and gap not in ("", "-", "‑"):
        return False
    if surface in ('"', "”", "''"):
        return not gap and text[: found.start()].count(surface) % 2 == 0
    return "-" not in gap or len(surface) > 1 or surface in "glmhW"


def _is_code(text: str, match: re.Match[str], *, has_unit: bool) -> bool:
    """True for `E14` and `SC-350`; not for `H9.8cm`, where one letter names the measure."""
    before = text[max(0, match.start() - 2) : match.start()].rjust(2)
    if _is_latin_letter(before[1]):
        return not has_unit or before[0].isalnum()
    return before[1] in "-‑–_" and _is_latin_letter(before[0]) and not has_unit


def _is_latin_letter(char: str) -> bool:
    return char.isalpha() and char < "\u0370" and char not in "Øø"


def _join(text: str, tokens: Sequence[_Token], *, rules: Grammar) -> list[_Token]:
    """Spreads units over products, merges ranges and fractions, drops ratios and grades."""
    done: list[_Token] = []
    for token in reversed(tokens):
        if not done:
            done.append(token)
            continue
        between = text[token.end : done[-1].start].strip(" \u00a0\u202f\u2009\u200e\u200f\u061c")
        done[-1:] = _pair(token, done[-1], between=between.casefold(), joins=rules.joins)
    return list(reversed(done))


def _pair(
    left: _Token, right: _Token, *, between: str, joins: Mapping[str, frozenset[str]]
) -> list[_Token]:
    """What two neighbours are together, rightmost first."""
    if between in (":", "/", "⁄"):
        return _ratio(left, right, slash=between != ":")
    if between in joins["cross"] and left.unit is None:
        return [right, replace(left, unit=right.unit, fit=left.fit and right.fit)]
    same_unit = left.unit in (None, right.unit)
    if between in joins["range"] and same_unit and left.fit and right.fit and right.upper is None:
        if left.value < right.value:
            merged = replace(right, value=left.value, upper=right.value, start=left.start)
            return [merged]
        return [right, left]
    if between == "" and _is_part(right) and left.unit is None and left.fit:
        return [replace(right, value=left.value + right.value, start=left.start)]
    return [right, left]


def _is_part(token: _Token) -> bool:
    return 0 < token.value < 1 and token.unit is not None and token.upper is None


def _ratio(left: _Token, right: _Token, *, slash: bool) -> list[_Token]:
    if left.unit is not None:
        return [right, left]
    whole = left.value == left.value.to_integral_value() and left.fit and right.fit
    if slash and whole and right.unit and left.value < right.value <= _LARGEST_DENOMINATOR:
        part = _tidy(_ROUNDING.divide(left.value, right.value))
        return [replace(right, value=part, start=left.start)]
    if slash and whole and right.unit and right.value > _LARGEST_DENOMINATOR:
        return [right, replace(left, unit=right.unit)]
    return [replace(right, fit=False), replace(left, fit=False)]


@cache
def known_units() -> frozenset[str]:
    """Every canonical symbol; the empty one is a plain count."""
    return frozenset(unit_table())
