"""Shopify's product CSV to products: the rows of one Handle are one product."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from content_engine.errors import InvalidFeed
from content_engine.facts import check_amounts, make_fact, rules, sizes_fact, snake_case
from content_engine.feeds.google import FeedItem, PhotoSource, one, required, unique_facts
from content_engine.feeds.records import FeedFault, Record, settings
from content_engine.feeds.text import address
from content_engine.feeds.title import title_facts
from content_engine.types import Fact, PhotoRole, Product

_METAFIELD = re.compile(r"\(product\.metafields\.([\w-]+)\.([\w-]+)\)\s*$")


def shopify_items(
    records: Iterable[Record | FeedFault], *, language: str
) -> Iterator[FeedItem | FeedFault]:
    """The products of a Shopify export, in its order.

    A Handle is one page of the shop, so it is one product whatever its variants; its sku is the
    Handle, its sizes and colours are those of the variants. The CSV names no currency: no price.
    """
    for _, group in groupby(records, key=_handle):
        rows: list[Record] = []
        for record in group:
            if isinstance(record, FeedFault):
                yield record
            else:
                rows.append(record)
        if rows:
            yield _item(rows, language=language)


def _handle(record: Record | FeedFault) -> str:
    """The row's Handle; a fault stands for itself."""
    if isinstance(record, FeedFault):
        return f"\0{record.line}"
    return str(next(iter(record.fields.get("handle", ())), f"\0{record.line}"))


def _item(rows: Sequence[Record], *, language: str) -> FeedItem | FeedFault:
    try:
        return _product(rows, language=language)
    except InvalidFeed as error:
        return FeedFault(line=rows[0].line, message=str(error))


def _product(rows: Sequence[Record], *, language: str) -> FeedItem:
    first, limits = rows[0], settings()["limits"]
    title = required(first, "title")
    brand = one(first, "vendor", most=limits["brand"])
    category = _category(first)
    said = (
        *_fields(first, language=language),
        *_options(rows, language=language),
        *_weight(rows),
        *_metafields(first, language=language),
    )
    facts = unique_facts(said)
    facts += title_facts(title, present=facts, brand=brand, category=category, language=language)
    check_amounts(facts)
    product = Product(
        sku=required(first, "handle", limit="sku"),
        title=title,
        brand=brand,
        category=category,
        facts=facts,
        photos=(),
        language=language,
    )
    return FeedItem(line=first.line, product=product, photos=_photos(rows))


def _category(row: Record) -> tuple[str, ...]:
    most = settings()["limits"]["category"]
    names = ("product_category", "google shopping / google product category", "type")
    path = next((text for name in names if (text := one(row, name, most=most))), "")
    return tuple(part.strip() for part in path.split(">") if part.strip())


def _fields(row: Record, *, language: str) -> Iterator[Fact]:
    for column, name in settings()["shopify"]["facts"].items():
        if text := one(row, column, most=settings()["limits"]["fact"]):
            yield make_fact(name, text.casefold(), source=column, language=language)


def _options(rows: Sequence[Record], *, language: str) -> Iterator[Fact]:
    """One fact an option: every value its variants have, in the order they come."""
    most, names = settings()["limits"]["fact"], settings()["shopify"]["options"]
    for number in (1, 2, 3):
        option = one(rows[0], f"option{number}_name", most=most)
        values = [one(row, f"option{number}_value", most=most) for row in rows]
        told = list(dict.fromkeys(value for value in values if value))
        # A product without variants has the one option Title: Default Title.
        if not option or not told or option.casefold() == "title":
            continue
        name = snake_case(option)
        name = names.get(name) or rules()["aliases"].get(name, name)
        source = f"Option{number}: {option}"
        if name == "sizes":
            yield sizes_fact(told, source=source)
        else:
            yield make_fact(name, ", ".join(told), source=source, language=language)


def _weight(rows: Sequence[Record]) -> Iterator[Fact]:
    """The parcel's weight when all variants share it; Shopify writes 0 for unknown."""
    grams = {one(row, "variant_grams", most=40) for row in rows} - {""}
    negative = sorted(text for text in grams if text.startswith("-"))
    told = "".join(negative[:1]) or ("".join(grams) if len(grams) == 1 else "")
    if told and not re.fullmatch(r"0+(\.0+)?", told):
        yield make_fact("shipping_weight", f"{told} g", source="Variant Grams")


def _metafields(row: Record, *, language: str) -> Iterator[Fact]:
    limits, spaces = settings()["limits"], settings()["shopify"]["metafields"]["namespaces"]
    for column in row.fields:
        match = _METAFIELD.search(column)
        if match is None or match[1] not in spaces:
            continue
        text = ", ".join(part.strip() for part in one(row, column, most=limits["fact"]).split(";"))
        name = snake_case(match[2])
        if text.strip(", "):
            name = rules()["aliases"].get(name, name)
            yield make_fact(name, text, source=match[0].strip("() "), language=language)


def _photos(rows: Sequence[Record]) -> tuple[PhotoSource, ...]:
    """The photos by Image Position, the first as main, then variants' own.

    Where variants have photos of their own, these show the product in its other forms.
    """
    placed = [
        (_position(row, otherwise=order), source)
        for order, row in enumerate(rows, start=1)
        for source in row.fields.get("image_src", ())
    ]
    sources = [source for _, source in sorted(placed, key=lambda pair: pair[0])]
    forms = [source for row in rows for source in row.fields.get("variant_image", ())]
    others = {address(source, field="Variant Image") for source in forms}
    found = (address(source, field="Image Src") for source in (*sources, *forms))
    unique = list(dict.fromkeys(found))
    if len(unique) > settings()["limits"]["photos"]:
        raise InvalidFeed(f"{len(unique)} photos, more than {settings()['limits']['photos']}")
    rest = PhotoRole.ADDITIONAL
    roles = [PhotoRole.VARIANT if len(others) > 1 and each in others else rest for each in unique]
    return tuple(
        PhotoSource(role=role, source=source)
        for role, source in zip([PhotoRole.MAIN, *roles[1:]], unique, strict=False)
    )


def _position(row: Record, *, otherwise: int) -> int:
    said = one(row, "image_position", most=20)
    return int(said) if said.isdecimal() else otherwise
