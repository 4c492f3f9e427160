"""What of a record is surely in order, told without reading its facts: 20 µs, not 700."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from content_engine.facts import fact_fields, rules
from content_engine.feeds.records import Record, settings

# NFC makes a text three times as long at most; a third of a limit is always within it.
# Source: Unicode UAX #15, maximal expansion of NFC in UTF-16 and UTF-32 code units.
_NFC_GROWTH = 3
_PRICE = re.compile(r"\d{1,9}(\.\d{1,2})? [A-Z]{3}|[A-Z]{3} \d{1,9}(\.\d{1,2})?")
_MEASURE = re.compile(r"[1-9]\d{0,2}(\.\d{1,2})? ?(mm|cm|in|g|kg|lb|oz)")
# Amounts that may be below zero, nothing, or more than any product has.
_DOUBTFUL = re.compile(
    r"(?<![\w.])[-−]\s?\d|(?<![\d.,])0+(?:[.,]0+)?(?![\d.,])|\d[\d.,' ]{3,}\d"
    r"|\d\s?(?:km|kilomet|mile|t\b|ton|MW|kW|MV|kV|year|Jahr|an|año|年|month|week|century)"
    r"|(?!100\s?%)\d{3}\s?[%٪％]|\d{4}"
)
_PLAIN = re.compile(r"[^<&\x00-\x1f\x7f-\x9f\u200b\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]*")
_TEXT = re.compile(r"[^<]*", re.DOTALL)
_ADDRESS = re.compile(r"[^\x00-\x1f\x7f-\x9f\u200b\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]*")
# A comma list of them is left to the reader.
_DETAIL = re.compile(r"[^:,]+:[^:,]+:[^:,]+")


def surely_fine(record: Record) -> bool:
    """True only for a record that `google_item` reads without a complaint.

    But for amounts: one in unusual words may still turn out more than any product has.
    """
    fields = record.fields
    if not (_is_name(fields.get("id")) and _is_name(fields.get("title"))):
        return False
    texts = [fields["title"][0]]
    count = 0
    for name, values in fields.items():
        use = _uses().get(name)
        if use is None:
            continue
        count += len(values)
        for value in values:
            if not _is_plain(value, use, texts):
                return False
    said = "\n".join(texts)
    # A comma may part two facts or two pictures.
    return count + said.count(",") < settings()["limits"]["photos"] and not _DOUBTFUL.search(said)


def used_fields(record: Record) -> dict[str, Any]:
    """The fields of the record that a product is read from."""
    known = _uses()
    return {name: values for name, values in record.fields.items() if name in known}


@dataclass(frozen=True, slots=True)
class _Use:
    """How a field is used: the most characters, the form it must have, whether it is a fact."""

    most: int
    form: re.Pattern[str]
    is_fact: bool = False
    is_detail: bool = False


def _is_name(values: Any) -> bool:
    """One text that is not blank."""
    return bool(values) and isinstance(values[0], str) and bool(values[0].strip())


def _is_plain(value: Any, use: _Use, texts: list[str]) -> bool:
    """Whether the value is surely in order; texts that may hold amounts go to `texts`."""
    if use.is_detail and isinstance(value, dict):
        texts += map(str, value.values())
        return _names_attribute(value)
    if isinstance(value, bool) and use.is_fact:
        return True
    if not isinstance(value, str) or len(value) > use.most or not use.form.fullmatch(value):
        return False
    if use.is_fact:
        texts.append(value)
    return True


def _names_attribute(detail: dict[str, Any]) -> bool:
    """Whether its attribute has a name, written the common ways."""
    texts = detail.values()
    return bool(detail.get("attribute_name") or detail.get("attributeName")) and all(
        isinstance(text, str) and len(text) * _NFC_GROWTH <= settings()["limits"]["fact"]
        for text in texts
    )


@cache
def _uses() -> dict[str, _Use]:
    """How each field that a product is read from is used."""
    limits, facts = settings()["limits"], fact_fields()
    fact = limits["fact"] // _NFC_GROWTH
    photos = [field for fields in settings()["photos"].values() for field in fields]
    measured = rules()["measures"]["fields"]["required"]
    return {
        "id": _Use(limits["sku"] // _NFC_GROWTH, _PLAIN),
        "title": _Use(limits["title"] // _NFC_GROWTH, _PLAIN),
        "brand": _Use(limits["brand"] // _NFC_GROWTH, _TEXT),
        "google_product_category": _Use(limits["category"] // _NFC_GROWTH, _TEXT),
        "product_type": _Use(limits["category"] // _NFC_GROWTH, _TEXT),
        "language": _Use(11, _PLAIN),
        "price": _Use(40, _PRICE),
        "product_detail": _Use(fact, _DETAIL, is_fact=True, is_detail=True),
        **{name: _Use(limits["line_chars"], _ADDRESS) for name in photos},
        **{name: _Use(fact, _TEXT, is_fact=True) for name in facts},
        **{name: _Use(fact, _MEASURE) for name in measured},
    }
