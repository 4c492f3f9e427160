"""Numbers in copy: each must be an amount, a count, a code or a size that a fact states."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from content_engine.types import Evidence, Quantity
from content_engine.units import FoundQuantity, convert, dimension
from qa.text.copy import Slot
from qa.text.ground import Ground
from qa.text.reading import Read, Reading
from qa.text.words import Hit, Span, fold

# Converted amounts may be rounded as people round them.
# Source: qa research 2026-11 section 4 (1 % for converted units, none for the merchant's own).
_CONVERTED_TOLERANCE = 0.01
_SYSTEMS = {"in": "us", "ft": "us", "oz": "us", "lb": "us", "fl oz": "us", "°F": "us"}
_CURRENCY = re.compile(r"[$€£¥￥円]|euro|dollar|dólar|ドル|ユーロ|يورو|دولار")
_BESIDE = 8
_WORD_WITH_DIGIT = re.compile(r"(?<![^\W_])[^\W_]*\d[^\W_]*(?:[/.:\-]\d[^\W_]*)*")
_CODE = re.compile(r"[a-z]*\d[a-z\d]*(?:[/.:\-]\d[a-z\d]*)*")


def numbers(reading: Reading) -> Iterator[Evidence]:
    """A fault for each amount, count or code that no fact states."""
    for read in reading.slots:
        for item in read.quantities:
            if not _is_view(reading, read, item):
                yield from _amount(read, item, known=reading.ground)
        yield from _codes(read, known=reading.ground)
        yield from _spelled(reading, read)


def _is_view(reading: Reading, read: Read, item: FoundQuantity) -> bool:
    """True for the number of its own picture in an alt text: `view 2`."""
    name, _, index = read.slot.field.partition(".")
    said = item.quantity
    views = len(reading.brief.product.photos)
    return name == "alt_texts" and said.unit == "" and said.value in (int(index) + 1, views)


def _amount(read: Read, item: FoundQuantity, *, known: Ground) -> Iterator[Evidence]:
    if read.is_name((item.start, item.end)):
        return
    said, text = item.quantity, read.slot.text[item.start : item.end]
    if said.unit == "":
        if not _is_count(said, known=known) and not _is_price(read, item, known=known):
            yield read.slot.fault("number", f"no fact states {text!r}", (item.start, item.end))
        return
    if any(_same(said, fact) for fact in known.quantities):
        return
    yield _wrong(read.slot, said, span=(item.start, item.end), known=known)


def _wrong(slot: Slot, said: Quantity, *, span: Span, known: Ground) -> Evidence:
    text = slot.text[span[0] : span[1]]
    if said.unit == "%":
        shares = _listed(fact for fact in known.quantities if fact.unit == "%")
        return slot.fault("percentage", f"no fact states {text!r} (facts: {shares})", span)
    same_value = [fact for fact in known.quantities if fact.value == said.value]
    if any(dimension(fact.unit) != dimension(said.unit) for fact in same_value):
        stated = _listed(same_value)
        return slot.fault("unit", f"{text!r} has another unit than the facts ({stated})", span)
    alike = _listed(f for f in known.quantities if dimension(f.unit) == dimension(said.unit))
    return slot.fault("number", f"no fact states {text!r} (facts: {alike})", span)


def _listed(quantities: Iterator[Quantity] | Sequence[Quantity]) -> str:
    return ", ".join(f"{item.value} {item.unit}".strip() for item in quantities) or "none"


def _is_count(said: Quantity, *, known: Ground) -> bool:
    ends = [said.value] if said.upper is None else [said.value, said.upper]
    return all(end in known.counts for end in ends)


def _is_price(read: Read, item: FoundQuantity, *, known: Ground) -> bool:
    """True for the product's own price beside a currency."""
    price = known.product.price
    if price is None or item.quantity.value != price.amount:
        return False
    around = read.slot.text[max(0, item.start - _BESIDE) : item.end + _BESIDE]
    return price.currency in around or _CURRENCY.search(around.lower()) is not None


def _same(said: Quantity, fact: Quantity) -> bool:
    """True when the fact states the amount: exactly, or rounded after a change of system."""
    if dimension(said.unit) != dimension(fact.unit):
        return False
    stated = convert(fact, said.unit)
    if said.upper is None and stated.upper is not None:
        return False
    if said.upper is not None and stated.upper is None:
        return False
    pairs = [(said.value, stated.value)]
    if said.upper is not None and stated.upper is not None:
        pairs.append((said.upper, stated.upper))
    crossed = _SYSTEMS.get(said.unit) != _SYSTEMS.get(fact.unit)
    return all(_close(shown, true, crossed=crossed) for shown, true in pairs)


def _close(shown: Decimal, true: Decimal, *, crossed: bool) -> bool:
    if not crossed:
        return abs(shown - true) <= Decimal("1e-9") * max(1, abs(true))
    exponent = shown.as_tuple().exponent
    rounding = Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) else Decimal(0)
    return abs(shown - true) <= max(rounding, abs(true) * Decimal(str(_CONVERTED_TOLERANCE)))


def _codes(read: Read, *, known: Ground) -> Iterator[Evidence]:
    """Digits that are no quantity (`E14`, `18/8`, `A5`) must stand so in a fact."""
    text = fold(read.slot.text)
    for match in _WORD_WITH_DIGIT.finditer(text):
        span = match.span()
        covered = any(item.start < span[1] and span[0] < item.end for item in read.quantities)
        if covered or read.is_name(span):
            continue
        code = _CODE.search(match.group())
        if code is None or code.group() not in known.codes:
            shown = read.slot.text[span[0] : span[1]]
            yield read.slot.fault("number", f"no fact states the code {shown!r}", span)


def _spelled(reading: Reading, read: Read) -> Iterator[Evidence]:
    for hit in reading.tongue.numbers.find(read.words):
        (value,) = list(hit.labels)[:1]
        if Decimal(value) in reading.ground.counts or read.is_name(hit.span):
            continue
        yield read.slot.fault(
            "number", f"no fact states {_shown(read.slot, hit)!r} ({value})", hit.span
        )


def _shown(slot: Slot, hit: Hit) -> str:
    return slot.text[hit.start : hit.end]
