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
# A comma list of them is left to the reader.
_DETAIL = re.compile(r"[^:,]+:[^:,]+:[^:,]+")
# Amounts that may be below zero, nothing, or more than any product has. Every way begins with a
# digit: so the engine looks for digits first, three times as fast.
_DOUBTFUL = re.compile(
    r"\d(?:(?<=[-−]\d)(?<![\w.][-−]\d)|(?<=[-−]\s\d)(?<![\w.][-−]\s\d)"
    r"|(?<=0)(?<![\d.,]\d)0*(?:[.,]0+)?(?![\d.,])|[\d.,' ]{3,}\d|\d{3}"
    r"|\s?(?:km|kilomet|mile|t\b|ton|MW|kW|MV|kV|year|Jahr|an|año|年|month|week|century)"
    r"|(?:(?<=1)(?!00\s?%)|(?<=[02-9]))\d\d\s?[%٪％])"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FACT, _WORDS, _NAME, _SOURCE = range(4)


def surely_fine(record: Record) -> bool:
    """True only for a record that `google_item` reads without a complaint.

    But for amounts: one in unusual words may still turn out more than any product has.
    """
    fields, uses = record.fields, _uses()
    if not (_is_name(fields.get("id")) and _is_name(fields.get("title"))):
        return False
    said: tuple[list[str], ...] = ([fields["title"][0]], [], [], [])
    count = 0
    for name, values in fields.items():
        if (use := uses.get(name)) is None:
            continue
        count += len(values)
        for value in values:
            if type(value) is not str:
                if not _is_plain(value, use, said[_FACT]):
                    return False
            elif len(value) > use.most or (use.form and not use.form.fullmatch(value)):
                return False
            else:
                said[use.group].append(value)
    return count < settings()["limits"]["photos"] and _nothing_odd(*map("\n".join, said))


def used_fields(record: Record) -> dict[str, Any]:
    """The fields of the record that a product is read from."""
    known = _uses()
    return {name: values for name, values in record.fields.items() if name in known}


@dataclass(frozen=True, slots=True)
class _Use:
    """How a field is used: the most characters, its group, the form that it must have."""

    most: int
    group: int
    form: re.Pattern[str] | None = None


def _is_name(values: Any) -> bool:
    """One text that is not blank."""
    return bool(values) and isinstance(values[0], str) and bool(values[0].strip())


def _nothing_odd(facts: str, words: str, names: str, sources: str) -> bool:
    """What holds for all texts of a group at once; a comma may part two facts or two pictures."""
    return (
        "<" not in facts
        and "<" not in words
        and "<" not in names
        and "&" not in names
        and not _CONTROL.search(names.replace("\n", ""))
        and not _CONTROL.search(sources.replace("\n", ""))
        and facts.count(",") + sources.count(",") < settings()["limits"]["photos"] // 2
        and not _DOUBTFUL.search(facts)
    )


def _is_plain(value: Any, use: _Use, facts: list[str]) -> bool:
    """Whether a value that is no text is surely in order; what may hold amounts goes to `facts`."""
    if isinstance(value, bool):
        return use.group is _FACT and use.form is None
    if not isinstance(value, dict) or use.form is not _DETAIL:
        return False
    for text in value.values():
        if type(text) is not str or len(text) > use.most:
            return False
        facts.append(text)
    return bool(value.get("attribute_name") or value.get("attributeName"))


@cache
def _uses() -> dict[str, _Use]:
    """How each field that a product is read from is used."""
    limits, facts = settings()["limits"], fact_fields()
    most = {name: limits[name] // _NFC_GROWTH for name in ("sku", "title", "brand", "category")}
    fact = limits["fact"] // _NFC_GROWTH
    photos = [field for fields in settings()["photos"].values() for field in fields]
    measured = rules()["measures"]["fields"]["required"]
    return {
        "id": _Use(most["sku"], _NAME),
        "title": _Use(most["title"], _NAME),
        "brand": _Use(most["brand"], _WORDS),
        "google_product_category": _Use(most["category"], _WORDS),
        "product_type": _Use(most["category"], _WORDS),
        "language": _Use(11, _NAME),
        "price": _Use(40, _WORDS, _PRICE),
        "product_detail": _Use(fact, _FACT, _DETAIL),
        **{name: _Use(limits["line_chars"], _SOURCE) for name in photos},
        **{name: _Use(fact, _FACT) for name in facts},
        **{name: _Use(fact, _WORDS, _MEASURE) for name in measured},
    }
