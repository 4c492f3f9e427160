"""Google Merchant records to products. Only attributes become facts; prose gives none."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from content_engine.errors import InvalidFeed
from content_engine.facts import check_amounts, detail_fact, fact_fields, make_fact, sizes_fact
from content_engine.feeds.records import Record, settings
from content_engine.feeds.text import address, clean, limited
from content_engine.feeds.title import title_facts
from content_engine.types import Fact, Money, PhotoRole, Product
from content_engine.units import parse_number

_PRICE = re.compile(
    r"(?P<before>[A-Za-z]{3})?\s*(?P<amount>[-−]?[\d.,\s]*\d)\s*(?P<after>[A-Za-z]{3})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSource:
    """Where a product's photo can be fetched: a local path, an http(s) URL or a data URL."""

    role: PhotoRole
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One product of a feed, its photos not yet fetched: `product.photos` is empty."""

    line: int
    product: Product
    photos: tuple[PhotoSource, ...]


def google_item(record: Record, *, language: str) -> FeedItem:
    """The product of a Google Merchant record. Raises InvalidFeed naming the bad field.

    `language` holds unless the record names its own.
    """
    said = one(record, "language", most=35).replace("_", "-") or language
    title = required(record, "title")
    details = tuple(_details(record, language=said))
    brand = one(record, "brand", most=settings()["limits"]["brand"])
    category = _category(record)
    facts = _facts(record, details, brand=brand, language=said)
    facts += title_facts(title, present=facts, brand=brand, category=category, language=said)
    check_amounts(facts)
    product = Product(
        sku=required(record, "id", limit="sku"),
        title=title,
        brand=brand or next((fact.text for fact in details if fact.name == "product_line"), ""),
        category=category,
        facts=facts,
        photos=(),
        price=_price(one(record, "price", most=40)),
        language=said,
    )
    return FeedItem(line=record.line, product=product, photos=photos_of(record))


def one(record: Record, field: str, *, most: int) -> str:
    """The field's one value, cleaned; empty when absent. Raises InvalidFeed on more than text."""
    values = record.fields.get(field, ())
    if not values:
        return ""
    if not isinstance(values[0], str | bool):
        raise InvalidFeed(f"{field} must be text, not {type(values[0]).__name__}")
    return limited(str(values[0]), field=field, most=most)


def required(record: Record, field: str, *, limit: str = "title") -> str:
    """The field's value. Raises InvalidFeed when it is missing or empty."""
    value = one(record, field, most=settings()["limits"][limit])
    if not value:
        raise InvalidFeed(f"{field} is missing")
    return value


def unique_facts(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts without those that repeat one of the same name in the same words."""
    first: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        first.setdefault((fact.name, fact.text.casefold()), fact)
    return tuple(first.values())


def photos_of(record: Record) -> tuple[PhotoSource, ...]:
    """The record's photos: main, additional, garment, variants. Raises InvalidFeed on too many."""
    found = [
        PhotoSource(role=PhotoRole(role), source=source)
        for role, fields in settings()["photos"].items()
        for field in fields
        for value in record.fields.get(field, ())
        for source in _sources(value, field=field)
    ]
    most = settings()["limits"]["photos"]
    if len(found) > most:
        raise InvalidFeed(f"{len(found)} photos, more than {most}")
    return tuple(dict.fromkeys(found))


def _sources(value: Any, *, field: str) -> Iterator[str]:
    if not isinstance(value, str):
        raise InvalidFeed(f"{field} must be text, not {type(value).__name__}")
    # Addresses may hold commas themselves: a comma parts them only before the next address.
    comma = r",(?=\s*(?:https?://|data:))" if re.search(r"://|data:", value) else ","
    parts = (address(part, field=field) for part in re.split(comma, value))
    yield from filter(None, parts)


def _category(record: Record) -> tuple[str, ...]:
    most = settings()["limits"]["category"]
    official = one(record, "google_product_category", most=most)
    own = one(record, "product_type", most=most)
    path = own if own and official.isdecimal() else official or own
    return tuple(part.strip() for part in path.split(">") if part.strip())


def _price(text: str) -> Money | None:
    if not text:
        return None
    match = _PRICE.fullmatch(text)
    currency = match and (match["before"] or match["after"])
    amount = parse_number(match["amount"].replace(" ", "")) if match else None
    if match is None or not currency or amount is None:
        raise InvalidFeed(
            f"price must be an amount with a currency such as 18.00 EUR, not {text!r}"
        )
    if amount < Decimal(0):
        raise InvalidFeed(f"price must not be negative: {text!r}")
    # The amount keeps the merchant's decimals: 18.00 stays 18.00.
    exact = Decimal(match["amount"]) if re.fullmatch(r"\d+\.\d+", match["amount"]) else amount
    return Money(amount=exact, currency=currency.upper())


def _facts(
    record: Record, details: Sequence[Fact], *, brand: str, language: str
) -> tuple[Fact, ...]:
    said: list[Fact] = []
    for field, name in fact_fields().items():
        if field not in record.fields:
            continue
        texts = _texts(record, field)
        if name == "sizes" or (name == "size" and len(texts) > 1):
            sizes = [size for text in texts for size in _comma_list(text)]
            said.extend([sizes_fact(sizes, source=field)] if sizes else [])
        elif name == "highlight":
            said.extend(_highlights(texts, record=record, field=field, language=language))
        elif texts:
            text = ", ".join(texts)
            said.append(make_fact(name, text, source=field, language=language))
    # A product line that only repeats the brand says nothing new.
    own = {brand.casefold(), ""}
    told = [
        fact for fact in details if fact.name != "product_line" or fact.text.casefold() not in own
    ]
    facts = unique_facts((*said, *told))
    if len(facts) > settings()["limits"]["facts"]:
        raise InvalidFeed(f"{len(facts)} attributes, more than {settings()['limits']['facts']}")
    return facts


def _texts(record: Record, field: str) -> list[str]:
    most = settings()["limits"]["fact"]
    found: list[str] = []
    for value in record.fields[field]:
        if not isinstance(value, str | bool):
            raise InvalidFeed(f"{field} must be text, not {type(value).__name__}")
        found.append(limited(str(value), field=field, most=most))
    return [text for text in found if text]


def _highlights(
    values: Sequence[str], *, record: Record, field: str, language: str
) -> Iterator[Fact]:
    """One fact a highlight; a table's single cell is a comma list, quotes keep its commas."""
    texts = values if record.has_lists or len(values) > 1 else _comma_list("".join(values))
    for text in texts:
        yield make_fact("highlight", text, source=field, language=language)


def _comma_list(text: str) -> list[str]:
    row = next(csv.reader([text], skipinitialspace=True), [])
    return [part.strip() for part in row if part.strip()]


def _details(record: Record, *, language: str) -> Iterator[Fact]:
    most = settings()["limits"]["fact"]
    for value in record.fields.get("product_detail", ()):
        for section, attribute, text in _triples(value):
            place = "/".join(part for part in (clean(section), clean(attribute)) if part)
            source = f"product_detail: {place}"
            said = limited(text, field=source, most=most)
            name = detail_fact(section, clean(attribute))
            if said and name:
                yield make_fact(name, said, source=source, language=language)


def _triples(value: Any) -> Iterator[tuple[str, str, str]]:
    """(section, attribute, value) of an object or of `section:attribute:value` texts."""
    if isinstance(value, Mapping):
        plain = {key.casefold().replace("_", ""): str(item) for key, item in value.items()}
        attribute = plain.get("attributename", "")
        if not attribute:
            raise InvalidFeed("product_detail has an entry without attribute_name")
        yield plain.get("sectionname", ""), attribute, plain.get("attributevalue", "")
        return
    if not isinstance(value, str):
        raise InvalidFeed(f"product_detail must be objects or text, not {type(value).__name__}")
    for text in _detail_texts(value):
        parts = text.split(":", 2)
        if len(parts) < 2:
            raise InvalidFeed(f"product_detail must be section:attribute:value, not {text[:60]!r}")
        section, attribute, said = parts if len(parts) == 3 else ("", *parts)
        yield section.strip(), attribute.strip(), said.strip()


def _detail_texts(value: str) -> list[str]:
    """The entries of a comma list; a part without two colons goes on the entry before it."""
    entries: list[str] = []
    for part in _comma_list(value):
        if part.count(":") >= 2 or not entries:
            entries.append(part)
        else:
            entries[-1] += f", {part}"
    return entries
